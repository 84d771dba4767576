/** The SQLite port over Node's own SQLite, for what runs the code of durable objects under Node: unit tests and `npm run arena`. */
import { DatabaseSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../src/store/sql.ts';

/** A fresh in-memory database, or the file named. */
export function nodeSql(path = ':memory:'): Sql & { close(): void } {
  const db = new DatabaseSync(path);
  const bind = (parameters: SqlValue[]) =>
    parameters.map((p) => (p instanceof ArrayBuffer ? new Uint8Array(p) : p));
  return {
    // node:sqlite types its rows loosely; the caller names the row type exactly as with the platform's own API.
    all: <Row extends SqlRow>(query: string, ...parameters: SqlValue[]) =>
      db.prepare(query).all(...bind(parameters)) as Row[],
    run: (query, ...parameters) => Number(db.prepare(query).run(...bind(parameters)).changes),
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
