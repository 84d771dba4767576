/** Reading a relay's past: page by page, because relays cap what one request returns at numbers of their own. */
import { LINK_MAX_PAGES, LINK_PAGE_EVENTS } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';

/**
 * What to do after EOSE: ask for the next page, or stop. `complete` says whether everything since the filter's
 * `since` was seen; only then may a cursor move.
 */
export type BackfillStep = { readonly next: Filter } | { readonly next: null; readonly complete: boolean };

/** The stored phase of one subscription. */
export class Backfill {
  readonly #filter: Filter;
  readonly #ids = new Set<string>();
  #oldest_s: number | undefined;
  #inPage = 0;
  #newInPage = 0;
  #pages = 1;
  #skipped = false;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Notes an event of the stored phase. */
  saw(event: NostrEvent): void {
    this.#inPage++;
    if (this.#ids.has(event.id)) return;
    if (this.#ids.size >= LINK_MAX_PAGES * LINK_PAGE_EVENTS) {
      this.#skipped = true;
      return;
    }
    this.#ids.add(event.id);
    this.#newInPage++;
    this.#oldest_s = Math.min(this.#oldest_s ?? event.created_at, event.created_at);
  }

  /** Notes that an event could not be taken now (a budget, a full inbox): it has to be asked for again. */
  skipped(): void {
    this.#skipped = true;
  }

  /**
   * The page is through. The next one ends (`until` is inclusive) in the oldest second seen, since a page may break
   * off within a second; once that second brings nothing new it ends before it, and an empty page ends the reading.
   * More events in one second than a relay returns at a time cannot be told apart by NIP-01's filters.
   */
  pageEnded(): BackfillStep {
    const oldest_s = this.#oldest_s;
    if (oldest_s === undefined || this.#inPage === 0) return { next: null, complete: !this.#skipped };
    const until = this.#newInPage > 0 ? oldest_s : oldest_s - 1;
    if (until < (this.#filter.since ?? 0)) return { next: null, complete: !this.#skipped };
    if (this.#pages >= LINK_MAX_PAGES) return { next: null, complete: false };
    this.#pages++;
    this.#inPage = 0;
    this.#newInPage = 0;
    return { next: { ...this.#filter, until } };
  }
}
