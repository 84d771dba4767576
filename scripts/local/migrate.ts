/**
 * Applies `migrations/` to the local D1. It keeps the same table as `wrangler d1 migrations apply`, so either may
 * follow the other; doing it over the open database takes milliseconds where the command takes seconds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { D1Database } from '@cloudflare/workers-types';
import { ROOT } from './state.ts';

/** What drizzle-kit writes between two statements. */
const BREAKPOINT = '--> statement-breakpoint';

/**
 * Applies what is missing, each file in one transaction with its record, so that a kill leaves it done or not begun.
 *
 * @returns names of the files applied now
 */
export async function applyMigrations(db: D1Database): Promise<string[]> {
  await db
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, ' +
        'applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run();
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const folder = join(ROOT, 'migrations');
  const missing = readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !applied.has(name))
    .toSorted();
  for (const name of missing) {
    const statements = readFileSync(join(folder, name), 'utf8')
      .split(BREAKPOINT)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    await db.batch([
      ...statements.map((statement) => db.prepare(statement)),
      db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
  return missing;
}
