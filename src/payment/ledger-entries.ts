/**
 * Which entry each event of a job's money makes. All money that comes in is booked under its payment hash as the
 * client's credit first and set aside for the job from there: so a payment counts once whatever it was for, what is
 * paid too much or too late is credit by itself, and prepayment, zap, escrow and credit are one and the same way.
 */
import { type Account, type Entry, entry } from './ledger.ts';
import { type Msats, splitFee, subtract, ZERO_MSATS } from './msats.ts';
import type { SettledPayment } from './settlement.ts';

/** Money arrived: an invoice, a zap, a settled escrow, also a late payment. */
export function received(payment: SettledPayment, client: string): Entry {
  return entry(`in:${payment.paymentHash}`, [
    { from: 'wallet', to: `credit:${client}`, amount: payment.amount },
  ]);
}

/** A job takes what it may cost at most from its client's credit. Overdrawn: the client has to pay first. */
export function reserved(job: string, client: string, max: Msats): Entry {
  return entry(`reserve:${job}`, [{ from: `credit:${client}`, to: `job:${job}`, amount: max }]);
}

/** How a delivered job's money is divided. */
export interface Delivery {
  readonly job: string;
  readonly client: string;
  /** Public key of an agent that has an owner; null for the operator's own, which keeps everything. */
  readonly agent: string | null;
  /** What stands on the job's account. */
  readonly reserved: Msats;
  /** What the job cost; at most what was reserved. */
  readonly charge: Msats;
  /** The operator's share in millionths. */
  readonly feeParts: number;
}

/** A job was delivered and accepted: the owner gets the price minus the fee, the client what was not used. */
export function delivered(delivery: Delivery): Entry {
  const { job, client, agent, charge } = delivery;
  const { payout, fee } =
    agent === null ? { payout: ZERO_MSATS, fee: charge } : splitFee(charge, delivery.feeParts);
  return entry(`end:${job}`, [
    { from: `job:${job}`, to: agent === null ? 'revenue' : `agent:${agent}`, amount: payout },
    { from: `job:${job}`, to: 'revenue', amount: fee },
    { from: `job:${job}`, to: `credit:${client}`, amount: subtract(delivery.reserved, charge) },
  ]);
}

/** A job ended without a result, or was refused: everything is the client's again. A job ends in one way only. */
export function failed(job: string, client: string, amount: Msats): Entry {
  return entry(`end:${job}`, [{ from: `job:${job}`, to: `credit:${client}`, amount }]);
}

/** A postpaid job was delivered: the client owes its price. Nobody else is owed anything before it is paid. */
export function lent(job: string, client: string, price: Msats): Entry {
  return entry(`lend:${job}`, [{ from: `owing:${client}`, to: `job:${job}`, amount: price }]);
}

/** The client paid what it owed for a job; then the job is `delivered` like any other. */
export function repaid(job: string, client: string, price: Msats): Entry {
  return entry(`repay:${job}`, [{ from: `credit:${client}`, to: `owing:${client}`, amount: price }]);
}

/** The client will not pay: the debt is given up, and the job with it. */
export function writtenOff(job: string, client: string, price: Msats): Entry {
  return entry(`end:${job}`, [{ from: `job:${job}`, to: `owing:${client}`, amount: price }]);
}

/** Where money that goes out comes from: an owner's earnings, a client's credit, the operator's revenue. */
export type Source = `agent:${string}` | `credit:${string}` | 'revenue' | 'capital';

/** A payment out: its own id, its amount, and the hash it is bound to. */
export interface Outgoing {
  readonly payout: string;
  readonly source: Source;
  readonly amount: Msats;
  readonly paymentHash: string;
}

/** A payout machine claimed a hash. Overdrawn: the money went elsewhere in the meantime, so nothing may be sent. */
export function claimed({ payout, source, amount, paymentHash }: Outgoing): Entry {
  return entry(`claim:${payout}:${paymentHash}`, [{ from: source, to: sendingOf(payout), amount }]);
}

/** It gave the claim up. */
export function released({ payout, source, amount, paymentHash }: Outgoing): Entry {
  return entry(`release:${payout}:${paymentHash}`, [{ from: sendingOf(payout), to: source, amount }]);
}

/** It arrived. What the way cost is the operator's expense. */
export function paidOut({ payout, amount, paymentHash }: Outgoing, routingFees: Msats): Entry {
  return entry(`out:${paymentHash}`, [
    { from: sendingOf(payout), to: 'wallet', amount },
    { from: 'routing', to: 'wallet', amount: routingFees },
  ]);
}

/** The operator's own money in the wallet, as it was when the books began or is added. */
export function deposited(key: string, amount: Msats): Entry {
  return entry(`deposit:${key}`, [{ from: 'wallet', to: 'capital', amount }]);
}

function sendingOf(payout: string): Account {
  return `sending:${payout}`;
}
