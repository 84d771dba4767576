/** The SQLite port over Node's own SQLite, for what runs the code of durable objects under Node: unit tests and `npm run arena`. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../src/store/sql.ts';

/** Statements kept prepared. The code asks by a few dozen texts; those with lists of parameters have many lengths. */
const KEPT_STATEMENTS = 200;

/** A fresh in-memory database, or the file named. */
export function nodeSql(path = ':memory:'): Sql & { close(): void } {
  const db = new DatabaseSync(path);
  const kept = new Map<string, StatementSync>();
  const prepared = (query: string): StatementSync => {
    let statement = kept.get(query);
    if (statement === undefined) {
      if (kept.size >= KEPT_STATEMENTS) kept.clear();
      statement = db.prepare(query);
      kept.set(query, statement);
    }
    return statement;
  };
  const bind = (parameters: SqlValue[]) =>
    parameters.map((p) => (p instanceof ArrayBuffer ? new Uint8Array(p) : p));
  return {
    // node:sqlite types its rows loosely; the caller names the row type exactly as with the platform's own API.
    all: <Row extends SqlRow>(query: string, ...parameters: SqlValue[]) =>
      prepared(query).all(...bind(parameters)) as Row[],
    run: (query, ...parameters) => Number(prepared(query).run(...bind(parameters)).changes),
    transaction(work) {
      db.exec('BEGIN');
      try {
        const value = work();
        db.exec('COMMIT');
        return value;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}
