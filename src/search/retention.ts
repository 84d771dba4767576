/** Keeps the index within its limits: old notes go by age, then the least popular, then the oldest bookkeeping. */
import {
  SEARCH_MAX_AGE_S,
  SEARCH_MAX_FOLLOW_LISTS,
  SEARCH_MAX_NOTES,
  SEARCH_MAX_PEOPLE,
  SEARCH_MAX_REPLIES,
  SEARCH_MAX_TALLIES,
  SEARCH_MAX_TOMBSTONES,
  SEARCH_MAX_VOTES,
} from '../limits.ts';
import { first, type Sql } from '../store/sql.ts';
import { removeDocument } from './ingest.ts';
import { SUBJECT, type Subject } from './read.ts';
import { rowOf } from './schema.ts';

/** How much is kept of each. Tests shrink it. */
export interface Retention {
  readonly notes: number;
  readonly replies: number;
  readonly people: number;
  readonly votes: number;
  readonly tallies: number;
  readonly followLists: number;
  readonly tombstones: number;
  /** s */
  readonly maxAge_s: number;
}

export const RETENTION: Retention = {
  notes: SEARCH_MAX_NOTES,
  replies: SEARCH_MAX_REPLIES,
  people: SEARCH_MAX_PEOPLE,
  votes: SEARCH_MAX_VOTES,
  tallies: SEARCH_MAX_TALLIES,
  followLists: SEARCH_MAX_FOLLOW_LISTS,
  tombstones: SEARCH_MAX_TOMBSTONES,
  maxAge_s: SEARCH_MAX_AGE_S,
};

/** Removes what is over the limits. @param now_s Unix s */
export function prune(sql: Sql, keep: Retention, now_s: number): void {
  removeAll(sql, SUBJECT.note, 'rowid < ?', rowOf(now_s - keep.maxAge_s));
  removeAll(sql, SUBJECT.reply, 'rowid < ?', rowOf(now_s - keep.maxAge_s));
  removeColdest(sql, SUBJECT.note, keep.notes);
  removeColdest(sql, SUBJECT.reply, keep.replies);
  removeColdest(sql, SUBJECT.person, keep.people);
  // A key whose vote was forgotten may vote again; by then the note has long cooled down.
  removeFirst(sql, 'votes', keep.votes);
  removeFirst(sql, 'tombstones', keep.tombstones);
  const lists = count(sql, 'follows') - keep.followLists;
  if (lists > 0) {
    sql.run(
      'DELETE FROM follows WHERE author IN (SELECT author FROM follows ORDER BY created_s LIMIT ?)',
      lists,
    );
  }
  const tallies = count(sql, 'tallies') - keep.tallies;
  if (tallies > 0) {
    sql.run(
      `DELETE FROM tallies WHERE value IN (
         SELECT value FROM tallies WHERE value NOT IN (SELECT value FROM documents) LIMIT ?)`,
      tallies,
    );
  }
}

function removeColdest(sql: Sql, subject: Subject, keep: number): void {
  const stored = first(sql, 'SELECT count(*) AS n FROM documents WHERE subject = ?', subject);
  const over = Number(stored?.n ?? 0) - keep;
  if (over <= 0) return;
  const coldest = sql.all(
    'SELECT rowid FROM documents WHERE subject = ? ORDER BY heat LIMIT ?',
    subject,
    over,
  );
  for (const row of coldest) removeDocument(sql, Number(row.rowid), subject);
}

function removeAll(sql: Sql, subject: Subject, condition: string, parameter: number): void {
  const rows = sql.all(`SELECT rowid FROM documents WHERE ${condition} AND +subject = ?`, parameter, subject);
  for (const row of rows) removeDocument(sql, Number(row.rowid), subject);
}

function removeFirst(sql: Sql, table: 'votes' | 'tombstones', keep: number): void {
  const over = count(sql, table) - keep;
  if (over <= 0) return;
  sql.run(`DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} ORDER BY rowid LIMIT ?)`, over);
}

function count(sql: Sql, table: 'votes' | 'tombstones' | 'follows' | 'tallies'): number {
  return Number(first(sql, `SELECT count(*) AS n FROM ${table}`)?.n ?? 0);
}
