/** The wires between nodes: the bytes LDK encrypts for a peer, carried in memory and in order. */
import * as ldk from '../../peers/ldk.ts';

/** A node as its wires see it. */
export interface Station {
  readonly id: Uint8Array;
  readonly peers: ldk.PeerManager;
  /** Handles what LDK has to say; whether there was anything. */
  drain(): boolean;
}

/** Rounds after which something goes in circles. */
const MAX_ROUNDS = 5_000;

export class Wires {
  readonly #stations: Station[] = [];
  /** Strong references: LDK's bindings only hold weak ones. */
  readonly #sockets: ldk.SocketDescriptor[] = [];
  readonly #inFlight: (() => void)[] = [];
  #serial = 0n;

  add(station: Station): void {
    this.#stations.push(station);
  }

  /** Connects two stations; their handshake (BOLT 8) is done when this returns. */
  connect(from: Station, to: Station): void {
    const atTo = this.#socket(from, () => atFrom);
    const atFrom: ldk.SocketDescriptor = this.#socket(to, () => atTo);
    const nowhere = ldk.Option_SocketAddressZ.constructor_none();
    if (!to.peers.new_inbound_connection(atTo, nowhere).is_ok())
      throw new Error('the peer refuses to be called');
    const opened = from.peers.new_outbound_connection(to.id, atFrom, nowhere);
    if (!(opened instanceof ldk.Result_CVec_u8ZPeerHandleErrorZ_OK))
      throw new Error('the peer cannot be called');
    this.#carry(to, atTo, opened.res);
    this.settle();
  }

  /** Carries everything until no node has anything to say any more. */
  settle(): void {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      for (const station of this.#stations) station.peers.process_events();
      const carried = this.#inFlight.splice(0);
      for (const deliver of carried) deliver();
      const drained = this.#stations.map((station) => station.drain());
      if (carried.length === 0 && !drained.includes(true)) return;
    }
    throw new Error('the nodes do not come to rest');
  }

  /** The end of a wire whose bytes go to `receiver`, into its end of the same wire. */
  #socket(receiver: Station, other: () => ldk.SocketDescriptor): ldk.SocketDescriptor {
    const id = ++this.#serial;
    const socket = ldk.SocketDescriptor.new_impl({
      send_data: (data: Uint8Array) => {
        this.#carry(receiver, other(), data);
        return data.length;
      },
      disconnect_socket: () => {
        throw new Error('a node hung up');
      },
      eq: (another: ldk.SocketDescriptor) => another.hash() === id,
      hash: () => id,
    });
    this.#sockets.push(socket);
    return socket;
  }

  #carry(receiver: Station, socket: ldk.SocketDescriptor, data: Uint8Array): void {
    // A view into LDK's memory, gone when this returns.
    const bytes = data.slice();
    this.#inFlight.push(() => {
      if (!receiver.peers.read_event(socket, bytes).is_ok()) throw new Error('a node cannot read its peer');
    });
  }
}
