/** From the inbox to whom it concerns: at least once, a bounded number at a time for each relay. */
import {
  JOB_REQUEST_MAX_AGE_S,
  LINK_DISPATCH_BASE_MS,
  LINK_DISPATCH_MAX_MS,
  LINK_DISPATCHES_IN_FLIGHT,
  LINK_WRAP_WINDOW_S,
} from '../limits.ts';
import type { VerifiedEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import { isOverloaded, type RetryPolicy, retryDelay } from '../retry.ts';
import type { Inbox } from './inbox.ts';
import type { LinkPorts } from './ports.ts';
import { type LinkCounters, shortReason } from './status.ts';

const RETRY: RetryPolicy = {
  baseMs: LINK_DISPATCH_BASE_MS,
  maxMs: LINK_DISPATCH_MAX_MS,
  attempts: Number.POSITIVE_INFINITY,
};

export class Dispatcher {
  readonly #ports: LinkPorts;
  readonly #inbox: Inbox;
  readonly #counters: (url: string) => LinkCounters | undefined;
  /** Ids on their way, per relay. */
  readonly #inFlight = new Map<string, Set<string>>();

  constructor(ports: LinkPorts, inbox: Inbox, counters: (url: string) => LinkCounters | undefined) {
    this.#ports = ports;
    this.#inbox = inbox;
    this.#counters = counters;
  }

  /** Starts on a request that stands in the inbox, unless its relay has enough on the way: then it waits there. */
  offer(url: string, event: VerifiedEvent): void {
    const running = this.#running(url);
    if (running.has(event.id) || running.size >= LINK_DISPATCHES_IN_FLIGHT) return;
    running.add(event.id);
    this.#ports.background(this.#deliver(url, event, running));
  }

  /** Starts on whatever is due: after a restart, after failures, after a burst. */
  pump(): void {
    for (const url of this.#inbox.relaysWaiting()) this.#pump(url);
  }

  #pump(url: string): void {
    const running = this.#running(url);
    if (running.size >= LINK_DISPATCHES_IN_FLIGHT || this.#inbox.waiting(url) <= running.size) return;
    for (const event of this.#inbox.due(url, this.#ports.now(), 2 * LINK_DISPATCHES_IN_FLIGHT))
      this.offer(url, event);
  }

  async #deliver(url: string, event: VerifiedEvent, running: Set<string>): Promise<void> {
    const counters = this.#counters(url);
    try {
      await this.#ports.dispatch({ event, via: url, authenticated: [] });
      this.#inbox.done(event.id, url, this.#ports.now() + rememberFor_ms(event.kind));
      if (counters !== undefined) counters.dispatched++;
    } catch (error) {
      if (counters !== undefined)
        counters.lastError = `dispatch: ${shortReason(error instanceof Error ? error.message : String(error))}`;
      this.#inbox.failed(event.id, (attempts) => {
        const delay_ms = isOverloaded(error)
          ? LINK_DISPATCH_MAX_MS
          : (retryDelay(RETRY, attempts, this.#ports.random()) ?? LINK_DISPATCH_MAX_MS);
        // The heartbeat would find it too; the timer only saves waiting for it.
        this.#ports.after(delay_ms, () => this.#pump(url));
        return this.#ports.now() + delay_ms;
      });
    } finally {
      running.delete(event.id);
    }
    this.#pump(url);
  }

  #running(url: string): Set<string> {
    let running = this.#inFlight.get(url);
    if (running === undefined) {
      running = new Set();
      this.#inFlight.set(url, running);
    }
    return running;
  }
}

/** How long relays may still send the same event again, ms: as far back as we ask for its kind, twice over. */
function rememberFor_ms(kind: number): number {
  const window_s = kind === KIND.giftWrap ? LINK_WRAP_WINDOW_S : 0;
  return (window_s + 2 * JOB_REQUEST_MAX_AGE_S) * 1_000;
}
