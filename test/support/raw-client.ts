/** A Nostr client that hides nothing: raw frames over `ws`, for tests of what a relay says word by word. */
import WebSocket from 'ws';
import type { NostrEvent } from '../../src/nostr/event.ts';

export type Frame = [type: string, ...rest: unknown[]];

/** An answer that has not come after this time will not come, ms. */
const PATIENCE_MS = 10_000;

export class RawClient {
  readonly socket: WebSocket;
  /** Everything received and not taken yet, in order. */
  readonly inbox: Frame[] = [];
  readonly #waiting: (() => void)[] = [];
  #barriers = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.inbox.push(JSON.parse(String(data)));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on('close', () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Connects. The relay's challenge is the first frame in the inbox. */
  static async connect(url: string): Promise<RawClient> {
    const socket = new WebSocket(url);
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return client;
  }

  send(...message: unknown[]): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Takes the first frame that passes, waiting for it if need be. @throws Error when none comes or the socket closes */
  async take(wanted: (frame: Frame) => boolean, what: string): Promise<Frame> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const at = this.inbox.findIndex(wanted);
      const [frame] = at < 0 ? [] : this.inbox.splice(at, 1);
      if (frame !== undefined) return frame;
      if (deadline.aborted || this.socket.readyState !== WebSocket.OPEN)
        throw new Error(`no ${what}; waiting are ${JSON.stringify(this.inbox).slice(0, 500)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** The challenge of this connection (NIP-42). */
  async challenge(): Promise<string> {
    return String((await this.take(([type]) => type === 'AUTH', 'AUTH'))[1]);
  }

  /** Publishes (or authenticates with) an event; `[accepted, reason]` of its OK. */
  async publish(event: NostrEvent, verb: 'EVENT' | 'AUTH' = 'EVENT'): Promise<[boolean, string]> {
    this.send(verb, event);
    const [, , ok, reason] = await this.take(([type, id]) => type === 'OK' && id === event.id, 'OK');
    return [ok === true, String(reason)];
  }

  /** Subscribes; the stored events, or the reason of CLOSED as a text. */
  async request(name: string, ...filters: unknown[]): Promise<NostrEvent[] | string> {
    this.events(name);
    this.send('REQ', name, ...filters);
    const end = await this.take(
      ([type, id]) => (type === 'EOSE' || type === 'CLOSED') && id === name,
      'EOSE',
    );
    return end[0] === 'CLOSED' ? String(end[2]) : this.events(name);
  }

  /** Takes all events received so far for a subscription. */
  events(name: string): NostrEvent[] {
    const mine = this.inbox.filter(([type, id]) => type === 'EVENT' && id === name);
    for (const frame of mine) this.inbox.splice(this.inbox.indexOf(frame), 1);
    return mine.map(([, , event]) => event as NostrEvent);
  }

  /** Waits until everything the relay sent before now has been received. */
  async settle(): Promise<void> {
    const name = `barrier-${++this.#barriers}`;
    this.send('REQ', name, { ids: ['0'.repeat(64)], limit: 0 });
    await this.take(
      ([type, id]) => (type === 'EOSE' || type === 'CLOSED') && id === name,
      'answer to a barrier',
    );
    this.send('CLOSE', name);
  }

  /** Code and reason with which the relay closes. */
  closed(): Promise<{ code: number; reason: string }> {
    return new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  close(): void {
    this.socket.terminate();
  }
}
