/**
 * Stored events by filter, newest first, at a bounded cost. A filter is answered from the index lists that narrow
 * it most (one list per id set, tag value, author and kind, or kind); the lists are merged by time and read in small
 * pieces, so that a thousand authors with a limit of ten cost a thousand short reads and no sort.
 */
import { RELAY_MAX_LIMIT, RELAY_MAX_SCAN_ROWS, RELAY_MAX_SOURCES } from '../limits.ts';
import type { NostrEvent, Refusal } from '../nostr/event.ts';
import { type Filter, isTagKey, matchesFilter } from '../nostr/filter.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import { eventOf } from './event-store.ts';
import { isPrivateKind, mayRead, type Reader } from './visibility.ts';

/** What is read of an event while it is only being found. */
export type EventRef = { seq: number; id: string; pubkey: string; kind: number; created_at: number };

/** Refused because answering it would read too much. */
export const TOO_BROAD: Refusal =
  'error: the filter reads too much, narrow it by kinds, authors, tags or time';

interface Window {
  readonly since: number;
  readonly until: number;
  readonly now_s: number;
}

/** One index list: events of one tag value, author and kind, …, newest first. */
type Read = (until: number, afterId: string, limit: number) => EventRef[];

const COLUMNS = 'event.seq, event.id, event.pubkey, event.kind, event.created_at';
const ALIVE = '(event.expires_at IS NULL OR event.expires_at > ?)';
const BY_IDS = `SELECT ${COLUMNS} FROM event WHERE id IN (SELECT value FROM json_each(?)) AND ${ALIVE}`;
const BY_KIND = `SELECT ${COLUMNS} FROM event
  WHERE kind = ? AND created_at BETWEEN ? AND ? AND (created_at < ? OR id > ?) AND ${ALIVE}
  ORDER BY created_at DESC, id LIMIT ?`;
const BY_AUTHOR = `SELECT ${COLUMNS} FROM event
  WHERE pubkey = ? AND kind = ? AND created_at BETWEEN ? AND ? AND (created_at < ? OR id > ?) AND ${ALIVE}
  ORDER BY created_at DESC, id LIMIT ?`;
const BY_TAG = `SELECT ${COLUMNS} FROM tag CROSS JOIN event ON event.seq = tag.seq
  WHERE tag.name_value = ? AND tag.created_at BETWEEN ? AND ? AND (tag.created_at < ? OR event.id > ?) AND ${ALIVE}
  ORDER BY tag.created_at DESC, event.id LIMIT ?`;
const BY_TAG_AND_KINDS = BY_TAG.replace(
  'AND (tag',
  'AND tag.kind IN (SELECT value FROM json_each(?)) AND (tag',
);
const KINDS = `WITH RECURSIVE present (kind) AS (
    SELECT MIN(kind) FROM event
    UNION ALL SELECT (SELECT MIN(kind) FROM event WHERE kind > present.kind) FROM present WHERE present.kind IS NOT NULL
  ) SELECT kind FROM present WHERE kind IS NOT NULL LIMIT ?`;
const KINDS_OF_AUTHOR = `WITH RECURSIVE present (kind) AS (
    SELECT MIN(kind) FROM event WHERE pubkey = ?
    UNION ALL SELECT (SELECT MIN(kind) FROM event WHERE pubkey = ? AND kind > present.kind) FROM present
      WHERE present.kind IS NOT NULL
  ) SELECT kind FROM present WHERE kind IS NOT NULL LIMIT ?`;
const JSON_OF = 'SELECT seq, json FROM event WHERE seq IN (SELECT value FROM json_each(?))';

