/** Events on their way to one relay, and its answers (NIP-01 OK). */
import { LINK_MAX_PENDING_PUBLISHES, PUBLISH_OK_TIMEOUT_MS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { After } from './ports.ts';
import { type PublishOutcome, shortReason } from './status.ts';

interface Pending {
  readonly event: NostrEvent;
  readonly outcome: Promise<PublishOutcome>;
  readonly settle: (ok: boolean, reason: string) => void;
  /** Sent a second time after authentication; it is never sent a third time. */
  resent: boolean;
}

/** Tracks which events wait for their OK on one connection. */
export class Publisher {
  readonly #pending = new Map<string, Pending>();
  readonly #after: After;

  constructor(after: After) {
    this.#after = after;
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
    const stop = this.#after(PUBLISH_OK_TIMEOUT_MS, () => settle(false, 'error: the relay did not answer'));
    const settle = (ok: boolean, reason: string) => {
      stop();
      this.#pending.delete(event.id);
      resolve({ id: event.id, ok, reason: shortReason(reason) });
    };
    this.#pending.set(event.id, { event, outcome: promise, settle, resent: false });
    return { fresh: true, outcome: promise };
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
