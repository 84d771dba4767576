/**
 * The money of a job: what it may cost, how it is being paid, and which entries it has made in the books. Plain JSON,
 * stored with the job. All money goes one way (payment/ledger-entries.ts): into the client's credit, from there set
 * aside for the job, and from there to whom it belongs when the job has ended.
 */
import { freeOf } from '../payment/cost.ts';
import { type Escrow, nextEscrowTick } from '../payment/escrow.ts';
import { escrowSchema } from '../payment/escrow-types.ts';
import { type Bill, billSchema, nextBillTick } from '../payment/invoice-machine.ts';
import type { Entry } from '../payment/ledger.ts';
import { delivered, failed, type Terms, writtenOff } from '../payment/ledger-entries.ts';
import { type Msats, msats, parseMsats, ZERO_MSATS } from '../payment/msats.ts';
import { charge, chargeMetered, type Quote } from '../payment/pricing.ts';
import { type SettledPayment, settledPaymentSchema } from '../payment/settlement.ts';
import { type Plain, toPlain } from '../payment/wallet-json.ts';
import type { Cost, JobOutput } from '../protocol/model.ts';
import type { AgentPrices } from '../protocol/prices.ts';
import { isFinal, type Job, MONEY } from './types.ts';

/**
 * How a job is paid for:
 * - `prepaid`: by an invoice before it starts, or from credit;
 * - `escrow`: by a hold invoice that is locked before it starts and settled before its result leaves;
 * - `postpaid`: it starts on trust, and its result carries the invoice.
 */
export type PayWay = 'prepaid' | 'escrow' | 'postpaid';

export interface JobMoney {
  readonly way: PayWay;
  /** The most it can cost, msats. */
  readonly max: string;
  readonly prices: AgentPrices;
  /** Who earns by it. */
  readonly terms: Terms;
  /** The invoice it is to be paid by; null when none was needed. */
  readonly bill: Plain<Bill> | null;
  /** The hold invoice it is to be paid by; null when there is none. */
  readonly escrow: Plain<Escrow> | null;
  /** What arrived for either; null before that. */
  readonly paid: Plain<SettledPayment> | null;
  /** Whether the books know of what arrived. */
  readonly booked: boolean;
  /** Whether the books have set the maximum aside for this job. */
  readonly reserved: boolean;
  /** Whether the books know how it ended. */
  readonly closed: boolean;
  /** What it cost in the end, msats; null before that, and when it failed. */
  readonly charged: string | null;
  /** What of that the operator has paid others for the job, msats; absent for most. */
  readonly passedOn?: string;
  /** To how much the maximum is being raised out of credit, msats; null mostly. Stored before the books are asked. */
  readonly raising?: string | null;
}

/** The money of a job before anything was paid, unless the books have set its price aside already. */
export function openMoney(way: PayWay, quote: Quote, terms: Terms, reserved: boolean): JobMoney {
  return {
    way,
    max: quote.max.toString(),
    prices: quote.prices,
    terms,
    bill: null,
    escrow: null,
    paid: null,
    booked: false,
    reserved,
    closed: false,
    charged: null,
  };
}

/** What a job costs. Nothing, for one without a price. */
export function costOf(money: JobMoney | null, { usage, fuel = 0, metered }: JobOutput): Cost {
  if (money !== null && metered !== undefined) return chargeMetered(amountOf(money.max), usage, metered);
  return money === null ? freeOf(usage, fuel) : charge(quoteOf(money), { ...usage, fuel }).cost;
}

/** The quote as it was given. */
export function quoteOf({ max, prices }: JobMoney): Quote {
  return { max: amountOf(max), fixed: false, prices };
}

/** Whether the result of a job waits for its money: to be taken from escrow, or to be asked for. */
export function needsCheckout(money: JobMoney): boolean {
  return money.way === 'postpaid' || (money.way === 'escrow' && !money.reserved);
}

