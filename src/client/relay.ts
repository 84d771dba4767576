/**
 * One relay as a client uses it: dialled when something is wanted of it, dialled again while something is. What comes
 * back is verified here, so nothing unverified goes further. After a loss every subscription is asked again as a whole:
 * a relay that resumes from the last event loses those of the same second, and whoever listens knows events by their id.
 */
import { CLIENT_QUERY_TIMEOUT_MS, CLIENT_REDIAL_BASE_MS, CLIENT_REDIAL_MAX_MS } from '../limits.ts';
import { Connection } from '../link/connection.ts';
import { newCounters, type PublishOutcome } from '../link/status.ts';
import { type NostrEvent, type VerifiedEvent, verifyEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { retryDelay } from '../retry.ts';
import type { ClientPorts } from './ports.ts';

const REDIAL = {
  baseMs: CLIENT_REDIAL_BASE_MS,
  maxMs: CLIENT_REDIAL_MAX_MS,
  attempts: Number.POSITIVE_INFINITY,
};

export interface Listener {
  event(event: VerifiedEvent, relay: string): void;
  /** The stored events are through. */
  stored?(relay: string): void;
  /** The relay ended the subscription or is lost; a lost one is dialled again. */
  ended?(reason: string, relay: string): void;
}

interface Wanted {
  readonly filters: readonly Filter[];
  readonly listener: Listener;
}

export class ClientRelay {
  readonly url: string;
  readonly #ports: ClientPorts;
  readonly #wanted = new Map<string, Wanted>();
  #connection: Connection | null = null;
  #stopTimer: () => void = () => undefined;
  #tries = 0;
  /** Why the last connection ended. */
  #loss = '';
  #serial = 0;
  #over = false;

  constructor(url: string, ports: ClientPorts) {
    this.url = url;
    this.#ports = ports;
  }

  /** Whether there is an open socket. */
  get isOpen(): boolean {
    return this.#connection?.state === 'open';
  }

  /** Listens until the returned function is called, through losses of the connection. */
  subscribe(filters: readonly Filter[], listener: Listener): () => void {
    const id = `errand-${++this.#serial}`;
    this.#wanted.set(id, { filters, listener });
    const fresh = this.#connection === null;
    const connection = this.#open();
    // A new connection asks for everything that is wanted.
    if (!fresh) this.#ask(connection, id);
    return () => {
      this.#wanted.delete(id);
      this.#connection?.unsubscribe(id);
    };
  }

  /** The stored events of these filters; what came in time where the relay does not say that it is through. */
  query(filters: readonly Filter[], timeout_ms = CLIENT_QUERY_TIMEOUT_MS): Promise<RelayAnswer> {
    const { promise, resolve } = Promise.withResolvers<RelayAnswer>();
    const events: VerifiedEvent[] = [];
    let over = false;
    const end = (reached: boolean, reason: string) => {
      if (over) return;
      over = true;
      stopTimer();
      stop();
      resolve({ relay: this.url, events, reached, reason });
    };
    const stopTimer = this.#ports.after(timeout_ms, () => end(this.isOpen, 'it did not answer in time'));
    const stop = this.subscribe(filters, {
      event: (event) => events.push(event),
      stored: () => end(true, ''),
      ended: (reason) => queueMicrotask(() => end(false, reason)),
    });
    return promise;
  }

  /**
   * Publishes and waits for OK. Never rejects. What was under way when a connection broke is sent once more: the relay
   * knows it by its id, so twice is once.
   */
  async publish(event: NostrEvent): Promise<PublishOutcome> {
    for (let again = false; ; again = true) {
      const connection = this.#open();
      const [outcome] = await connection.publish([event]);
      if (outcome?.ok === true || connection.state !== 'closed')
        return outcome ?? { id: event.id, ok: false, reason: 'error: no answer' };
      const broke = connection.lastFrameAt_ms !== null;
      // What the socket said is of more use than that it is closed.
      if (again || this.#over || !broke) return { id: event.id, ok: false, reason: `error: ${this.#loss}` };
    }
  }

  /** For good. */
  close(): void {
    this.#over = true;
    this.#wanted.clear();
    this.#stopTimer();
    this.#connection?.close('no longer needed');
  }

  #open(): Connection {
    if (this.#connection !== null) return this.#connection;
    this.#stopTimer();
    const { auth } = this.#ports;
    const connection = new Connection({
      url: this.url,
      ports: {
        ...this.#ports,
        signAuth: (pubkey, url, challenge) =>
          auth?.pubkey === pubkey ? auth.sign(url, challenge) : undefined,
      },
      counters: newCounters(),
      identities: () => (auth === undefined ? [] : [auth.pubkey]),
      opened: () => {
        this.#tries = 0;
      },
      closed: (reason) => this.#lost(connection, reason),
    });
    this.#connection = connection;
    for (const id of this.#wanted.keys()) this.#ask(connection, id);
    return connection;
  }

  #ask(connection: Connection, id: string): void {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined) return;
    const { filters, listener } = wanted;
    connection.subscribe({
      id,
      filters,
      event: (event) => {
        const verified = verifyEvent(event);
        if (typeof verified === 'string') connection.strike('forged event');
        else listener.event(verified, this.url);
      },
      eose: () => listener.stored?.(this.url),
      closed: (reason) => listener.ended?.(reason, this.url),
    });
  }

  #lost(connection: Connection, reason: string): void {
    if (this.#connection === connection) this.#connection = null;
    this.#loss = reason;
    if (this.#over) return;
    for (const { listener } of [...this.#wanted.values()]) listener.ended?.(reason, this.url);
    const delay_ms = retryDelay(REDIAL, ++this.#tries, this.#ports.random());
    // Whoever was waiting may want nothing more by then.
    this.#stopTimer = this.#ports.after(delay_ms ?? CLIENT_REDIAL_MAX_MS, () => {
      if (!this.#over && this.#wanted.size > 0) this.#open();
    });
  }
}

export interface RelayAnswer {
  readonly relay: string;
  readonly events: readonly VerifiedEvent[];
  /** Whether it said that this is all it has. */
  readonly reached: boolean;
  /** Why not. */
  readonly reason: string;
}
