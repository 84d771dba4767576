/**
 * Stored events by filter, newest first, at a bounded cost. A filter is answered from the index lists that narrow
 * it most (one list per kind, and per author or tag value where it names any); the lists are merged by time and read in
 * small pieces, so that a thousand authors with a limit of ten cost a thousand short reads and no sort.
 */
import { RELAY_MAX_LIMIT, RELAY_MAX_SCAN_ROWS, RELAY_MAX_SOURCES } from '../limits.ts';
import type { NostrEvent, Refusal } from '../nostr/event.ts';
import { type Filter, isTagKey, matchesFilter } from '../nostr/filter.ts';
import { first, type Sql, type SqlValue } from '../store/sql.ts';
import { eventOf } from './event-store.ts';
import { type EventRef, mergeLists, newestFirst, type ReadList } from './merged-lists.ts';
import { isPrivateKind, mayRead, type Reader } from './visibility.ts';

/** Refused because answering it would read too much. */
export const TOO_BROAD: Refusal =
  'error: the filter reads too much, narrow it by kinds, authors, tags or time';

interface Window {
  readonly since: number;
  readonly until: number;
  readonly now_s: number;
}

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
  WHERE tag.name_value = ? AND tag.kind = ? AND tag.created_at BETWEEN ? AND ?
    AND (tag.created_at < ? OR event.id > ?) AND ${ALIVE}
  ORDER BY tag.created_at DESC, event.id LIMIT ?`;
const KINDS = `WITH RECURSIVE present (kind) AS (
    SELECT MIN(kind) FROM event
    UNION ALL SELECT (SELECT MIN(kind) FROM event WHERE kind > present.kind) FROM present WHERE present.kind IS NOT NULL
  ) SELECT kind FROM present WHERE kind IS NOT NULL LIMIT ?`;
const KINDS_OF_AUTHOR = `WITH RECURSIVE present (kind) AS (
    SELECT MIN(kind) FROM event WHERE pubkey = ?
    UNION ALL SELECT (SELECT MIN(kind) FROM event WHERE pubkey = ? AND kind > present.kind) FROM present
      WHERE present.kind IS NOT NULL
  ) SELECT kind FROM present WHERE kind IS NOT NULL LIMIT ?`;
const KINDS_OF_TAG = `WITH RECURSIVE present (kind) AS (
    SELECT MIN(kind) FROM tag WHERE name_value = ?
    UNION ALL SELECT (SELECT MIN(kind) FROM tag WHERE name_value = ? AND kind > present.kind) FROM present
      WHERE present.kind IS NOT NULL
  ) SELECT kind FROM present WHERE kind IS NOT NULL LIMIT ?`;
const SIZE_OF_TAG = 'SELECT COUNT(*) AS n FROM (SELECT 1 FROM tag WHERE name_value = ? AND kind = ? LIMIT ?)';
const SIZE_OF_AUTHOR =
  'SELECT COUNT(*) AS n FROM (SELECT 1 FROM event WHERE pubkey = ? AND kind = ? LIMIT ?)';
/** Lists longer than this are not told apart when a plan is chosen. */
const SIZE_PROBE = 500;
const JSON_OF = 'SELECT seq, json FROM event WHERE seq IN (SELECT value FROM json_each(?))';

/** Finds stored events. */
export class EventQuery {
  readonly #sql: Sql;
  #reads = 0;

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

  /** Index lists and events read so far: what a question costs is how much this grew. */
  get reads(): number {
    return this.#reads;
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
    const accepts = this.#rest(filter, plan.coversTags, reader);
    const found: EventRef[] = [];
    let scanned = 0;
    for (const ref of mergeLists(plan.reads, window.until, limit)) {
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
      coversTags: false,
      reads: [(_until, afterId) => (afterId === '' ? refs : [])],
    };
  }

  #plan(filter: Filter, window: Window): Plan | Refusal {
    const kinds = filter.kinds === undefined ? undefined : [...new Set(filter.kinds)];
    const tags = tagEntries(filter);
    const candidates: Candidate[] = [];
    for (const { name, values } of tags) {
      const lists = this.#lists(
        [...new Set(values)].map((value) => name + value),
        kinds,
        KINDS_OF_TAG,
      );
      if (lists !== null)
        candidates.push(this.#candidate(lists, BY_TAG, SIZE_OF_TAG, window, tags.length === 1));
    }
    if (filter.authors !== undefined) {
      const lists = this.#lists([...new Set(filter.authors)], kinds, KINDS_OF_AUTHOR);
      if (lists !== null) candidates.push(this.#candidate(lists, BY_AUTHOR, SIZE_OF_AUTHOR, window, false));
    }
    if (candidates.length > 0) return narrowest(candidates);
    const present = kinds ?? this.#kinds(KINDS);
    if (present.length > RELAY_MAX_SOURCES) return TOO_BROAD;
    return { coversTags: false, reads: present.map((kind) => this.#list(BY_KIND, [kind], window)) };
  }

  #candidate(
    lists: readonly [string, number][],
    read: string,
    size: string,
    window: Window,
    coversTags: boolean,
  ): Candidate {
    return {
      coversTags,
      reads: lists.map((keys) => this.#list(read, keys, window)),
      size: () => this.#size(size, lists),
    };
  }

  /** Rows in all lists together, counted only as far as it helps to choose. */
  #size(query: string, lists: readonly (readonly SqlValue[])[]): number {
    let size = 0;
    for (const keys of lists) {
      this.#reads++;
      size += first<{ n: number }>(this.#sql, query, ...keys, SIZE_PROBE)?.n ?? 0;
      if (size >= SIZE_PROBE) return Number.POSITIVE_INFINITY;
    }
    return size;
  }

  /**
   * One list per key (an author, or a tag's value) and kind, or null when they are too many. Where the filter names
   * no kinds, those that the key has are looked up.
   */
  #lists(
    keys: readonly string[],
    kinds: readonly number[] | undefined,
    kindsOfKey: string,
  ): [string, number][] | null {
    const lists: [string, number][] = [];
    for (const key of keys) {
      for (const kind of kinds ?? this.#kinds(kindsOfKey, key, key)) lists.push([key, kind]);
      if (lists.length > RELAY_MAX_SOURCES) return null;
    }
    return lists;
  }

  #kinds(query: string, ...parameters: string[]): number[] {
    this.#reads++;
    return this.#sql
      .all<{ kind: number }>(query, ...parameters, RELAY_MAX_SOURCES + 1)
      .map((row) => row.kind);
  }

  #list(query: string, keys: readonly SqlValue[], { since, now_s }: Window): ReadList {
    return (until, afterId, limit) => {
      this.#reads++;
      return this.#sql.all<EventRef>(query, ...keys, since, until, until, afterId, now_s, limit);
    };
  }

  /** The test for what the chosen lists do not already guarantee, cheapest first; the event itself is read last. */
  #rest(filter: Filter, coversTags: boolean, reader: Reader): (ref: EventRef) => boolean {
    const { since = 0, until = Number.MAX_SAFE_INTEGER } = filter;
    const authors = filter.authors === undefined ? null : new Set(filter.authors);
    const kinds = filter.kinds === undefined ? null : new Set(filter.kinds);
    const needsTags = !coversTags && tagEntries(filter).length > 0;
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
    this.#reads++;
    const [json] = this.json([seq]);
    return json === undefined ? null : eventOf(json);
  }
}

/** A plan among several, with a bounded look at how much it would read. */
interface Candidate extends Plan {
  size(): number;
}

/** The candidate that reads least; the first of several that are all large. */
function narrowest(candidates: readonly Candidate[]): Plan | Refusal {
  const [only, ...others] = candidates;
  if (only === undefined) return TOO_BROAD;
  if (others.length === 0) return only;
  let best = only;
  let bestSize = only.size();
  for (const candidate of others) {
    const size = candidate.size();
    if (size < bestSize) {
      best = candidate;
      bestSize = size;
    }
  }
  return best;
}

interface Plan {
  readonly reads: readonly ReadList[];
  /** Whether the lists already guarantee the filter's one tag condition, or only what columns can tell. */
  readonly coversTags: boolean;
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
