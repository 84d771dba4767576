import { DurableObject } from 'cloudflare:workers';
import { embeddedRelayUrl } from '../src/config.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import { EventIndex } from '../src/search/event-index.ts';
import type { SearchHit, SearchQuery } from '../src/search/model.ts';
import { configOf, type Env } from './env.ts';
import type { SearchIndexRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

/** The search index over every event the embedded relay and the links have seen. */
export class SearchIndex extends DurableObject<Env> implements SearchIndexRpc {
  private readonly index: EventIndex;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.index = new EventIndex(durableSql(ctx.storage), { ownRelay: embeddedRelayUrl(configOf(env)) });
  }

  async ingest(events: readonly NostrEvent[]): Promise<void> {
    this.index.ingest(events, Date.now());
  }

  async search(query: SearchQuery): Promise<SearchHit[]> {
    return this.index.search(query);
  }
}
