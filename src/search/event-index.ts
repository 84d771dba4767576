/** The search index over one SQLite database: what the durable object holds, and what unit tests drive. */
import { SEARCH_PRUNE_EVERY } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { migrate, type Sql } from '../store/sql.ts';
import { takeEvent } from './ingest.ts';
import type { SearchHit, SearchQuery } from './model.ts';
import { search } from './query.ts';
import { prune, RETENTION, type Retention } from './retention.ts';
import { SEARCH_SCHEMA } from './schema.ts';

export interface EventIndexOptions {
  /** This relay's own URL, for requests to vanish (NIP-62). */
  readonly ownRelay: string;
  readonly retention?: Retention;
  /** Events taken between two looks at the retention limits. */
  readonly pruneEvery?: number;
}

export class EventIndex {
  private readonly sql: Sql;
  private readonly ownRelay: string;
  private readonly retention: Retention;
  private readonly pruneEvery: number;
  /** Counted from the wake of the object, so an object that never lives long prunes at its first batch. */
  private untilPrune = 1;

  constructor(sql: Sql, options: EventIndexOptions) {
    this.sql = sql;
    this.ownRelay = options.ownRelay;
    this.retention = options.retention ?? RETENTION;
    this.pruneEvery = options.pruneEvery ?? SEARCH_PRUNE_EVERY;
    migrate(sql, SEARCH_SCHEMA);
  }

  /**
   * Takes verified events, all or none of the batch. Harmless to repeat.
   *
   * @param now_ms Unix ms
   */
  ingest(events: readonly NostrEvent[], now_ms: number): void {
    const options = { now_s: Math.floor(now_ms / 1000), ownRelay: this.ownRelay };
    this.sql.transaction(() => {
      for (const event of events) takeEvent(this.sql, event, options);
      this.untilPrune -= events.length;
      if (this.untilPrune > 0) return;
      this.untilPrune = this.pruneEvery;
      prune(this.sql, this.retention, options.now_s);
    });
  }

  /** Results by score, best first. See rank.ts for the order. */
  search(query: SearchQuery): SearchHit[] {
    return search(this.sql, query);
  }
}
