/** The synchronous SQLite port: a durable object's storage in workerd, `node:sqlite` in unit tests. */

export type SqlValue = string | number | null | ArrayBuffer;
export type SqlRow = Record<string, SqlValue>;

export interface Sql {
  /** All rows of one statement. At most 100 bound parameters (the platform's limit). */
  all<Row extends SqlRow = SqlRow>(query: string, ...parameters: SqlValue[]): Row[];
  /** Runs a statement; how many rows it wrote. */
  run(query: string, ...parameters: SqlValue[]): number;
  /** Runs `work` in one transaction: all of it is stored or none. Nesting is a bug. */
  transaction<T>(work: () => T): T;
}

/** The first row, or undefined. */
export function first<Row extends SqlRow = SqlRow>(
  sql: Sql,
  query: string,
  ...parameters: SqlValue[]
): Row | undefined {
  return sql.all<Row>(query, ...parameters)[0];
}

/**
 * Brings an object's schema to the newest version: `steps[i]` leads from version i to i + 1, and each runs once.
 * Steps are only ever appended, never edited: stored objects wake with any older version.
 *
 * @param part a part of the object that keeps its own tables, and so its own version; a constant of the program
 */
export function migrate(
  sql: Sql,
  steps: readonly string[][],
  part?: 'loop' | 'team' | 'hire' | 'external',
): void {
  const table = part === undefined ? 'schema_version' : `schema_version_${part}`;
  sql.run(
    `CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)`,
  );
  const version = Number(first(sql, `SELECT version FROM ${table} WHERE id = 1`)?.version ?? 0);
  if (version >= steps.length) return;
  sql.transaction(() => {
    for (const step of steps.slice(version)) for (const statement of step) sql.run(statement);
    sql.run(
      `INSERT INTO ${table} (id, version) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
      steps.length,
    );
  });
}
