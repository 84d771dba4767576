/** Verified events on their way to the search index, in batches. Best effort: relays keep them, jobs do not need them. */
import { LINK_CONTENT_BATCH, LINK_CONTENT_DELAY_MS } from '../limits.ts';
import type { VerifiedEvent } from '../nostr/event.ts';
import type { LinkPorts } from './ports.ts';

export class ContentFeed {
  readonly #ports: LinkPorts;
  #batch: VerifiedEvent[] = [];
  #stopTimer: (() => void) | undefined;
  #sending = false;
  /** Events the index could not take. */
  dropped = 0;

  constructor(ports: LinkPorts) {
    this.#ports = ports;
  }

  /** Takes an event along; false when the index is so far behind that it is dropped. */
  add(event: VerifiedEvent): boolean {
    if (this.#batch.length >= 2 * LINK_CONTENT_BATCH) {
      this.dropped++;
      return false;
    }
    this.#batch.push(event);
    if (this.#batch.length >= LINK_CONTENT_BATCH) this.#flush();
    else this.#stopTimer ??= this.#ports.after(LINK_CONTENT_DELAY_MS, () => this.#flush());
    return true;
  }

  #flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    // One batch at a time: a slow index must not gather a crowd of calls.
    if (this.#sending || this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#sending = true;
    this.#ports.background(this.#send(batch));
  }

  async #send(batch: readonly VerifiedEvent[]): Promise<void> {
    try {
      await this.#ports.ingest(batch);
    } catch (error) {
      this.dropped += batch.length;
      throw error;
    } finally {
      this.#sending = false;
      if (this.#batch.length > 0)
        this.#stopTimer ??= this.#ports.after(LINK_CONTENT_DELAY_MS, () => this.#flush());
    }
  }
}
