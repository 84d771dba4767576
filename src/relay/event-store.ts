/** Stored events: what is kept, what replaces what, and what its author took back (NIP-01, 09, 40, 62). */
import { type NostrEvent, parseEvent, tagValues } from '../nostr/event.ts';
import { isIndexedTag } from '../nostr/filter.ts';
import { isReplaceable, KIND } from '../nostr/kinds.ts';
import { first, migrate, type Sql } from '../store/sql.ts';
import { addressOf, expirationOf } from './event-tags.ts';
import { RELAY_SCHEMA } from './schema.ts';
import { type Standing, standingOf, versionAt } from './standing.ts';

/** An event as it arrived. */
export interface StoredEvent {
  readonly seq: number;
  readonly event: NostrEvent;
  /** Whether the marketplace handed it in itself. */
  readonly ours: boolean;
  /** Keys its connection had proved, for events that were stored with them. */
  readonly authenticated: readonly string[];
}

/** What is stored beside the event itself. */
export interface Origin {
  readonly ours: boolean;
  /** Proved keys, kept only when there are any. */
  readonly authenticated: readonly string[];
}

type EventRow = { seq: number; json: string; ours: number; auth: string | null };

const INSERT = `INSERT INTO event (seq, id, pubkey, kind, created_at, expires_at, address, ours, auth, json)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_TAGS = `INSERT INTO tag (name_value, kind, created_at, seq)
  SELECT value, ?, ?, ? FROM json_each(?)`;
const ROW = 'SELECT seq, json, ours, auth FROM event';

/** The store. All methods are synchronous; the caller groups writes into transactions. */
export class EventStore {
  readonly #sql: Sql;
  #lastSeq: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, RELAY_SCHEMA);
    this.#lastSeq = first<{ seq: number | null }>(sql, 'SELECT MAX(seq) AS seq FROM event')?.seq ?? 0;
  }

  /** Sequence number of the newest event, 0 when there is none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether an event would be stored now, without reading its signature. */
  standing(event: NostrEvent): Standing {
    return standingOf(this.#sql, event);
  }

  /**
   * Stores an event whose standing is `new`, and does what it asks for: replaces older versions, withdraws what a
   * deletion names, erases what a request to vanish covers. Must run inside a transaction.
   *
   * @param json the event's JSON, made once
   * @returns its sequence number
   */
  insert(event: NostrEvent, json: string, origin: Origin): number {
    const { id, pubkey, kind, created_at } = event;
    const address = addressOf(event);
    if (address !== null) {
      const held = versionAt(this.#sql, address);
      if (held !== undefined) this.#remove([held.seq]);
    }
    const seq = ++this.#lastSeq;
    const keeps = kind === KIND.deletion || kind === KIND.vanish;
    this.#sql.run(
      INSERT,
      seq,
      id,
      pubkey,
      kind,
      created_at,
      // A deletion that expired would let what it deleted come back.
      keeps ? null : expirationOf(event),
      address,
      origin.ours ? 1 : 0,
      origin.authenticated.length === 0 ? null : JSON.stringify(origin.authenticated),
      json,
    );
    const tags = indexedTags(event);
    if (tags.length > 0) this.#sql.run(INSERT_TAGS, kind, created_at, seq, JSON.stringify(tags));
    if (kind === KIND.deletion) this.#withdraw(event);
    if (kind === KIND.vanish) this.#erase(event);
    return seq;
  }

  /** NIP-09: only what the same author wrote, and never a deletion or a request to vanish. */
  #withdraw(deletion: NostrEvent): void {
    const { pubkey, created_at } = deletion;
    this.#sql.run(
      `UPDATE event SET expires_at = 0, address = NULL
       WHERE id IN (SELECT value FROM json_each(?)) AND pubkey = ? AND kind NOT IN (${KIND.deletion}, ${KIND.vanish})`,
      JSON.stringify(tagValues(deletion, 'e')),
      pubkey,
    );
    this.#sql.run(
      `UPDATE event SET expires_at = 0, address = NULL
       WHERE address IN (SELECT value FROM json_each(?)) AND pubkey = ? AND created_at <= ?`,
      JSON.stringify(tagValues(deletion, 'a').map(canonicalAddress)),
      pubkey,
      created_at,
    );
  }

  /**
   * Takes events out of sight at once, as if their authors had deleted them; they go with the next that expire, and
   * are not taken again. For an author who proved to us elsewhere that they are to be erased.
   */
  withdraw(ids: readonly string[]): void {
    const list = JSON.stringify(ids);
    this.#sql.transaction(() => {
      this.#sql.run(
        'UPDATE event SET expires_at = 0, address = NULL WHERE id IN (SELECT value FROM json_each(?))',
        list,
      );
      this.#sql.run('INSERT OR IGNORE INTO withdrawn (id) SELECT value FROM json_each(?)', list);
    });
  }

  /** NIP-62: everything the author wrote until then, deletions included, and gift wraps addressed to it. */
  #erase(vanish: NostrEvent): void {
    const { pubkey, created_at } = vanish;
    const own = this.#sql.all<{ seq: number }>(
      `SELECT seq FROM event WHERE pubkey = ? AND created_at <= ? AND kind <> ${KIND.vanish}`,
      pubkey,
      created_at,
    );
    const received = this.#sql.all<{ seq: number }>(
      `SELECT seq FROM tag WHERE name_value = ? AND kind = ${KIND.giftWrap} AND created_at <= ?`,
      `p${pubkey}`,
      created_at,
    );
    this.#remove([...own, ...received].map((row) => row.seq));
  }

  /** One stored event by id, also when it has expired or was withdrawn a moment ago. */
  find(id: string): StoredEvent | undefined {
    return this.#read(`${ROW} WHERE id = ?`, id)[0];
  }

  /** One stored event by its place in the order of arrival, unless it is gone or withdrawn. */
  at(seq: number): StoredEvent | undefined {
    return this.#read(`${ROW} WHERE seq = ? AND (expires_at IS NULL OR expires_at > 0)`, seq)[0];
  }

  /** Events of some kinds after a sequence number in order of arrival, withdrawn ones left out. */
  afterOfKinds(seq: number, kinds: readonly number[], limit: number): StoredEvent[] {
    return this.#read(
      `${ROW} WHERE seq > ? AND +kind IN (SELECT value FROM json_each(?))
       AND (expires_at IS NULL OR expires_at > 0) ORDER BY seq LIMIT ?`,
      seq,
      JSON.stringify(kinds),
      limit,
    );
  }

  /** Events after a sequence number in order of arrival, withdrawn ones left out. */
  after(seq: number, limit: number): StoredEvent[] {
    return this.#read(
      `${ROW} WHERE seq > ? AND (expires_at IS NULL OR expires_at > 0) ORDER BY seq LIMIT ?`,
      seq,
      limit,
    );
  }

  /** Events whose first `e` tags name an id, in order of arrival. */
  answersTo(id: string, afterSeq: number): StoredEvent[] {
    return this.#read(
      `SELECT event.seq, json, ours, auth FROM tag CROSS JOIN event ON event.seq = tag.seq
       WHERE tag.name_value = ? AND tag.seq > ? AND (expires_at IS NULL OR expires_at > 0) ORDER BY tag.seq`,
      `e${id}`,
      afterSeq,
    );
  }

  #read(query: string, ...parameters: (string | number)[]): StoredEvent[] {
    return this.#sql.all<EventRow>(query, ...parameters).map((row) => ({
      seq: row.seq,
      event: eventOf(row.json),
      ours: row.ours === 1,
      authenticated: row.auth === null ? [] : keysOf(row.auth),
    }));
  }

  /**
   * Removes up to `limit` events that have expired or were withdrawn. The newest row stays until a newer one comes,
   * so that no sequence number is ever given twice.
   *
   * @returns how many were removed, and when the next one expires (Unix s), if any
   */
  prune(now_s: number, limit: number): { removed: number; next_s: number | null } {
    const expired = this.#sql.all<{ seq: number }>(
      'SELECT seq FROM event WHERE expires_at <= ? AND seq < ? LIMIT ?',
      now_s,
      this.#lastSeq,
      limit,
    );
    this.#sql.transaction(() => this.#remove(expired.map((row) => row.seq)));
    const next = first<{ at: number | null }>(
      this.#sql,
      'SELECT MIN(expires_at) AS at FROM event WHERE expires_at IS NOT NULL AND seq < ?',
      this.#lastSeq,
    );
    return { removed: expired.length, next_s: next?.at ?? null };
  }

  #remove(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const row = first<EventRow>(this.#sql, `${ROW} WHERE seq = ?`, seq);
      if (row === undefined) continue;
      const event = eventOf(row.json);
      const tags = indexedTags(event);
      if (tags.length > 0) {
        this.#sql.run(
          'DELETE FROM tag WHERE name_value IN (SELECT value FROM json_each(?)) AND kind = ? AND created_at = ? AND seq = ?',
          JSON.stringify(tags),
          event.kind,
          event.created_at,
          seq,
        );
      }
      this.#sql.run('DELETE FROM event WHERE seq = ?', seq);
    }
  }

  /** How many events are stored, in rows of the table. */
  count(): number {
    return first<{ n: number }>(this.#sql, 'SELECT COUNT(*) AS n FROM event')?.n ?? 0;
  }
}

/** The index entries of an event's tags: name and first value together, each once (NIP-01 indexes no others). */
export function indexedTags(event: NostrEvent): string[] {
  const entries = new Set<string>();
  for (const tag of event.tags) {
    const [name, value] = tag;
    if (isIndexedTag(name) && value !== undefined) entries.add(name + value);
  }
  return [...entries];
}

/** An event from its stored JSON. @throws Error when storage holds something else, which is a bug */
export function eventOf(json: string): NostrEvent {
  const event = parseEvent(JSON.parse(json));
  if (typeof event === 'string') throw new Error(`a stored event cannot be read: ${event}`);
  return event;
}

function keysOf(auth: string): string[] {
  const keys: unknown = JSON.parse(auth);
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

/** `a` tags of replaceable events are written with and without the last colon. */
function canonicalAddress(address: string): string {
  const [kind = '', pubkey = ''] = address.split(':', 2);
  return isReplaceable(Number(kind)) ? `${kind}:${pubkey}:` : address;
}
