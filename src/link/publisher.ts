/** Events on their way to one relay, and its answers (NIP-01 OK). */
import type { Clock } from '../clock.ts';
import { LINK_MAX_PENDING_PUBLISHES, PUBLISH_OK_TIMEOUT_MS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { After } from './ports.ts';
import { type PublishOutcome, shortReason } from './status.ts';

interface Pending {
  readonly event: NostrEvent;
  readonly outcome: Promise<PublishOutcome>;
  readonly settle: (ok: boolean, reason: string) => void;
  /** Unix ms from which on no answer is waited for. */
  readonly dueAt_ms: number;
  /** Sent a second time after authentication; it is never sent a third time. */
  resent: boolean;
}

/** Tracks which events wait for their OK on one connection. */
export class Publisher {
  /** In the order in which they were sent, and so in which they fall due. */
  readonly #pending = new Map<string, Pending>();
  readonly #after: After;
  readonly #now: Clock;
  #timing = false;

  constructor(after: After, now: Clock) {
    this.#after = after;
    this.#now = now;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Authors of what is waiting, for NIP-42: a relay may ask the author to prove itself. */
  get authors(): string[] {
    return [...new Set([...this.#pending.values()].map(({ event }) => event.pubkey))];
  }

  /** Everything that waits, to be sent when the socket opens. */
  get events(): NostrEvent[] {
    return [...this.#pending.values()].map(({ event }) => event);
  }

  /**
   * Adds an event and says whether it has to be sent: the same id asked for twice is sent once and both callers
   * get the one answer. The outcome never rejects.
   */
  add(event: NostrEvent): { readonly fresh: boolean; readonly outcome: Promise<PublishOutcome> } {
    const known = this.#pending.get(event.id);
    if (known !== undefined) return { fresh: false, outcome: known.outcome };
    if (this.#pending.size >= LINK_MAX_PENDING_PUBLISHES) {
      const reason = 'rate-limited: too many events wait for this relay';
      return { fresh: false, outcome: Promise.resolve({ id: event.id, ok: false, reason }) };
    }
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>();
    const settle = (ok: boolean, reason: string) => {
      this.#pending.delete(event.id);
      resolve({ id: event.id, ok, reason: shortReason(reason) });
    };
    const dueAt_ms = this.#now() + PUBLISH_OK_TIMEOUT_MS;
    this.#pending.set(event.id, { event, outcome: promise, settle, dueAt_ms, resent: false });
    if (!this.#timing) this.#time(PUBLISH_OK_TIMEOUT_MS);
    return { fresh: true, outcome: promise };
  }

  /** One timer for all, because setting and clearing one for each event showed in the profile. */
  #time(delay_ms: number): void {
    this.#timing = true;
    this.#after(delay_ms, () => {
      this.#timing = false;
      const now_ms = this.#now();
      for (const pending of [...this.#pending.values()]) {
        if (pending.dueAt_ms > now_ms) {
          this.#time(pending.dueAt_ms - now_ms);
          return;
        }
        pending.settle(false, 'error: the relay did not answer');
      }
    });
  }

  /**
   * Takes a relay's OK. The first answer counts and one for an unknown id is nobody's. Returns the event when the
   * relay wants authentication first and the event has not been sent again yet.
   */
  answered(id: string, accepted: boolean, reason: string): NostrEvent | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    if (!accepted && reason.startsWith('auth-required:') && !pending.resent) {
      pending.resent = true;
      return pending.event;
    }
    // Some relays refuse what they already have; for the sender that is success.
    pending.settle(accepted || reason.startsWith('duplicate:'), reason);
    return undefined;
  }

  /** Ends the wait for one event, or for all of them, without an answer. */
  giveUp(reason: string, id?: string): void {
    const ended = id === undefined ? [...this.#pending.values()] : [this.#pending.get(id)];
    for (const pending of ended) pending?.settle(false, reason);
  }

  isWaiting(id: string): boolean {
    return this.#pending.has(id);
  }
}
