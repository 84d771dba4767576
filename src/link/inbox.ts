/**
 * What an object keeps of its links: followed relays with their cursors, and the inbox of requests. A request is
 * in here before anything is awaited, so a crash at any later moment cannot lose it (RELIABILITY, promise 1).
 */
import { LINK_PURGE_ROWS } from '../limits.ts';
import { alreadyVerified, parseEvent, type VerifiedEvent } from '../nostr/event.ts';
import { first, migrate, type Sql } from '../store/sql.ts';

// WITHOUT ROWID: with a rowid the text key would be a second b-tree, and every write would be billed twice.
// `event` is null once the request was dispatched; the id stays against duplicates until `due_ms`.
const SCHEMA: readonly string[][] = [
  [
    `CREATE TABLE followed (
      url TEXT PRIMARY KEY, position INTEGER NOT NULL, cursor_s INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE inbox (
      id TEXT PRIMARY KEY, url TEXT NOT NULL, received_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
      attempts INTEGER NOT NULL, event TEXT
    ) WITHOUT ROWID`,
  ],
];

export interface FollowedRow {
  readonly url: string;
  /** Unix s up to which requests were seen. */
  readonly cursor_s: number;
}

export class Inbox {
  readonly #sql: Sql;
  /** Undispatched rows per relay; counting them in the table would cost a scan for every request. */
  readonly #waiting = new Map<string, number>();

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, SCHEMA);
    const rows = sql.all<{ url: string; n: number }>(
      'SELECT url, COUNT(*) AS n FROM inbox WHERE event IS NOT NULL GROUP BY url',
    );
    for (const { url, n } of rows) this.#waiting.set(url, n);
  }

  /** The followed relays, in order. */
  followed(): FollowedRow[] {
    return this.#sql.all<{ url: string; cursor_s: number }>(
      'SELECT url, cursor_s FROM followed ORDER BY position',
    );
  }

  /** Replaces the list. A relay that stays keeps its cursor; a new one starts at `now_s` (Unix s). */
  follow(urls: readonly string[], now_s: number): void {
    const cursors = new Map(this.followed().map(({ url, cursor_s }) => [url, cursor_s]));
    this.#sql.transaction(() => {
      this.#sql.run('DELETE FROM followed');
      for (const [position, url] of urls.entries()) {
        const cursor_s = cursors.get(url) ?? now_s;
        this.#sql.run(
          'INSERT INTO followed (url, position, cursor_s) VALUES (?, ?, ?)',
          url,
          position,
          cursor_s,
        );
      }
    });
  }

  saveCursor(url: string, cursor_s: number): void {
    this.#sql.run('UPDATE followed SET cursor_s = ? WHERE url = ?', cursor_s, url);
  }

  /** Whether a request is waiting here or was dispatched lately. */
  has(id: string): boolean {
    return first(this.#sql, 'SELECT 1 AS found FROM inbox WHERE id = ?', id) !== undefined;
  }

  /** Stores a request. The same id again changes nothing. */
  put(event: VerifiedEvent, url: string, now_ms: number): void {
    const { id, pubkey, kind, created_at, tags, content, sig } = event;
    const written = this.#sql.run(
      `INSERT INTO inbox (id, url, received_ms, due_ms, attempts, event) VALUES (?, ?, ?, ?, 0, ?)
       ON CONFLICT (id) DO NOTHING`,
      id,
      url,
      now_ms,
      now_ms,
      JSON.stringify({ id, pubkey, kind, created_at, tags, content, sig }),
    );
    if (written > 0) this.#waiting.set(url, this.waiting(url) + 1);
  }

  /** How many requests from that relay wait for dispatch. */
  waiting(url: string): number {
    return this.#waiting.get(url) ?? 0;
  }

  /** Relays with requests that wait, followed or no longer. */
  relaysWaiting(): string[] {
    return [...this.#waiting.keys()];
  }

  /** Requests of one relay that are due, oldest first. */
  due(url: string, now_ms: number, limit: number): VerifiedEvent[] {
    const rows = this.#sql.all<{ event: string }>(
      `SELECT event FROM inbox WHERE event IS NOT NULL AND url = ? AND due_ms <= ?
       ORDER BY received_ms, id LIMIT ?`,
      url,
      now_ms,
      limit,
    );
    return rows.map(({ event }) => {
      const parsed = parseEvent(JSON.parse(event));
      if (typeof parsed === 'string') throw new Error(`the inbox holds no event: ${parsed}`);
      return alreadyVerified(parsed);
    });
  }

  /** Notes that a request was taken, and keeps its id until `forgetAt_ms` (Unix ms). */
  done(id: string, url: string, forgetAt_ms: number): void {
    const written = this.#sql.run(
      'UPDATE inbox SET event = NULL, due_ms = ? WHERE id = ? AND event IS NOT NULL',
      forgetAt_ms,
      id,
    );
    if (written > 0) this.#leave(url, 1);
  }

  /** Notes a failed dispatch, to be tried again at what `dueAt_ms` says for the number of attempts so far. */
  failed(id: string, dueAt_ms: (attempts: number) => number): void {
    const row = first<{ attempts: number }>(this.#sql, 'SELECT attempts FROM inbox WHERE id = ?', id);
    if (row === undefined) return;
    const attempts = row.attempts + 1;
    this.#sql.run('UPDATE inbox SET attempts = ?, due_ms = ? WHERE id = ?', attempts, dueAt_ms(attempts), id);
  }

  /**
   * Forgets dispatched ids whose time is over, and gives up requests received before `giveUpBefore_ms`.
   *
   * @returns how many requests were given up
   */
  purge(now_ms: number, giveUpBefore_ms: number): number {
    this.#sql.run(
      'DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE event IS NULL AND due_ms <= ? LIMIT ?)',
      now_ms,
      LINK_PURGE_ROWS,
    );
    const stale = this.#sql.all<{ id: string; url: string }>(
      'SELECT id, url FROM inbox WHERE event IS NOT NULL AND received_ms < ? LIMIT ?',
      giveUpBefore_ms,
      LINK_PURGE_ROWS,
    );
    for (const { id, url } of stale) {
      this.#sql.run('DELETE FROM inbox WHERE id = ?', id);
      this.#leave(url, 1);
    }
    return stale.length;
  }

  #leave(url: string, n: number): void {
    const left = this.waiting(url) - n;
    if (left > 0) this.#waiting.set(url, left);
    else this.#waiting.delete(url);
  }
}
