/** A relay that is followed for good: dialled again with jitter, swept, and renewed with overlap. */
import {
  LINK_HEARTBEAT_MS,
  LINK_RECONNECT_BASE_MS,
  LINK_RECONNECT_MAX_MS,
  LINK_RENEW_MS,
  LINK_SILENCE_MS,
  LINK_SWEEP_MS,
  PUBLISH_OK_TIMEOUT_MS,
} from '../limits.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';
import type { Connection } from './connection.ts';
import type { Intake, Source } from './intake.ts';
import { Line } from './line.ts';
import type { LinkInterest } from './plan.ts';
import type { LinkPorts } from './ports.ts';
import type { LinkStatus } from './status.ts';

const RECONNECT: RetryPolicy = {
  baseMs: LINK_RECONNECT_BASE_MS,
  maxMs: LINK_RECONNECT_MAX_MS,
  attempts: Number.POSITIVE_INFINITY,
};

export interface FollowedRelayOptions {
  readonly ports: LinkPorts;
  readonly interest: LinkInterest;
  readonly intake: Intake;
  readonly source: Source;
  /** The saved cursor, Unix s. */
  readonly cursor_s: number;
  readonly saveCursor: (cursor_s: number) => void;
}

export class FollowedRelay {
  readonly #options: FollowedRelayOptions;
  #cursor_s: number;
  #line: Line | undefined;
  #successor: Line | undefined;
  /** Lines that only wait for the OKs of what was sent on them. */
  readonly #retiring = new Set<Line>();
  #stopRetryTimer: (() => void) | undefined;
  #failures = 0;
  #failedAt_ms = Number.NEGATIVE_INFINITY;
  #dials = 0;
  #stopped = false;
  #lastFrameAt_ms: number | null = null;

  constructor(options: FollowedRelayOptions) {
    this.#options = options;
    this.#cursor_s = options.cursor_s;
  }

  get source(): Source {
    return this.#options.source;
  }

  /** Dials, unless that has happened already. */
  start(): void {
    if (this.#line === undefined && this.#stopRetryTimer === undefined && !this.#stopped) this.#dial();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopRetryTimer?.();
    for (const line of [this.#line, this.#successor, ...this.#retiring])
      line?.connection.close('no longer followed');
  }

  /** Asks the live lines again for what concerns our agents. */
  interestChanged(): void {
    this.#line?.interestChanged();
    this.#successor?.interestChanged();
  }

  /** The heartbeat: finds dead sockets, renews old ones, sweeps. */
  tick(): void {
    this.start();
    const line = this.#line;
    if (line === undefined || line.connection.state !== 'open') return;
    const now = this.#options.ports.now();
    const { openedAt_ms, lastFrameAt_ms } = line.connection;
    const quiet_ms = now - (lastFrameAt_ms ?? openedAt_ms);
    if (quiet_ms >= LINK_SILENCE_MS) {
      line.connection.close(`nothing heard for ${Math.round(quiet_ms / 1_000)} s`);
      return;
    }
    // Spread over the last tenth, so that relays dialled together are not renewed together.
    const renewAfter_ms = LINK_RENEW_MS * (1 - this.#options.ports.random() / 10);
    if (now - openedAt_ms >= renewAfter_ms) this.#renew();
    else if (quiet_ms >= LINK_HEARTBEAT_MS || now - line.sweptAt_ms >= LINK_SWEEP_MS) line.sweep();
  }

  /**
   * The connection to publish or ask on, or undefined while the relay cannot be reached. Asking for it shortens
   * the wait for the next try to the shortest one.
   */
  connection(): Connection | undefined {
    if (this.#line === undefined && this.#stopRetryTimer !== undefined && !this.#stopped) {
      if (this.#options.ports.now() - this.#failedAt_ms >= LINK_RECONNECT_BASE_MS) {
        this.#stopRetryTimer();
        this.#stopRetryTimer = undefined;
        this.#dial();
      }
    }
    return this.#line?.connection;
  }

  status(): LinkStatus {
    const { source } = this.#options;
    return {
      url: source.url,
      state: this.#state(),
      lastFrameAt_ms: this.#line?.connection.lastFrameAt_ms ?? this.#lastFrameAt_ms,
      cursor_s: this.#cursor_s,
      ...source.counters,
    };
  }

  #state(): LinkStatus['state'] {
    if (this.#stopped) return 'stopped';
    if (this.#line === undefined) return 'waiting';
    return this.#line.connection.state === 'open' ? 'open' : 'connecting';
  }

  #dial(): void {
    if (this.#dials++ > 0) this.#options.source.counters.reconnects++;
    this.#line = this.#newLine();
  }

  #renew(): void {
    this.#successor ??= this.#newLine();
  }

  #newLine(): Line {
    const { ports, interest, intake, source } = this.#options;
    const line: Line = new Line({
      ports,
      interest,
      intake,
      source,
      cursor_s: () => this.#cursor_s,
      ready: () => this.#promote(line),
      caughtUp: (asOf_s) => this.#caughtUp(asOf_s),
      closed: (reason) => this.#closed(line, reason),
    });
    return line;
  }

  /** A successor whose past is read takes over; the old line stays until its events are answered. */
  #promote(successor: Line): void {
    if (this.#successor !== successor) return;
    const old = this.#line;
    this.#line = successor;
    this.#successor = undefined;
    if (old === undefined) return;
    this.#retiring.add(old);
    const wait_ms = old.connection.publishing > 0 ? PUBLISH_OK_TIMEOUT_MS : 0;
    this.#options.ports.after(wait_ms, () => old.connection.close('renewed'));
  }

  /**
   * Our clock moves the cursor, never a relay's timestamps, and only forward: two readings may end in any order.
   * A cursor in the future was written by a clock that has been set right since, and is replaced.
   */
  #caughtUp(asOf_s: number): void {
    const inFuture = this.#cursor_s * 1_000 > this.#options.ports.now();
    if (this.#stopped || (asOf_s <= this.#cursor_s && !inFuture)) return;
    this.#cursor_s = asOf_s;
    this.#options.saveCursor(asOf_s);
  }

  #closed(line: Line, reason: string): void {
    this.#lastFrameAt_ms = line.connection.lastFrameAt_ms ?? this.#lastFrameAt_ms;
    if (this.#retiring.delete(line) || this.#stopped) return;
    this.#options.source.counters.lastError = reason;
    if (line === this.#successor) {
      this.#successor = undefined;
      return;
    }
    this.#line = this.#successor;
    this.#successor = undefined;
    if (this.#line === undefined) this.#retryLater(line);
  }

  #retryLater(line: Line): void {
    const { ports } = this.#options;
    const now = ports.now();
    // Only a connection that held for a while proves the relay well; one that closes at once keeps its backoff.
    const held = line.isReady && now - line.connection.openedAt_ms >= LINK_RECONNECT_MAX_MS;
    this.#failures = held ? 1 : this.#failures + 1;
    this.#failedAt_ms = now;
    const delay_ms = retryDelay(RECONNECT, this.#failures, ports.random()) ?? LINK_RECONNECT_MAX_MS;
    this.#stopRetryTimer = ports.after(delay_ms, () => {
      this.#stopRetryTimer = undefined;
      this.#dial();
    });
  }
}
