/** The marketplace's ledger in the record: one line per posting, append only. The clients' accounts are its writers. */
import { sql } from 'drizzle-orm';
import { D1_MAX_PARAMETERS } from '../limits.ts';
import { chunks, type Db } from './db.ts';
import { ledger } from './schema.ts';

/** One posting as the record keeps it. */
export interface LedgerLine {
  readonly key: string;
  readonly account: string;
  /** Debit positive, msats. */
  readonly amount_msats: number;
  readonly at_ms: number;
}

const LINES_PER_STATEMENT = Math.floor(D1_MAX_PARAMETERS / 4);

/** Appends lines, in one transaction. Repeat-safe: a line that is there stays as it is. */
export async function insertLedgerLines(db: Db, lines: readonly LedgerLine[]): Promise<void> {
  const [head, ...tail] = chunks(lines, LINES_PER_STATEMENT).map((part) =>
    db.insert(ledger).values(part).onConflictDoNothing(),
  );
  if (head !== undefined) await db.batch([head, ...tail]);
}

/** The sum over all lines, msats: nothing, at any moment. */
export async function ledgerSum(db: Db): Promise<number> {
  const row = await db
    .select({ sum: sql<number>`coalesce(sum(${ledger.amount_msats}), 0)` })
    .from(ledger)
    .get();
  return row?.sum ?? 0;
}
