/**
 * Takes verified events into the index. Everything here may happen twice and in any order with the same end:
 * notes are told apart by id, versions by time, votes by (voter, target, signal).
 */
import { SEARCH_MAX_AGE_S } from '../limits.ts';
import { type NostrEvent, tagValues } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import { first, type Sql, type SqlRow } from '../store/sql.ts';
import { heat } from './rank.ts';
import { type Document, documentOf, followsOf, SUBJECT, type Subject, voteOf } from './read.ts';
import { offsetOf, rowOf, timeOf } from './schema.ts';
import { forgetVotesOf, signalsOf, takeFollows, takeVote, unvote } from './votes.ts';
import { indexable } from './words.ts';

/** Addresses (NIP-01 `a`) are the longest values; a longer one is no honest one. */
const MAX_VALUE_CHARS = 512;
/** Events one deletion may name: each costs a row whether or not we have the event. */
const MAX_DELETED = 200;

export interface IngestOptions {
  /** Unix s. What claims to be newer is taken as of now, so that nobody buys a place with a wrong clock. */
  readonly now_s: number;
  /** This relay's own URL, for requests to vanish (NIP-62) that name it. */
  readonly ownRelay: string;
}

/** Takes one event, inside the caller's transaction; kinds the index does not know are passed over. */
export function takeEvent(sql: Sql, event: NostrEvent, options: IngestOptions): void {
  const document = documentOf(event);
  if (event.kind === KIND.deletion) takeDeletion(sql, event);
  else if (event.kind === KIND.vanish) takeVanish(sql, event, options.ownRelay);
  else if (document !== null) takeDocument(sql, event, document, options.now_s);
  else takeWord(sql, event, options.now_s);
}

/** Removes a document and its words. Its tally stays: a newer version goes on with it. */
export function removeDocument(sql: Sql, row: number, subject: Subject): void {
  sql.run('DELETE FROM documents WHERE rowid = ?', row);
  sql.run(`DELETE FROM ${wordTable(subject)} WHERE rowid = ?`, row);
}

/** The table that holds the words of a subject. */
export function wordTable(subject: Subject): 'note_words' | 'people_words' {
  return subject === SUBJECT.person ? 'people_words' : 'note_words';
}

function takeDocument(sql: Sql, event: NostrEvent, document: Document, now_s: number): void {
  const { subject, value } = document;
  if (value.length > MAX_VALUE_CHARS) return;
  if (subject !== SUBJECT.person && event.created_at < now_s - SEARCH_MAX_AGE_S) return;
  for (const grave of new Set([value, event.id, event.pubkey])) if (isTakenBack(sql, grave, event)) return;
  const created_s = Math.min(event.created_at, now_s);
  const stored = first(sql, 'SELECT rowid, event_id FROM documents WHERE value = ?', value);
  if (stored !== undefined) {
    if (!document.replaceable || !isNewer(event.id, created_s, stored)) return;
    removeDocument(sql, Number(stored.rowid), subject);
  }
  const row = freeRow(sql, rowOf(created_s) + offsetOf(event.id));
  sql.run(
    'INSERT INTO documents (rowid, value, event_id, author, subject, heat) VALUES (?, ?, ?, ?, ?, ?)',
    row,
    value,
    event.id,
    event.pubkey,
    subject,
    heat(signalsOf(sql, value), subject === SUBJECT.person ? 0 : created_s),
  );
  sql.run(
    `INSERT INTO ${wordTable(subject)} (rowid, title, body, author) VALUES (?, ?, ?, ?)`,
    row,
    indexable(document.title),
    indexable(document.body),
    event.pubkey,
  );
}

/** Takes what an event says about others: a follow list or a vote. */
function takeWord(sql: Sql, event: NostrEvent, now_s: number): void {
  const follows = followsOf(event);
  const vote = follows === null ? voteOf(event) : null;
  if (follows === null && vote === null) return;
  if (isTakenBack(sql, event.id, event) || isTakenBack(sql, event.pubkey, event)) return;
  if (follows !== null) takeFollows(sql, event, follows, now_s);
  if (vote !== null && vote.target.length <= MAX_VALUE_CHARS) takeVote(sql, event.id, vote);
}

/** NIP-01: the newer version stays, of two from the same second the one with the lower id. */
function isNewer(id: string, created_s: number, stored: SqlRow): boolean {
  const storedAt_s = timeOf(Number(stored.rowid));
  return created_s > storedAt_s || (created_s === storedAt_s && id < String(stored.event_id));
}

/** NIP-09: only what the author of the deletion wrote goes; of an address, the versions up to the deletion. */
function takeDeletion(sql: Sql, event: NostrEvent): void {
  for (const id of tagValues(event, 'e').slice(0, MAX_DELETED)) {
    bury(sql, id, event.pubkey, Number.MAX_SAFE_INTEGER);
    removeWhere(sql, 'author = ? AND event_id = ?', event.pubkey, id);
    unvote(sql, id, event.pubkey);
  }
  for (const address of tagValues(event, 'a').slice(0, MAX_DELETED)) {
    if (address.split(':')[1] !== event.pubkey) continue;
    bury(sql, address, event.pubkey, event.created_at);
    removeWhere(sql, 'value = ? AND rowid < ?', address, rowOf(event.created_at + 1));
  }
}

/** NIP-62: everything its author wrote up to then goes, when the request names this relay or all relays. */
function takeVanish(sql: Sql, event: NostrEvent, ownRelay: string): void {
  const named = tagValues(event, 'relay').map((url) => url.replace(/\/$/, ''));
  if (!named.includes('ALL_RELAYS') && !named.includes(ownRelay)) return;
  bury(sql, event.pubkey, event.pubkey, event.created_at);
  removeWhere(sql, 'author = ? AND rowid < ?', event.pubkey, rowOf(event.created_at + 1));
  forgetVotesOf(sql, event.pubkey);
}

function removeWhere(sql: Sql, condition: string, ...parameters: (string | number)[]): void {
  for (const row of sql.all(`SELECT rowid, subject FROM documents WHERE ${condition}`, ...parameters)) {
    removeDocument(sql, Number(row.rowid), row.subject === SUBJECT.person ? SUBJECT.person : SUBJECT.note);
  }
}

function bury(sql: Sql, value: string, author: string, until_s: number): void {
  if (value.length > MAX_VALUE_CHARS) return;
  sql.run(
    `INSERT INTO tombstones (value, author, until_s) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET until_s = max(until_s, excluded.until_s)`,
    value,
    author,
    until_s,
  );
}

function isTakenBack(sql: Sql, value: string, event: NostrEvent): boolean {
  const grave = first(
    sql,
    'SELECT until_s FROM tombstones WHERE value = ? AND author = ?',
    value,
    event.pubkey,
  );
  return grave !== undefined && event.created_at <= Number(grave.until_s);
}

function freeRow(sql: Sql, preferred: number): number {
  let row = preferred;
  while (first(sql, 'SELECT 1 AS taken FROM documents WHERE rowid = ?', row) !== undefined) row++;
  return row;
}
