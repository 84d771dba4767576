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
  #newInPage = 0;
  #pages = 1;
  #skipped = false;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  /** Notes an event of the stored phase. */
  saw(event: NostrEvent): void {
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
   * The page is through. An empty one ends the reading, and so does one that brought nothing new: `until` is
   * inclusive, since several events may share a second, so the last page always repeats a little.
   */
  pageEnded(): BackfillStep {
    if (this.#newInPage === 0 || this.#oldest_s === undefined)
      return { next: null, complete: !this.#skipped };
    if (this.#pages >= LINK_MAX_PAGES) return { next: null, complete: false };
    this.#pages++;
    this.#newInPage = 0;
    return { next: { ...this.#filter, until: this.#oldest_s } };
  }
}
