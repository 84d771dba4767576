/** What others did with an event or a person, each key counted once, and the tallies made of it. */
import type { NostrEvent } from '../nostr/event.ts';
import { first, type Sql, type SqlRow } from '../store/sql.ts';
import { heat, NO_SIGNALS, type Signals } from './rank.ts';
import { SUBJECT, type Vote } from './read.ts';
import { timeOf } from './schema.ts';

/** Changes of one tally. */
interface Change {
  readonly reactions?: number;
  readonly reposts?: number;
  readonly zappers?: number;
  readonly zap_sats?: number;
  readonly followers?: number;
}

/** What was counted for an event id, an address or a public key. */
export function signalsOf(sql: Sql, value: string): Signals {
  return readSignals(first(sql, 'SELECT * FROM tallies WHERE value = ?', value));
}

/** Signals from a row that carries the columns of `tallies`; a row without them (an outer join) has none. */
export function readSignals(row: SqlRow | undefined): Signals {
  if (row === undefined) return NO_SIGNALS;
  const count = (name: string) => Number(row[name] ?? 0);
  return {
    reactions: count('reactions'),
    reposts: count('reposts'),
    zappers: count('zappers'),
    zap_sats: count('zap_sats'),
    followers: count('followers'),
  };
}

/**
 * Counts a vote unless this key has cast it already. Of several zaps of one sender the largest counts, whichever
 * came first.
 *
 * @param source id of the event that casts the vote
 */
export function takeVote(sql: Sql, source: string, vote: Vote): void {
  const author = first(sql, 'SELECT author FROM documents WHERE value = ?', vote.target)?.author;
  if (author === vote.voter) return;
  const earlier = first(
    sql,
    'SELECT rowid, sats FROM votes WHERE voter = ? AND target = ? AND signal = ?',
    vote.voter,
    vote.target,
    vote.signal,
  );
  if (earlier !== undefined) {
    const more = vote.sats - Number(earlier.sats);
    if (more <= 0) return;
    sql.run('UPDATE votes SET sats = ? WHERE rowid = ?', vote.sats, Number(earlier.rowid));
    tally(sql, vote.target, { zap_sats: more });
    return;
  }
  const stored = sql.all(
    `INSERT INTO votes (source, target, signal, voter, sats) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING RETURNING rowid`,
    source,
    vote.target,
    vote.signal,
    vote.voter,
    vote.sats,
  );
  if (stored.length > 0) tally(sql, vote.target, changeOf(vote.signal, 1, vote.sats));
}

/** Takes back the vote an event cast. A zap was paid and cannot be taken back. */
export function unvote(sql: Sql, source: string, voter: string): void {
  const rows = sql.all(
    `DELETE FROM votes WHERE source = ? AND voter = ? AND signal <> 'zap' RETURNING target, signal, sats`,
    source,
    voter,
  );
  for (const row of rows) uncount(sql, row);
}

/** Takes back everything a key ever said about others. */
export function forgetVotesOf(sql: Sql, voter: string): void {
  for (const row of sql.all('DELETE FROM votes WHERE voter = ? RETURNING target, signal, sats', voter)) {
    uncount(sql, row);
  }
  const list = sql.all('DELETE FROM follows WHERE author = ? RETURNING followed', voter)[0];
  for (const person of readList(list)) tally(sql, person, { followers: -1 });
}

/** Takes a follow list in the place of an older one of the same author; only what changed is counted. */
export function takeFollows(sql: Sql, event: NostrEvent, followed: readonly string[], now_s: number): void {
  const created_s = Math.min(event.created_at, now_s);
  const stored = first(sql, 'SELECT created_s, followed FROM follows WHERE author = ?', event.pubkey);
  if (stored !== undefined && Number(stored.created_s) >= created_s) return;
  const before = readList(stored);
  const after = new Set(followed);
  for (const person of after) if (!before.has(person)) tally(sql, person, { followers: 1 });
  for (const person of before) if (!after.has(person)) tally(sql, person, { followers: -1 });
  sql.run(
    `INSERT INTO follows (author, created_s, followed) VALUES (?, ?, ?)
     ON CONFLICT (author) DO UPDATE SET created_s = excluded.created_s, followed = excluded.followed`,
    event.pubkey,
    created_s,
    [...after].join(' '),
  );
}

/** The people a key follows, as far as we have seen. */
export function followsOfAuthor(sql: Sql, author: string): ReadonlySet<string> {
  return readList(first(sql, 'SELECT followed FROM follows WHERE author = ?', author));
}

function readList(row: SqlRow | undefined): Set<string> {
  const text = String(row?.followed ?? '');
  return new Set(text === '' ? [] : text.split(' '));
}

function uncount(sql: Sql, row: SqlRow): void {
  tally(sql, String(row.target), changeOf(String(row.signal), -1, -Number(row.sats)));
}

function changeOf(signal: string, times: number, sats: number): Change {
  switch (signal) {
    case 'reaction':
      return { reactions: times };
    case 'repost':
      return { reposts: times };
    case 'zap':
      return { zappers: times, zap_sats: sats };
    default:
      throw new RangeError(`no such signal: ${signal}`);
  }
}

/** Adds to a tally, and brings the heat of the document it is about up to date. */
function tally(sql: Sql, value: string, change: Change): void {
  const [row] = sql.all(
    `INSERT INTO tallies (value, reactions, reposts, zappers, zap_sats, followers) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (value) DO UPDATE SET
       reactions = reactions + excluded.reactions,
       reposts = reposts + excluded.reposts,
       zappers = zappers + excluded.zappers,
       zap_sats = zap_sats + excluded.zap_sats,
       followers = followers + excluded.followers
     RETURNING *`,
    value,
    change.reactions ?? 0,
    change.reposts ?? 0,
    change.zappers ?? 0,
    change.zap_sats ?? 0,
    change.followers ?? 0,
  );
  const document = first(sql, 'SELECT rowid, subject FROM documents WHERE value = ?', value);
  if (document === undefined) return;
  const at = Number(document.rowid);
  const created_s = document.subject === SUBJECT.person ? 0 : timeOf(at);
  sql.run('UPDATE documents SET heat = ? WHERE rowid = ?', heat(readSignals(row), created_s), at);
}
