/**
 * The part of D1 that drizzle uses, over Node's own SQLite, with the migrations applied. Stricter than a local D1
 * where the platform is: it refuses more than 100 parameters. It can be told to fail, and it keeps what it was asked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { D1_MAX_PARAMETERS } from '../../src/limits.ts';
import { type Db, openDb } from '../../src/store/db.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

export interface NodeD1 {
  readonly db: Db;
  /** Every statement run so far, in order. */
  readonly statements: string[];
  /** Set to make every statement fail with it. */
  failure: Error | null;
  /** The rows of a query without parameters. */
  rows(query: string): Record<string, unknown>[];
  /** SQLite's plan of a statement, one line per step. */
  plan(statement: string): string[];
}

/** A fresh, empty database with the newest schema. */
export function nodeD1(): NodeD1 {
  const sqlite = new DatabaseSync(':memory:');
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort()) {
    sqlite.exec(readFileSync(new URL(file, MIGRATIONS), 'utf8'));
  }
  const statements: string[] = [];
  const run = (query: string, parameters: SQLInputValue[]) => {
    if (node.failure !== null) throw node.failure;
    if (parameters.length > D1_MAX_PARAMETERS) throw new Error('D1_ERROR: too many SQL variables');
    statements.push(query);
    return sqlite.prepare(query).all(...parameters);
  };
  const prepare = (query: string, parameters: SQLInputValue[] = []) => ({
    bind: (...values: SQLInputValue[]) => prepare(query, values),
    run: async () => ({ success: true, results: run(query, parameters), meta: {} }),
    all: async () => ({ success: true, results: run(query, parameters), meta: {} }),
    raw: async () => run(query, parameters).map((row) => Object.values(row)),
    execute: () => ({ success: true, results: run(query, parameters), meta: {} }),
  });
  const client = {
    prepare: (query: string) => prepare(query),
    batch: async (list: ReturnType<typeof prepare>[]) => {
      sqlite.exec('BEGIN');
      try {
        const results = list.map((statement) => statement.execute());
        sqlite.exec('COMMIT');
        return results;
      } catch (error) {
        sqlite.exec('ROLLBACK');
        throw error;
      }
    },
  };
  const node: NodeD1 = {
    db: openDb(client),
    statements,
    failure: null,
    rows: (query) =>
      sqlite
        .prepare(query)
        .all()
        .map((row) => ({ ...row })),
    plan: (statement) =>
      sqlite
        .prepare(`EXPLAIN QUERY PLAN ${statement}`)
        .all(...Array<null>(statement.split('?').length - 1).fill(null))
        .map((row) => String(row.detail)),
  };
  return node;
}
