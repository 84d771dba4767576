/** The payouts of one account object, as rows: what the machine knows, and whose money goes where. */
import * as z from 'zod';
import { ACCOUNT_SCHEMA } from '../../store/account-schema.ts';
import { first, migrate, type Sql, type SqlRow } from '../../store/sql.ts';
import { isAccount } from '../ledger.ts';
import type { Source } from '../ledger-entries.ts';
import { toJson } from '../msats.ts';
import { type Payout, payoutSchema } from '../payout.ts';

/** `returned`: it ended without a payment, and the money is where it came from. */
const STATUSES = ['open', 'paid', 'returned', 'cancelled'] as const;
export type PayoutStatus = (typeof STATUSES)[number];

export interface PayoutRow {
  readonly source: Source;
  /** Lightning address; null where an invoice was handed in, which is all there is to pay. */
  readonly destination: string | null;
  /** At most one is open. */
  readonly status: PayoutStatus;
  readonly payout: Payout;
  /** Why the last try brought nothing, or why it ended without a payment; a code of ours. */
  readonly problem: string | null;
  readonly openedAt_ms: number;
  readonly closedAt_ms: number | null;
}

const rowSchema = z.object({
  source: z.string().refine(isSource, 'is nothing money goes out from'),
  destination: z.string().nullable(),
  status: z.enum(STATUSES),
  payout: z.string().transform((text) => payoutSchema.parse(JSON.parse(text))),
  problem: z.string().nullable(),
  opened_at: z.number(),
  closed_at: z.number().nullable(),
});

export class PayoutStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, ACCOUNT_SCHEMA);
  }

  /** Writes a payout. Throws when another one is open: whoever calls has looked. */
  save({ source, destination, status, payout, problem, openedAt_ms, closedAt_ms }: PayoutRow): void {
    this.#sql.run(
      `INSERT INTO payouts (id, source, destination, status, payout, problem, opened_at, closed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, payout = excluded.payout,
         problem = excluded.problem, closed_at = excluded.closed_at`,
      payout.id,
      source,
      destination,
      status,
      toJson(payout),
      problem,
      openedAt_ms,
      closedAt_ms,
    );
  }

  open(): PayoutRow | null {
    return rowOf(first(this.#sql, "SELECT * FROM payouts WHERE status = 'open'"));
  }

  find(id: string): PayoutRow | null {
    return rowOf(first(this.#sql, 'SELECT * FROM payouts WHERE id = ?', id));
  }

  /** Newest first. */
  list(limit: number): PayoutRow[] {
    const rows = this.#sql.all('SELECT * FROM payouts ORDER BY seq DESC LIMIT ?', limit);
    return rows.flatMap((row) => rowOf(row) ?? []);
  }
}

function rowOf(stored: SqlRow | undefined): PayoutRow | null {
  if (stored === undefined) return null;
  const { opened_at: openedAt_ms, closed_at: closedAt_ms, ...row } = rowSchema.parse(stored);
  return { ...row, openedAt_ms, closedAt_ms };
}

function isSource(name: string): name is Source {
  return isAccount(name) && /^(?:payee:|credit:|revenue$|capital$)/.test(name);
}