/** Finds stored events. */
export class EventQuery {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * References to what at least one filter matches and the reader may have, newest first, ties by lowest id
   * (NIP-01), each once.
   *
   * @param maxLimit cap of every filter's `limit`, and its default
   * @returns a refusal when a filter would read too much
   */
  find(
    filters: readonly Filter[],
    reader: Reader,
    now_s: number,
    maxLimit = RELAY_MAX_LIMIT,
  ): EventRef[] | Refusal {
    const [only, ...others] = filters;
    if (only === undefined) return [];
    if (others.length === 0) return this.#one(only, reader, now_s, maxLimit);
    const found = new Map<number, EventRef>();
    for (const filter of filters) {
      const refs = this.#one(filter, reader, now_s, maxLimit);
      if (typeof refs === 'string') return refs;
      for (const ref of refs) found.set(ref.seq, ref);
    }
    return [...found.values()].sort(newestFirst);
  }

  /** The JSON of events, in the order of `seqs`; what has gone meanwhile is left out. */
  json(seqs: readonly number[]): string[] {
    if (seqs.length === 0) return [];
    const rows = this.#sql.all<{ seq: number; json: string }>(JSON_OF, JSON.stringify(seqs));
    const bySeq = new Map(rows.map((row) => [row.seq, row.json]));
    return seqs.flatMap((seq) => bySeq.get(seq) ?? []);
  }

  #one(filter: Filter, reader: Reader, now_s: number, maxLimit: number): EventRef[] | Refusal {
    const limit = Math.min(filter.limit ?? maxLimit, maxLimit);
    const window = { since: filter.since ?? 0, until: filter.until ?? Number.MAX_SAFE_INTEGER, now_s };
    if (limit === 0 || window.since > window.until || hasEmptyList(filter)) return [];
    const plan = filter.ids === undefined ? this.#plan(filter, window) : this.#byIds(filter.ids, now_s);
    if (typeof plan === 'string') return plan;
    const accepts = this.#rest(filter, plan.covered, reader);
    const found: EventRef[] = [];
    let scanned = 0;
    for (const ref of merge(plan.reads, window.until, pieceSize(limit, plan.reads.length))) {
      if (++scanned > RELAY_MAX_SCAN_ROWS) return TOO_BROAD;
      if (found.at(-1)?.seq === ref.seq || !accepts(ref)) continue;
      found.push(ref);
      if (found.length === limit) break;
    }
    return found;
  }

  #byIds(ids: readonly string[], now_s: number): Plan {
    const refs = this.#sql.all<EventRef>(BY_IDS, JSON.stringify(ids), now_s).sort(newestFirst);
    // Read at once, so it is a list with one piece.
    return {
      covered: 'ids',
      reads: [(_until, afterId) => (afterId === '' ? refs : [])],
    };
  }

  #plan(filter: Filter, window: Window): Plan | Refusal {
    const tags = tagEntries(filter);
    const tag = tags.sort((a, b) => a.values.length - b.values.length)[0];
    if (tag !== undefined) {
      return {
        covered: tags.length === 1 ? 'tag and kinds' : 'nothing',
        reads: [...new Set(tag.values)].map((value) => this.#tagList(tag.name + value, filter.kinds, window)),
      };
    }
    const authors = [...new Set(filter.authors)];
    const kinds = filter.kinds === undefined ? undefined : [...new Set(filter.kinds)];
    if (authors.length > 0) {
      const lists = this.#authorLists(authors, kinds);
      if (lists !== null)
        return {
          covered: 'columns',
          reads: lists.map(([author, kind]) => this.#list(BY_AUTHOR, [author, kind], window)),
        };
    }
    const present = kinds ?? this.#kinds(KINDS);
    if (present.length > RELAY_MAX_SOURCES) return TOO_BROAD;
    return { covered: 'columns', reads: present.map((kind) => this.#list(BY_KIND, [kind], window)) };
  }

  /** Pairs of author and kind, or null when they are too many and the lists of the kinds serve better. */
  #authorLists(authors: readonly string[], kinds: readonly number[] | undefined): [string, number][] | null {
    const lists: [string, number][] = [];
    for (const author of authors) {
      for (const kind of kinds ?? this.#kinds(KINDS_OF_AUTHOR, author, author)) lists.push([author, kind]);
      if (lists.length > RELAY_MAX_SOURCES) return null;
    }
    return lists;
  }

  #kinds(query: string, ...parameters: string[]): number[] {
    return this.#sql
      .all<{ kind: number }>(query, ...parameters, RELAY_MAX_SOURCES + 1)
      .map((row) => row.kind);
  }

  #list(query: string, keys: readonly SqlValue[], { since, now_s }: Window): Read {
    return (until, afterId, limit) =>
      this.#sql.all<EventRef>(query, ...keys, since, until, until, afterId, now_s, limit);
  }

  #tagList(nameValue: string, kinds: readonly number[] | undefined, { since, now_s }: Window): Read {
    if (kinds === undefined) {
      return (until, afterId, limit) =>
        this.#sql.all<EventRef>(BY_TAG, nameValue, since, until, until, afterId, now_s, limit);
    }
    const list = JSON.stringify(kinds);
    return (until, afterId, limit) =>
      this.#sql.all<EventRef>(BY_TAG_AND_KINDS, nameValue, since, until, list, until, afterId, now_s, limit);
  }

  /** The test for what the chosen lists do not already guarantee, cheapest first; the event itself is read last. */
  #rest(filter: Filter, covered: Plan['covered'], reader: Reader): (ref: EventRef) => boolean {
    const { since = 0, until = Number.MAX_SAFE_INTEGER } = filter;
    const authors = filter.authors === undefined ? null : new Set(filter.authors);
    const kinds = filter.kinds === undefined ? null : new Set(filter.kinds);
    const needsTags = covered === 'nothing' || (covered === 'ids' && tagEntries(filter).length > 0);
    return (ref) => {
      if (authors?.has(ref.pubkey) === false || kinds?.has(ref.kind) === false) return false;
      if (ref.created_at < since || ref.created_at > until) return false;
      const hidden = isPrivateKind(ref.kind) && reader !== 'all';
      if (hidden && reader.size === 0) return false;
      if (!hidden && !needsTags) return true;
      const event = this.#event(ref.seq);
      return event !== null && (!needsTags || matchesFilter(filter, event)) && mayRead(reader, event);
    };
  }

  #event(seq: number): NostrEvent | null {
    const [json] = this.json([seq]);
    return json === undefined ? null : eventOf(json);
  }
}

