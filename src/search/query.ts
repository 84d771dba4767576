/** Answers a search. Reads only; how much it reads is bounded by SEARCH_MAX_CANDIDATES. */
import { SEARCH_MAX_CANDIDATES } from '../limits.ts';
import type { Sql, SqlRow } from '../store/sql.ts';
import type { SearchHit, SearchQuery } from './model.ts';
import { popularScore, textScore } from './rank.ts';
import { SUBJECT } from './read.ts';
import { rowOf, timeOf } from './schema.ts';
import { followsOfAuthor, readSignals } from './votes.ts';
import { matchExpression, words } from './words.ts';

/** Beside what is hot everywhere, this much of what the viewer's follows wrote lately is looked at. */
const FOLLOWED_WINDOW_S = 604_800;
const LAST_ROW = Number.MAX_SAFE_INTEGER;

interface Scored {
  readonly value: string;
  readonly row: number;
  readonly score: number;
}

/** Results by score, best first; between equals the newer, so that the order is always the same. */
export function search(sql: Sql, query: SearchQuery): SearchHit[] {
  const limit = Math.max(0, Math.min(Math.floor(query.limit), SEARCH_MAX_CANDIDATES));
  const terms = words(query.text);
  const scored = terms.length > 0 ? byWords(sql, query, terms) : byHeat(sql, query, limit);
  scored.sort((a, b) => b.score - a.score || b.row - a.row);
  return scored.slice(0, limit).map(({ value, score }) => ({ tag: tagOf(query, value), value, score }));
}

/** All words first; only when no text has them all, any of them. */
function byWords(sql: Sql, query: SearchQuery, terms: readonly string[]): Scored[] {
  const rows = matches(sql, query, terms, 'all');
  const found = rows.length > 0 || terms.length === 1 ? rows : matches(sql, query, terms, 'any');
  // bm25 is negative, and the better the lower. Tiny indexes give values near zero, so it is taken relative to the best.
  let best = 0;
  for (const row of found) best = Math.min(best, Number(row.bm));
  const followed = followedBy(sql, query);
  const people = query.subject === 'people';
  return found.map((row) => ({
    value: String(row.value),
    row: Number(row.rowid),
    score: textScore({
      relevance: best === 0 ? 1 : Number(row.bm) / best,
      signals: readSignals(row),
      age_s: people ? 0 : query.now_ms / 1000 - timeOf(Number(row.rowid)),
      followed: followed.has(String(row.author)),
    }),
  }));
}

function matches(sql: Sql, query: SearchQuery, terms: readonly string[], mode: 'all' | 'any'): SqlRow[] {
  const people = query.subject === 'people';
  const table = people ? 'people_words' : 'note_words';
  const expression = matchExpression(terms, {
    mode,
    prefix: people,
    ...(query.authors === undefined ? {} : { authors: query.authors }),
  });
  if (query.authors?.length === 0) return [];
  return sql.all(
    `SELECT d.rowid AS rowid, d.value AS value, d.author AS author, w.bm AS bm,
            t.reactions, t.reposts, t.zappers, t.zap_sats, t.followers
     FROM (SELECT rowid, bm25(${table}, 4.0, 1.0, 0.0) AS bm FROM ${table}
           WHERE ${table} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?) AS w
     JOIN documents AS d ON d.rowid = w.rowid
     LEFT JOIN tallies AS t ON t.value = d.value`,
    expression,
    firstRow(query),
    lastRow(query),
    SEARCH_MAX_CANDIDATES,
  );
}

function byHeat(sql: Sql, query: SearchQuery, limit: number): Scored[] {
  const people = query.subject === 'people';
  const subject = people ? SUBJECT.person : SUBJECT.note;
  const columns = 'SELECT rowid, value, author, heat FROM documents';
  const range = [firstRow(query), lastRow(query)];
  const followed = followedBy(sql, query);
  const rows =
    query.authors === undefined
      ? sql.all(
          `${columns} WHERE subject = ? AND rowid BETWEEN ? AND ? ORDER BY heat DESC LIMIT ?`,
          subject,
          ...range,
          limit,
        )
      : fromAuthors(sql, query.authors, subject, range);
  if (followed.size > 0 && query.authors === undefined) {
    const since = Math.max(firstRow(query), rowOf(Math.floor(query.now_ms / 1000) - FOLLOWED_WINDOW_S));
    rows.push(...fromAuthors(sql, [...followed], subject, [people ? 0 : since, lastRow(query)]));
  }
  const unique = new Map(rows.map((row) => [String(row.value), row]));
  return [...unique.values()].map((row) => ({
    value: String(row.value),
    row: Number(row.rowid),
    score: popularScore(Number(row.heat), people ? 0 : query.now_ms / 1000, followed.has(String(row.author))),
  }));
}

/** The keys travel as one JSON parameter: the platform allows a hundred parameters in all. */
function fromAuthors(
  sql: Sql,
  authors: readonly string[],
  subject: number,
  range: readonly number[],
): SqlRow[] {
  return sql.all(
    `SELECT rowid, value, author, heat FROM documents
     WHERE author IN (SELECT value FROM json_each(?)) AND +subject = ? AND rowid BETWEEN ? AND ?
     ORDER BY heat DESC LIMIT ?`,
    JSON.stringify(authors),
    subject,
    ...range,
    SEARCH_MAX_CANDIDATES,
  );
}

function followedBy(sql: Sql, query: SearchQuery): ReadonlySet<string> {
  return query.viewer === undefined ? new Set() : followsOfAuthor(sql, query.viewer);
}

function firstRow(query: SearchQuery): number {
  return query.since_s === undefined ? 0 : Math.min(LAST_ROW, rowOf(Math.max(0, Math.floor(query.since_s))));
}

function lastRow(query: SearchQuery): number {
  return query.until_s === undefined
    ? LAST_ROW
    : Math.max(-1, Math.min(LAST_ROW, rowOf(Math.floor(query.until_s) + 1) - 1));
}

function tagOf(query: SearchQuery, value: string): SearchHit['tag'] {
  if (query.subject === 'people') return 'p';
  return value.includes(':') ? 'a' : 'e';
}
