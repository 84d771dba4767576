/**
 * Hands stored events on to somebody outside the relay, each at least once: what was accepted reaches its receiver
 * even when the process dies in between. Receivers are repeat-safe.
 */
import type { Clock } from '../clock.ts';
import {
  RELAY_HANDOVER_ATTEMPTS,
  RELAY_HANDOVER_BASE_MS,
  RELAY_HANDOVER_MAX_MS,
  RELAY_MAX_HANDOVERS,
} from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';
import type { EventStore, StoredEvent } from './event-store.ts';
import type { Mark } from './mark.ts';

const RETRY: RetryPolicy = {
  baseMs: RELAY_HANDOVER_BASE_MS,
  maxMs: RELAY_HANDOVER_MAX_MS,
  attempts: RELAY_HANDOVER_ATTEMPTS,
};
/** Events read at a time when catching up. */
const READ_CHUNK = 200;

/** Who is given the events. */
export interface Receiver {
  /** A cheap look at an event: whether it is for this receiver at all. */
  wants(event: NostrEvent): boolean;
  /** Resolves when it is durably taken; rejects when it must be tried again. */
  take(stored: StoredEvent): Promise<void>;
  /** An event was given up, or failed once more. */
  failed(stored: StoredEvent, error: unknown, givenUp: boolean): void;
}

interface Retry {
  readonly attempts: number;
  /** Unix ms; infinite while a try is under way. */
  readonly due_ms: number;
}

export class Handover {
  readonly #store: EventStore;
  readonly #mark: Mark;
  readonly #receiver: Receiver;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #waiting: number[] = [];
  readonly #retries = new Map<number, Retry>();
  #running = 0;

  /** @param random uniform in [0, 1) */
  constructor(store: EventStore, mark: Mark, receiver: Receiver, clock: Clock, random: () => number) {
    this.#store = store;
    this.#mark = mark;
    this.#receiver = receiver;
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes up everything above the mark again: once, after a start. */
  resume(): Promise<void>[] {
    const begun: Promise<void>[] = [];
    for (;;) {
      const stored = this.#store.after(this.#mark.highest, READ_CHUNK);
      for (const one of stored) begun.push(...this.take(one));
      if (stored.length < READ_CHUNK) return begun;
    }
  }

  /** Takes a newly stored event, in order of arrival. Returns the work that was begun, if any. */
  take(stored: StoredEvent): Promise<void>[] {
    if (!this.#receiver.wants(stored.event)) {
      this.#mark.pass(stored.seq);
      return [];
    }
    this.#mark.begin(stored.seq);
    if (this.#running < RELAY_MAX_HANDOVERS) return [this.#give(stored)];
    // It stays in storage until its turn: what waits costs a number, not an event.
    this.#waiting.push(stored.seq);
    return [];
  }

  /** Tries again what failed and is due now. */
  retry(): Promise<void>[] {
    const now = this.#clock();
    const due = [...this.#retries].filter(([, retry]) => retry.due_ms <= now).map(([seq]) => seq);
    return due.flatMap((seq) => (this.#running < RELAY_MAX_HANDOVERS ? this.#giveAt(seq) : []));
  }

  /** Unix ms of the next retry, or null when nothing has failed. */
  get nextRetry_ms(): number | null {
    let next: number | null = null;
    for (const { due_ms } of this.#retries.values()) {
      if (due_ms !== Number.POSITIVE_INFINITY && (next === null || due_ms < next)) next = due_ms;
    }
    return next;
  }

  #giveAt(seq: number): Promise<void>[] {
    const stored = this.#store.at(seq);
    if (stored !== undefined) return [this.#give(stored)];
    // Its author took it back, or it expired, before it was taken.
    this.#retries.delete(seq);
    this.#mark.end(seq);
    return [];
  }

  async #give(stored: StoredEvent): Promise<void> {
    const { seq } = stored;
    const attempts = (this.#retries.get(seq)?.attempts ?? 0) + 1;
    if (attempts > 1) this.#retries.set(seq, { attempts, due_ms: Number.POSITIVE_INFINITY });
    this.#running++;
    try {
      await this.#receiver.take(stored);
      this.#retries.delete(seq);
      this.#mark.end(seq);
    } catch (error) {
      const delay_ms = retryDelay(RETRY, attempts, this.#random());
      this.#receiver.failed(stored, error, delay_ms === undefined);
      if (delay_ms === undefined) {
        this.#retries.delete(seq);
        this.#mark.end(seq);
      } else this.#retries.set(seq, { attempts, due_ms: this.#clock() + delay_ms });
    } finally {
      this.#running--;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) await Promise.all(this.#giveAt(next));
  }
}
