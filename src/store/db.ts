/** The marketplace's database: drizzle over a D1 binding. */
import { type AnyD1Database, type DrizzleD1Database, drizzle } from 'drizzle-orm/d1';

export type Db = DrizzleD1Database;

/** Opens the record. Costs no request; the binding is the connection. */
export function openDb(client: AnyD1Database): Db {
  return drizzle(client);
}

/** Splits a list into parts of at most `size`, because a statement takes a bounded number of parameters. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < list.length; from += size) parts.push(list.slice(from, from + size));
  return parts;
}
