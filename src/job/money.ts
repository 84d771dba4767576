/**
 * The money of a job: what it may cost, how it is being paid, and which entries it has made in the books. Plain JSON,
 * stored with the job. All money goes one way (payment/ledger-entries.ts): into the client's credit, from there set
 * aside for the job, and from there to whom it belongs when the job has ended.
 */
import { freeOf } from '../payment/cost.ts';
import { type Bill, billSchema, nextBillTick } from '../payment/invoice-machine.ts';
import type { Entry } from '../payment/ledger.ts';
import { delivered, failed, type Terms } from '../payment/ledger-entries.ts';
import { type Msats, msats, parseMsats } from '../payment/msats.ts';
import { charge, type Quote } from '../payment/pricing.ts';
import { type SettledPayment, settledPaymentSchema } from '../payment/settlement.ts';
import { type Plain, toPlain } from '../payment/wallet-json.ts';
import type { Cost, Usage } from '../protocol/model.ts';
import type { AgentPrices } from '../protocol/prices.ts';
import { isFinal, type Job } from './types.ts';

export interface JobMoney {
  /** The most it can cost, msats. */
  readonly max: string;
  readonly prices: AgentPrices;
  /** How it is divided, as it was agreed when the job was priced; absent in jobs of before there were owners. */
  readonly terms?: Terms;
  /** The invoice it is to be paid by; null when the client's credit paid for it. */
  readonly bill: Plain<Bill> | null;
  /** What arrived for the bill; null before that. */
  readonly paid: Plain<SettledPayment> | null;
  /** Whether the books know of what arrived. */
  readonly booked: boolean;
  /** Whether the books have set the maximum aside for this job. */
  readonly reserved: boolean;
  /** Whether the books know how it ended. */
  readonly closed: boolean;
  /** What it cost in the end, msats; null before that, and when it failed. */
  readonly charged: string | null;
}

/** Terms of an agent without owners. */
const OPERATORS_OWN: Terms = { shares: [], feeParts: 0 };

/** The money of a job whose quote the client has to pay, by credit if that was set aside already. */
export function openMoney(quote: Quote, reserved: boolean, terms: Terms): JobMoney {
  return {
    max: quote.max.toString(),
    prices: quote.prices,
    terms,
    bill: null,
    paid: null,
    booked: false,
    reserved,
    closed: false,
    charged: null,
  };
}

/** What a job costs. Nothing, for one without a price. */
export function costOf(money: JobMoney | null, usage: Usage): Cost {
  return money === null ? freeOf(usage) : charge(quoteOf(money), { ...usage, sandbox_ms: 0 }).cost;
}

/** The quote as it was given. */
export function quoteOf({ max, prices }: JobMoney): Quote {
  return { max: amountOf(max), fixed: false, prices };
}

/** The bill with its amounts as amounts. */
export function billOf(money: JobMoney): Bill | null {
  return money.bill === null ? null : billSchema.parse(money.bill);
}

/** The money with its bill as it now is. */
export function withBill(money: JobMoney, bill: Bill): JobMoney {
  return { ...money, bill: toPlain(bill) };
}

/** The payment that is not booked yet; null when there is none. */
export function unbookedOf({ paid, booked }: JobMoney): SettledPayment | null {
  return paid === null || booked ? null : settledPaymentSchema.parse(paid);
}

/** The entry an ended job makes; null when nothing was set aside for it. */
export function closingEntry(job: Job, money: JobMoney, client: string): Entry | null {
  if (!money.reserved) return null;
  const max = amountOf(money.max);
  if (job.phase !== 'delivered') return failed(job.id, client, max);
  const charged = money.charged === null ? max : amountOf(money.charged);
  return delivered({
    job: job.id,
    client,
    ...(money.terms ?? OPERATORS_OWN),
    reserved: max,
    charge: charged,
  });
}

/** When the money next needs a look, Unix ms; null when nothing is owed or waited for any more. */
export function nextMoneyTick(job: Job, money: JobMoney, soon_ms: number): number | null {
  const bill = billOf(money);
  const look_ms = bill === null ? null : nextBillTick(bill);
  // An ended job's books are closed as soon as they can be reached; until then it is tried again.
  const unbooked = money.paid !== null && !money.booked;
  const due = unbooked || (isFinal(job.phase) ? !money.closed : bill?.phase === 'settled' && !money.reserved);
  if (due) return look_ms === null ? soon_ms : Math.min(look_ms, soon_ms);
  return look_ms;
}

/** Whether the money of an ended job is where it belongs and nobody can pay for it any more. */
export function isMoneySettled(money: JobMoney | null): boolean {
  if (money === null) return true;
  const booked = money.paid === null || money.booked;
  return booked && money.closed && (money.bill === null || money.bill.lookAt_ms === null);
}

function amountOf(text: string): Msats {
  return parseMsats(text) ?? msats(0);
}
