/** What a client may see of its account, and the same as plain JSON for calls between objects. */
import * as z from 'zod';
import { JOB_ERROR_CODES } from '../../errors.ts';
import { isMsats, type Msats, msats, msatsSchema, ZERO_MSATS } from '../msats.ts';
import type { BookStore } from './book-store.ts';
import type { PayoutView } from './payout-desk.ts';

export interface AccountStatement {
  /** Paid and not used. */
  readonly credit: Msats;
  /** Delivered and not paid, or lent for postpaid jobs that are not over. */
  readonly owing: Msats;
  /** Set aside for jobs that are not over. */
  readonly setAside: Msats;
  /** The newest refunds, newest first. */
  readonly refunds: readonly PayoutView[];
}

export function statementOf(
  client: string,
  books: BookStore,
  refunds: readonly PayoutView[],
): AccountStatement {
  const jobs = [...books.balances()].filter(([account]) => account.startsWith('job:'));
  return {
    credit: msats(books.balance(`credit:${client}`)),
    owing: msats(books.balance(`owing:${client}`)),
    setAside: msats(jobs.reduce((sum, [, amount]) => sum + amount, 0n)),
    refunds,
  };
}

/** Of the credit what may be paid back: what is owed is not the client's to take. */
export function refundableOf({ credit, owing }: AccountStatement): Msats {
  const left = credit - owing;
  return isMsats(left) ? left : ZERO_MSATS;
}

export const payoutJson = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'sending', 'paid', 'returned', 'cancelled']),
  amount: msatsSchema,
  destination: z.string().nullable(),
  problem: z.string().nullable(),
  openedAt_ms: z.number(),
  closedAt_ms: z.number().nullable(),
});

export const statementJson = z.object({
  credit: msatsSchema,
  owing: msatsSchema,
  setAside: msatsSchema,
  refunds: z.array(payoutJson),
});

/** What came of asking for a refund: where it stands, or why there is none. */
export const refundedJson = z.union([
  payoutJson,
  z.object({
    code: z.enum(JOB_ERROR_CODES),
    message: z.string(),
    details: z.record(z.string(), z.json()).exactOptional(),
  }),
]);