/** The bill with its amounts as amounts. */
export function billOf({ bill }: JobMoney): Bill | null {
  return bill === null ? null : billSchema.parse(bill);
}

/** The money with its bill as it now is. */
export function withBill(money: JobMoney, bill: Bill): JobMoney {
  return { ...money, bill: toPlain(bill) };
}

/** The escrow with its amounts as amounts. */
export function escrowOf({ escrow }: JobMoney): Escrow | null {
  return escrow === null ? null : escrowSchema.parse(escrow);
}

/** The money with its escrow as it now is. */
export function withEscrow(money: JobMoney, escrow: Escrow): JobMoney {
  return { ...money, escrow: toPlain(escrow) };
}

/** Whether an invoice of this job has this payment hash. */
export function isPaidBy(money: JobMoney | null, paymentHash: string): boolean {
  return money?.bill?.paymentHash === paymentHash || money?.escrow?.paymentHash === paymentHash;
}

/** The payment that is not booked yet; null when there is none. */
export function unbookedOf({ paid, booked }: JobMoney): SettledPayment | null {
  return paid === null || booked ? null : settledPaymentSchema.parse(paid);
}

/** The money of a job whose cost is known now. */
export function withCharge(money: JobMoney, { price_msats, passedOn_msats }: Cost): JobMoney {
  const passedOn = passedOn_msats === undefined ? {} : { passedOn: String(passedOn_msats) };
  return { ...money, charged: String(price_msats), ...passedOn };
}

/** What an ended job cost: all that was set aside where nothing else is known. */
export function chargeOf({ charged, max }: JobMoney): Msats {
  return amountOf(charged ?? max);
}

/**
 * The entry an ended job makes in the books; null when nothing was set aside for it, or its client still owes it.
 *
 * @param name what the job is called there
 */
export function closingEntry(job: Job, money: JobMoney, name: string, client: string): Entry | null {
  if (!money.reserved) return null;
  const reserved = amountOf(money.max);
  const lent = money.way === 'postpaid';
  if (job.phase !== 'delivered' && money.charged === null)
    return lent ? writtenOff(name, client, reserved) : failed(name, client, reserved);
  if (lent) return null;
  const charge = chargeOf(money);
  const passedOn = money.passedOn === undefined ? ZERO_MSATS : amountOf(money.passedOn);
  return delivered({ job: name, client, ...money.terms, reserved, charge, passedOn });
}

/** When the money next needs a look, Unix ms; null when nothing is owed or waited for any more. */
export function nextMoneyTick(job: Job, money: JobMoney, soon_ms: number): number | null {
  const bill = billOf(money);
  const escrow = escrowOf(money);
  const unbooked = money.paid !== null && !money.booked;
  const times = [
    bill === null ? null : nextBillTick(bill),
    escrow === null ? null : nextEscrowTick(escrow),
    // An ended job's books are closed as soon as they can be reached, and a paid one goes on; until then it is tried.
    unbooked || (isFinal(job.phase) && !money.closed) || isStuck(job, money, bill) ? soon_ms : null,
  ].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Whether the next move is ours and nothing else is appointed that would make it. */
function isStuck(job: Job, money: JobMoney, bill: Bill | null): boolean {
  if (job.phase === 'checkout') return money.bill === null && money.escrow === null;
  if (job.phase !== 'waiting' || money.reserved || !job.waitingFor.includes(MONEY)) return false;
  return bill === null ? money.escrow === null : bill.phase === 'settled';
}

/** Whether the money of an ended job is where it belongs and nobody can pay for it any more. */
export function isMoneySettled(money: JobMoney | null): boolean {
  if (money === null) return true;
  const booked = money.paid === null || money.booked;
  const quiet = (money.bill?.lookAt_ms ?? null) === null && (money.escrow?.lookAt_ms ?? null) === null;
  return booked && money.closed && quiet;
}

function amountOf(text: string): Msats {
  return parseMsats(text) ?? msats(0);
}
