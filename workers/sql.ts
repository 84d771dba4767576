/** The SQLite port over a durable object's storage. */
import type { Sql, SqlRow, SqlValue } from '../src/store/sql.ts';

/** The object's own database. Writes without an await between them commit together (PLATFORM, gates). */
export function durableSql(storage: DurableObjectStorage): Sql {
  return {
    all: <Row extends SqlRow>(query: string, ...parameters: SqlValue[]) =>
      storage.sql.exec<Row>(query, ...parameters).toArray(),
    run: (query, ...parameters) => storage.sql.exec(query, ...parameters).rowsWritten,
    transaction: (work) => storage.transactionSync(work),
  };
}
