/** One connection to a followed relay with its subscriptions: the stored past first, then live. */
import {
  LINK_EOSE_TIMEOUT_MS,
  LINK_MAX_IDENTITIES,
  LINK_MAX_RESUBSCRIBES,
  LINK_RECONNECT_BASE_MS,
  LINK_RECONNECT_MAX_MS,
} from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';
import { Backfill } from './backfill.ts';
import { Connection } from './connection.ts';
import type { Intake, Source } from './intake.ts';
import { type LinkInterest, type PlannedSubscription, type Purpose, planSubscriptions } from './plan.ts';
import type { LinkPorts } from './ports.ts';

const RESUBSCRIBE: RetryPolicy = {
  baseMs: LINK_RECONNECT_BASE_MS,
  maxMs: LINK_RECONNECT_MAX_MS,
  attempts: LINK_MAX_RESUBSCRIBES + 1,
};

export interface LineOptions {
  readonly ports: LinkPorts;
  readonly interest: LinkInterest;
  readonly intake: Intake;
  readonly source: Source;
  /** Where the past begins, Unix s; read again whenever something is asked again. */
  readonly cursor_s: () => number;
  /** The stored phase is over, or has taken too long: this line can take over from another. Called once. */
  readonly ready: () => void;
  /** Every request the relay had at `asOf_s` (Unix s, our clock) stands in the inbox or was not for us. */
  readonly caughtUp: (asOf_s: number) => void;
  readonly closed: (reason: string) => void;
}

export class Line {
  readonly connection: Connection;
  isReady = false;
  /** When the newest sweep or first reading of requests began, Unix ms. */
  sweptAt_ms: number;
  readonly #options: LineOptions;
  /** Purposes whose stored phase is not over. */
  readonly #reading = new Set<Purpose>();
  readonly #resubscribes = new Map<Purpose, number>();
  #serial = 0;
  /** Purposes a sweep still reads. */
  #sweeping = 0;

  constructor(options: LineOptions) {
    const { ports, source, interest } = options;
    this.#options = options;
    this.sweptAt_ms = ports.now();
    this.connection = new Connection({
      url: source.url,
      ports,
      counters: source.counters,
      identities: () => interest.agents.slice(0, LINK_MAX_IDENTITIES),
      opened: () => this.#opened(),
      authenticated: () => this.#again('wraps'),
      closed: options.closed,
    });
  }

  /**
   * Asks for the newest past again on the live socket: for requests and cancellations a relay stored but never
   * sent, and as a sign of life. One at a time.
   */
  sweep(): void {
    if (this.connection.state !== 'open' || this.#sweeping > 0) return;
    this.sweptAt_ms = this.#options.ports.now();
    for (const { purpose, filter } of this.#plan()) {
      if (purpose !== 'requests' && purpose !== 'deletions') continue;
      const asOf_ms = this.sweptAt_ms;
      this.#sweeping++;
      this.#page(purpose, new Backfill(filter), filter, (complete) => {
        this.#sweeping--;
        this.#readingEnded(purpose, asOf_ms, complete);
      });
    }
  }

  /** Takes the place of the live subscriptions that name our agents or what they take. A line that is opening asks anyway. */
  interestChanged(): void {
    for (const purpose of ['requests', 'wraps', 'comments'] as const) this.#again(purpose);
  }

  #opened(): void {
    const { ports } = this.#options;
    const plan = this.#plan();
    for (const planned of plan) if (planned.purpose !== 'content') this.#reading.add(planned.purpose);
    for (const planned of plan) this.#live(planned);
    ports.after(LINK_EOSE_TIMEOUT_MS, () => this.#becomeReady());
  }

  /** The live subscription of a purpose, which begins with the first page of the past. */
  #live({ purpose, filter }: PlannedSubscription): void {
    const asOf_ms = this.#options.ports.now();
    if (purpose === 'requests') this.sweptAt_ms = asOf_ms;
    const backfill = new Backfill(filter);
    let stored = purpose !== 'content';
    const ended = (complete: boolean) => {
      stored = false;
      this.#readingEnded(purpose, asOf_ms, complete);
    };
    this.connection.subscribe({
      id: purpose,
      filters: [filter],
      event: (event) => this.#take(purpose, event, stored ? backfill : undefined),
      eose: () => {
        if (!stored) return;
        stored = false;
        this.#turnPage(purpose, backfill, ended);
      },
      closed: (reason) => {
        if (stored) ended(false);
        this.#resubscribe(purpose, reason);
      },
    });
  }

  /** One page of the past in a subscription of its own, and then the pages after it. */
  #page(purpose: Purpose, backfill: Backfill, filter: Filter, ended: (complete: boolean) => void): void {
    const id = `${purpose}-${++this.#serial}`;
    let open = true;
    const end = (next: () => void) => {
      if (!open) return;
      open = false;
      stopTimer();
      this.connection.unsubscribe(id);
      next();
    };
    const stopTimer = this.#options.ports.after(LINK_EOSE_TIMEOUT_MS, () => end(() => ended(false)));
    this.connection.subscribe({
      id,
      filters: [filter],
      event: (event) => this.#take(purpose, event, backfill),
      eose: () => end(() => this.#turnPage(purpose, backfill, ended)),
      closed: () => end(() => ended(false)),
    });
  }

  #turnPage(purpose: Purpose, backfill: Backfill, ended: (complete: boolean) => void): void {
    const step = backfill.pageEnded();
    if (step.next === null) ended(step.complete);
    else this.#page(purpose, backfill, step.next, ended);
  }

  #take(purpose: Purpose, event: NostrEvent, backfill: Backfill | undefined): void {
    backfill?.saw(event);
    const verdict = this.#options.intake.take(this.#options.source, purpose, event);
    if (verdict === 'forged') this.connection.strike('forged event');
    else if (verdict === 'deferred') backfill?.skipped();
  }

  #readingEnded(purpose: Purpose, asOf_ms: number, complete: boolean): void {
    if (this.connection.state === 'closed') return;
    if (purpose === 'requests' && complete) {
      const asOf_s = Math.floor(asOf_ms / 1_000);
      this.#options.intake.afterStored(() => this.#options.caughtUp(asOf_s));
    }
    this.#reading.delete(purpose);
    if (this.#reading.size === 0) this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.isReady || this.connection.state !== 'open') return;
    this.isReady = true;
    this.#options.ready();
  }

  /** A relay that keeps refusing requests is of no use and is dialled again; anything else can be done without. */
  #resubscribe(purpose: Purpose, reason: string): void {
    const count = (this.#resubscribes.get(purpose) ?? 0) + 1;
    this.#resubscribes.set(purpose, count);
    this.#options.source.counters.lastError = `${purpose} closed: ${reason}`;
    const delay_ms = retryDelay(RESUBSCRIBE, count, this.#options.ports.random());
    if (delay_ms !== undefined) this.#options.ports.after(delay_ms, () => this.#again(purpose));
    else if (purpose === 'requests')
      this.connection.close(`the relay keeps closing our subscription: ${reason}`);
  }

  #again(purpose: Purpose): void {
    const planned = this.#plan().find((subscription) => subscription.purpose === purpose);
    if (planned !== undefined && this.connection.state === 'open') this.#live(planned);
  }

  #plan(): PlannedSubscription[] {
    const { interest, cursor_s, ports } = this.#options;
    return planSubscriptions(interest, cursor_s(), Math.floor(ports.now() / 1_000));
  }
}
