/**
 * A request that names an invoice (`bolt11`): a client may pay and wait, or pay and send its request again with the
 * invoice (PROTOCOL §2). Whichever it does, there is one job, one payment and one answer: a request that comes again is
 * answered with what the first one is answered with, once.
 */

import type { JobFailure } from '../errors.ts';
import { readInvoice } from '../payment/bolt11/decode.ts';
import type { JobBody } from '../protocol/model.ts';
import type { Live } from './live.ts';
import { isPaidBy } from './money.ts';
import type { Taken } from './taking.ts';
import { AGAIN, isFinal, type JobInput, MONEY } from './types.ts';

export type Resent =
  /** It names no invoice of a job that is known here. */
  | { readonly type: 'new' }
  /** It is that job's request, come again. */
  | { readonly type: 'again'; readonly first: Live }
  /** It asks for something else for the money that job still waits for. */
  | { readonly type: 'instead'; readonly first: Live }
  | { readonly type: 'refused'; readonly failure: JobFailure };

/** What a request that names an invoice is to the jobs of its session. */
export function resent({ request, body }: Taken, lives: Iterable<Live>): Resent {
  if (body === null || body.bolt11 === null) return { type: 'new' };
  const invoice = readInvoice(body.bolt11);
  if (invoice === null) return refused('BAD_REQUEST', 'bolt11 is no Lightning invoice');
  const first = [...lives].find(({ record }) => isPaidBy(record.money, invoice.paymentHash));
  if (first === undefined) return { type: 'new' };
  const { job, again, kept } = first.record;
  // Paid after its result, or too long ago: its client has the answer, and there is none here to give again.
  if (job.phase === 'delivered' && kept === null) return used();
  const unpaid = job.phase === 'waiting' && job.waitingFor.includes(MONEY);
  if (!sameBody(first.body, body)) return unpaid ? { type: 'instead', first } : used();
  return again === null || again === request.envelope.id ? { type: 'again', first } : used();
}

/** Why a request whose invoice is of no use, and whose client has no credit, is refused. */
export function notPaid(): JobFailure {
  return {
    code: 'INSUFFICIENT_FUNDS',
    message: 'The invoice this request names paid for nothing here that is left; ask again without it',
  };
}

/** What a request that came again waits for. */
export function againKey(firstId: string): string {
  return `${AGAIN}${firstId}`;
}

/** How the first request ended, for the one that came again; null while it has not. */
export function endingOfFirst(
  live: Live,
  lives: ReadonlyMap<string, Live>,
): JobInput<'sameAs' | 'unready' | 'lapse' | 'cancel'> | null {
  const key = live.record.job.waitingFor.find((one) => one.startsWith(AGAIN));
  if (key === undefined) return null;
  const first = lives.get(key.slice(AGAIN.length));
  if (first === undefined) return { type: 'unready', failure: notPaid() };
  const { job, kept } = first.record;
  if (!isFinal(job.phase)) return null;
  if (kept !== null) return { type: 'sameAs', ...kept };
  if (job.phase === 'cancelled') return { type: 'cancel' };
  if (job.phase === 'expired' && job.failure?.code === 'PAYMENT_REQUIRED') return { type: 'lapse' };
  return { type: 'unready', failure: job.failure ?? notPaid() };
}

function sameBody(one: JobBody | null, other: JobBody): boolean {
  return JSON.stringify({ ...one, bolt11: null }) === JSON.stringify({ ...other, bolt11: null });
}

function used(): Resent {
  return refused('INSUFFICIENT_FUNDS', 'This invoice is of another request, which is answered');
}

function refused(code: JobFailure['code'], message: string): Resent {
  return { type: 'refused', failure: { code, message, details: { path: 'bolt11' } } };
}
