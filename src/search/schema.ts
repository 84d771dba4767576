/** The index's tables. Steps are appended, never edited (store/sql.ts). */

/**
 * `documents.rowid` is made from the time (see {@link rowOf}), so that FTS5, which returns rows in rowid order,
 * gives the newest first and takes a time range as a rowid range.
 *
 * The word tables are contentless: they keep the index and not the text, which nobody reads back from here.
 */
export const SEARCH_SCHEMA: readonly string[][] = [
  [
    `CREATE TABLE documents (
       rowid INTEGER PRIMARY KEY,
       value TEXT NOT NULL UNIQUE,
       event_id TEXT NOT NULL,
       author TEXT NOT NULL,
       subject INTEGER NOT NULL,
       heat REAL NOT NULL
     )`,
    'CREATE INDEX documents_by_heat ON documents (subject, heat)',
    'CREATE INDEX documents_by_author ON documents (author)',
    `CREATE VIRTUAL TABLE note_words USING fts5(
       title, body, author, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
    `CREATE VIRTUAL TABLE people_words USING fts5(
       title, body, author, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
    // What was counted for an event or a person, whether or not we have seen it.
    `CREATE TABLE tallies (
       value TEXT PRIMARY KEY,
       reactions INTEGER NOT NULL DEFAULT 0,
       reposts INTEGER NOT NULL DEFAULT 0,
       zappers INTEGER NOT NULL DEFAULT 0,
       zap_sats INTEGER NOT NULL DEFAULT 0,
       followers INTEGER NOT NULL DEFAULT 0
     ) WITHOUT ROWID`,
    // A key counts once per target and signal. The rowid keeps the order of arrival, by which old votes go.
    `CREATE TABLE votes (
       source TEXT NOT NULL UNIQUE,
       target TEXT NOT NULL,
       signal TEXT NOT NULL,
       voter TEXT NOT NULL,
       sats INTEGER NOT NULL,
       UNIQUE (voter, target, signal)
     )`,
    'CREATE TABLE follows (author TEXT PRIMARY KEY, created_s INTEGER NOT NULL, followed TEXT NOT NULL) WITHOUT ROWID',
    // What an author took back (NIP-09): versions of `value` up to `until_s` are not taken again.
    `CREATE TABLE tombstones (
       value TEXT NOT NULL,
       author TEXT NOT NULL,
       until_s INTEGER NOT NULL,
       UNIQUE (value, author)
     )`,
  ],
];

/** Rows of one second; a document that finds its row taken moves to the next free one. */
const ROWS_PER_SECOND = 1_048_576;

/** The first row of a second, which is also the end of the second before. @param time_s Unix s */
export function rowOf(time_s: number): number {
  return time_s * ROWS_PER_SECOND;
}

/** The Unix second a row was made from. */
export function timeOf(row: number): number {
  return Math.floor(row / ROWS_PER_SECOND);
}

/** Where in its second an event prefers to be: spread by its id, so that two rarely want the same row. */
export function offsetOf(eventId: string): number {
  return Number.parseInt(eventId.slice(0, 5), 16);
}