interface Plan {
  readonly reads: readonly Read[];
  /** What every event of the lists is known to satisfy, besides what columns can tell. */
  readonly covered: 'ids' | 'tag and kinds' | 'columns' | 'nothing';
}

/** Rows read from one list at a time: enough for most answers in one read, few when there are many lists. */
function pieceSize(limit: number, lists: number): number {
  return Math.max(2, Math.min(limit + 1, Math.ceil((2 * limit) / Math.max(1, lists))));
}

/** Merges lists that are newest first into one that is, reading each piece by piece. */
function* merge(reads: readonly Read[], until: number, piece: number): Generator<EventRef> {
  const lists = reads.map((read) => ({ read, rows: read(until, '', piece), at: 0 }));
  for (;;) {
    let best: (typeof lists)[number] | undefined;
    let bestRow: EventRef | undefined;
    for (const list of lists) {
      const row = list.rows[list.at];
      if (row !== undefined && (bestRow === undefined || newestFirst(row, bestRow) < 0)) {
        best = list;
        bestRow = row;
      }
    }
    if (best === undefined || bestRow === undefined) return;
    yield bestRow;
    best.at++;
    if (best.at === best.rows.length && best.rows.length >= piece) {
      best.rows = best.read(bestRow.created_at, bestRow.id, piece);
      best.at = 0;
    }
  }
}

/** NIP-01: newer first, and of the same second the lower id first. */
function newestFirst(a: EventRef, b: EventRef): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function tagEntries(filter: Filter): { name: string; values: readonly string[] }[] {
  return Object.keys(filter).flatMap((key) => {
    const values = isTagKey(key) ? filter[key] : undefined;
    return values === undefined ? [] : [{ name: key.slice(1), values }];
  });
}

function hasEmptyList(filter: Filter): boolean {
  return Object.values(filter).some((value) => Array.isArray(value) && value.length === 0);
}
