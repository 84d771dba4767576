/** Questions to the ledger in the record that look at all of it: for the operator's figures and for its check. */
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { D1_MAX_PARAMETERS } from '../limits.ts';
import { chunks, type Db } from './db.ts';
import type { LedgerLine } from './ledger.ts';
import { ledger, ledgerSums } from './schema.ts';

/** Debit minus credit by kind of account, msats: `credit` is the sum over all `credit:<client>`. */
export type KindSums = Readonly<Record<string, number>>;

/** What stands on an account. */
export interface AccountSum {
  readonly account: string;
  /** Debit positive, msats. */
  readonly msats: number;
  /** When it moved last, Unix ms. */
  readonly newest_ms: number;
}

/** What the postings under one key add up to. */
export interface EntrySum {
  readonly key: string;
  /** Debit positive, msats. */
  readonly msats: number;
}

// The ledger is append only and SQLite numbers rows as they come, so "newer than this line" is a range of row numbers.
const rowid = sql<number>`${ledger}.rowid`;
const total = sql<number>`sum(${ledger.amount_msats})`;
const newest = sql<number>`max(${ledger.at_ms})`;
const kind = sql<string>`substr(${ledger.account}, 1, instr(${ledger.account} || ':', ':') - 1)`;

const sumsJson = z.record(z.string(), z.int());

/**
 * The sums by kind as of now, from the last ones kept and the lines since then, so that asking often reads little.
 * {@link ledgerKinds} counts from nothing.
 */
export async function currentKindSums(db: Db): Promise<KindSums> {
  const kept = await db.select().from(ledgerSums).where(eq(ledgerSums.id, 1)).get();
  const upto = kept?.upto ?? 0;
  const sums: Record<string, number> = kept === undefined ? {} : sumsJson.parse(JSON.parse(kept.sums));
  const fresh = await sumsByKind(db, sql`${rowid} > ${upto}`);
  if (fresh.length === 0) return sums;
  for (const { name, msats } of fresh) sums[name] = (sums[name] ?? 0) + msats;
  const row = { id: 1, upto: Math.max(...fresh.map(({ last }) => last)), sums: JSON.stringify(sums) };
  // Sums and the line they reach are right together, so it does not matter who of several writes last.
  await db
    .insert(ledgerSums)
    .values(row)
    .onConflictDoUpdate({ target: ledgerSums.id, set: { upto: row.upto, sums: row.sums } });
  return sums;
}

/** The sums by kind over every line. */
export async function ledgerKinds(db: Db): Promise<KindSums> {
  const rows = await sumsByKind(db, undefined);
  return Object.fromEntries(rows.map(({ name, msats }) => [name, msats]));
}

async function sumsByKind(db: Db, where: SQL | undefined) {
  return await db
    .select({ name: kind, msats: total, last: sql<number>`max(${rowid})` })
    .from(ledger)
    .where(where)
    .groupBy(kind)
    .all();
}

/**
 * Accounts that may be worth a word, by name: those that hold less than nothing, and those of a kind that have not
 * moved for long and hold something.
 *
 * @param debitKinds kinds of accounts that hold something on the debit side
 */
export async function suspectAccounts(
  db: Db,
  debitKinds: readonly string[],
  idle: { readonly kind: string; readonly before_ms: number },
  limit: number,
): Promise<AccountSum[]> {
  const below = sql`CASE WHEN ${inArray(kind, [...debitKinds])} THEN ${total} < 0 ELSE ${total} > 0 END`;
  const resting = sql`(${kind} = ${idle.kind} AND ${newest} < ${idle.before_ms})`;
  return await db
    .select({ account: ledger.account, msats: total, newest_ms: newest })
    .from(ledger)
    .groupBy(ledger.account)
    .having(sql`${total} <> 0 AND (${below} OR ${resting})`)
    .orderBy(asc(ledger.account))
    .limit(limit)
    .all();
}

/** Entries whose postings do not add up to nothing, by key: there are none, unless the ledger was damaged. */
export async function unbalancedEntries(db: Db, limit: number): Promise<EntrySum[]> {
  return await db
    .select({ key: ledger.key, msats: total })
    .from(ledger)
    .groupBy(ledger.key)
    .having(sql`${total} <> 0`)
    .orderBy(asc(ledger.key))
    .limit(limit)
    .all();
}

/** The newest lines of some accounts, newest first. */
export async function newestLines(db: Db, accounts: readonly string[], limit: number): Promise<LedgerLine[]> {
  return await db
    .select()
    .from(ledger)
    .where(inArray(ledger.account, [...accounts]))
    .orderBy(sql`${rowid} DESC`)
    .limit(limit)
    .all();
}

/** The lines of some accounts under some keys. */
export async function linesUnder(
  db: Db,
  accounts: readonly string[],
  keys: readonly string[],
): Promise<LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for (const some of chunks(keys, D1_MAX_PARAMETERS - accounts.length))
    lines.push(
      ...(await db
        .select()
        .from(ledger)
        .where(and(inArray(ledger.key, some), inArray(ledger.account, [...accounts])))
        .all()),
    );
  return lines;
}
