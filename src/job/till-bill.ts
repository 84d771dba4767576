/** The invoice of a job: asked for before it starts, or with its result. */
import {
  advanceBill,
  type Bill,
  type BillEffect,
  type BillInput,
  openBill,
} from '../payment/invoice-machine.ts';
import type { Step } from '../payment/machine.ts';
import { type Msats, toNumber } from '../payment/msats.ts';
import { toPlain } from '../payment/wallet-json.ts';
import type { PaymentDemand } from '../protocol/model.ts';
import type { Live } from './live.ts';
import { billOf, withBill } from './money.ts';
import type { Driven, Meaning, MoneyNews } from './money-driver.ts';
import type { MoneyPorts } from './ports.ts';
import { waitsForMoney } from './till-books.ts';
import type { Job } from './types.ts';

/** An invoice over `amount` for a job. */
export function openJobBill(job: Job, amount: Msats, now_ms: number): Step<Bill, BillEffect> {
  return openBill({ id: job.id, amount, purpose: purposeOf(job) }, now_ms);
}

/** What the invoice of a job says of itself: enough for its payer to find the job. */
export function purposeOf({ id }: Job): { readonly text: string } {
  return { text: `Job ${id.slice(0, 16)}` };
}

/** What a payment hash of a job's invoice stands for (WalletLink's bindings). */
export function bindingOf(jobId: string): string {
  return `job:${jobId}`;
}

export function drivenBill(
  money: MoneyPorts,
  fault: (point: string, about: string) => Promise<void>,
  settled: (live: Live) => void,
  log: (what: string, jobId: string, error: unknown) => void,
): Driven<Bill, BillInput, BillEffect> {
  return {
    name: 'invoice',
    stateOf: billOf,
    withState: withBill,
    advance: advanceBill,
    meaning,
    async perform(live, effect) {
      const { id } = live.record.job;
      switch (effect.type) {
        case 'make': {
          const answer = await money.wallet.makeInvoice(effect.order);
          await fault('K3', id);
          // Unknown: perhaps it was made, but nobody has seen it; the next tick orders another.
          if (answer.type === 'unknown') return null;
          if (answer.type === 'failed') return { type: 'unmade' };
          // A wallet that hands out an invoice twice would have one payment count for two jobs.
          const own = await money.bind(answer.value.paymentHash, bindingOf(id));
          return own ? { type: 'issued', invoice: answer.value } : { type: 'unmade' };
        }
        case 'look': {
          const answer = await money.wallet.lookup(effect.paymentHash, 'incoming');
          await fault('K5', id);
          return answer.type === 'ok' ? { type: 'seen', transaction: answer.value } : null;
        }
        case 'offer':
          await money.watch(effect.paymentHash, id, effect.expiresAt_s);
          return null;
        case 'settled':
        case 'late':
          settled(live);
          return null;
        case 'alert':
          log('the wallet is in trouble', id, new Error(effect.code));
          return null;
        case 'expired':
          return null;
      }
    },
  };
}

function meaning(live: Live, effect: BillEffect, state: Bill, before: Meaning): Meaning {
  switch (effect.type) {
    case 'offer': {
      const demand: PaymentDemand = {
        amount_msats: toNumber(state.amount),
        bolt11: effect.bolt11,
        paymentHash: effect.paymentHash,
        expiresAt_s: effect.expiresAt_s,
        escrow: false,
      };
      const { phase } = live.record.job;
      if (phase === 'checkout') return { ...before, news: { type: 'cleared', demand } };
      return phase === 'waiting' ? { ...before, reports: [{ type: 'paymentRequired', demand }] } : before;
    }
    case 'expired':
      return { ...before, news: unpaid(live, state) };
    case 'settled':
    case 'late':
      return { ...before, money: { ...before.money, paid: toPlain(effect.payment) } };
    default:
      return before;
  }
}

/**
 * What an unpaid invoice means: nothing for a job that is paid for in another way, or whose result has left, when the
 * client simply owes its price.
 */
function unpaid(live: Live, bill: Bill): MoneyNews | null {
  if (live.record.job.phase === 'checkout') return { type: 'cleared', demand: null };
  if (!waitsForMoney(live)) return null;
  if (bill.bolt11 !== null) return { type: 'lapse' };
  const message = 'This job cannot be paid at present, because the wallet makes no invoice';
  return { type: 'defunded', failure: { code: 'SERVICE_UNAVAILABLE', message } };
}
