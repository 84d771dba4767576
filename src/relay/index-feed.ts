/** Feeds the search index with stored events in batches, off the path of the clients that sent them. */
import { RELAY_INDEX_BATCH } from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import type { EventStore } from './event-store.ts';
import type { Mark } from './mark.ts';

/** Kinds the index knows (workers/rpc.ts, SearchIndexRpc). */
const INDEXED_KINDS: readonly number[] = [
  KIND.profile,
  KIND.note,
  KIND.contacts,
  KIND.deletion,
  KIND.repost,
  KIND.reaction,
  KIND.zapReceipt,
  KIND.longNote,
];
const INDEXED = new Set(INDEXED_KINDS);

/** Whether the index wants an event. */
export function isIndexed(event: NostrEvent): boolean {
  return INDEXED.has(event.kind);
}

export class IndexFeed {
  readonly #store: EventStore;
  readonly #mark: Mark;
  readonly #ingest: (events: readonly NostrEvent[]) => Promise<void>;
  #running: Promise<void> | undefined;

  /** @param ingest repeat-safe; resolves when the events are stored there */
  constructor(store: EventStore, mark: Mark, ingest: (events: readonly NostrEvent[]) => Promise<void>) {
    this.#store = store;
    this.#mark = mark;
    this.#ingest = ingest;
  }

  /** Whether stored events have not been looked at yet. */
  get behind(): boolean {
    return this.#mark.highest < this.#store.lastSeq;
  }

  /**
   * Sends everything the index has not been given yet. Calls that overlap share one run.
   *
   * @throws whatever `ingest` throws; the mark then stands where it stood
   */
  run(): Promise<void> {
    this.#running ??= this.#catchUp().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const upTo = this.#store.lastSeq;
      const batch = this.#store.afterOfKinds(this.#mark.highest, INDEXED_KINDS, RELAY_INDEX_BATCH);
      if (batch.length > 0) await this.#ingest(batch.map(({ event }) => event));
      const last = batch.at(-1);
      if (last === undefined || batch.length < RELAY_INDEX_BATCH) {
        this.#mark.pass(upTo);
        return;
      }
      this.#mark.pass(last.seq);
    }
  }
}
