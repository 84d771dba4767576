/** NWC over sockets to the wallet's relays, dialled when something is to be said and given up when they seem dead. */
import { LINK_RENEW_MS, NWC_INFO_TIMEOUT_MS, NWC_RESPONSE_OVERLAP_S } from '../../limits.ts';
import { Connection, type ConnectionOptions } from '../../link/connection.ts';
import { newCounters } from '../../link/status.ts';
import type { NostrEvent, VerifiedEvent } from '../../nostr/event.ts';
import type { Filter } from '../../nostr/filter.ts';
import { KIND } from '../../nostr/kinds.ts';
import type { WalletUri } from '../../nostr/nip47.ts';
import type { NwcTransport, Sent } from './transport.ts';

const LISTENING = 'wallet';

export class SocketTransport implements NwcTransport {
  readonly #uri: WalletUri;
  readonly #ports: ConnectionOptions['ports'];
  readonly #take: (event: NostrEvent) => void;
  readonly #connections = new Map<string, Connection>();
  readonly #suspects = new Set<Connection>();
  #questions = 0;

  /** @param take is given every event of the wallet's that is addressed to us; ids and signatures are not checked */
  constructor(uri: WalletUri, ports: ConnectionOptions['ports'], take: (event: NostrEvent) => void) {
    this.#uri = uri;
    this.#ports = ports;
    this.#take = take;
  }

  async publish(event: VerifiedEvent): Promise<Sent> {
    const attempts = this.#open().map(async (connection): Promise<Sent> => {
      const [outcome] = await connection.publish([event]);
      if (outcome?.ok !== true) throw new Error(outcome?.reason ?? 'no answer');
      return { ok: true, reason: '' };
    });
    try {
      return await Promise.any(attempts);
    } catch (error) {
      const reasons = error instanceof AggregateError ? error.errors : [error];
      return { ok: false, reason: reasons.map(String).join('; ') };
    }
  }

  info(): Promise<NostrEvent | null> {
    const { promise, resolve } = Promise.withResolvers<NostrEvent | null>();
    const id = `info-${++this.#questions}`;
    const filters: Filter[] = [{ kinds: [KIND.walletInfo], authors: [this.#uri.walletPubkey], limit: 1 }];
    const connections = this.#open();
    let open = connections.length;
    const end = (event: NostrEvent | null) => {
      stopTimer();
      for (const connection of connections) connection.unsubscribe(id);
      resolve(event);
    };
    const nothingHere = () => {
      if (--open === 0) end(null);
    };
    const stopTimer = this.#ports.after(NWC_INFO_TIMEOUT_MS, () => end(null));
    for (const connection of connections)
      connection.subscribe({
        id,
        filters,
        event: end,
        eose: nothingHere,
        closed: nothingHere,
        lost: nothingHere,
      });
    return promise;
  }

  listen(): void {
    this.#open();
  }

  suspect(): void {
    for (const connection of this.#connections.values()) this.#suspects.add(connection);
  }

  rest(): void {
    for (const connection of [...this.#connections.values()]) connection.close('no longer needed');
  }

  /** One connection to each relay, listening. Old ones are replaced: the platform drops them without a word. */
  #open(): Connection[] {
    return this.#uri.relays.map((url) => {
      const known = this.#connections.get(url);
      return known === undefined || this.#isStale(known) ? this.#dial(url, known) : known;
    });
  }

  #isStale(connection: Connection): boolean {
    const age_ms = this.#ports.now() - connection.openedAt_ms;
    return age_ms >= LINK_RENEW_MS || this.#suspects.has(connection);
  }

  /** @param old goes on listening until the new connection does: it may be alive, and answers are not repeated */
  #dial(url: string, old: Connection | undefined): Connection {
    const letGo = () => {
      if (old === undefined) return;
      this.#suspects.delete(old);
      old.close('renewed');
    };
    const connection = new Connection({
      url,
      ports: this.#ports,
      counters: newCounters(),
      identities: () => [this.#uri.keys.publicKey],
      opened: letGo,
      closed: () => {
        letGo();
        this.#suspects.delete(connection);
        if (this.#connections.get(url) === connection) this.#connections.delete(url);
      },
    });
    this.#connections.set(url, connection);
    this.#subscribe(connection);
    return connection;
  }

  #subscribe(connection: Connection): void {
    const since = Math.floor(this.#ports.now() / 1_000) - NWC_RESPONSE_OVERLAP_S;
    const filter: Filter = {
      kinds: [KIND.walletResponse, KIND.walletNotificationNip04, KIND.walletNotification],
      authors: [this.#uri.walletPubkey],
      '#p': [this.#uri.keys.publicKey],
      since,
    };
    connection.subscribe({
      id: LISTENING,
      filters: [filter],
      event: this.#take,
      eose: () => undefined,
      // Deaf on this relay; the next call begins with a new connection.
      closed: () => connection.close('the relay closed our subscription'),
    });
  }
}
