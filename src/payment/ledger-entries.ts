/**
 * Which entry each event of a job's money makes. All money that comes in is booked under its payment hash as the
 * client's credit first and set aside for the job from there: so a payment counts once whatever it was for, what is
 * paid too much or too late is credit by itself, and prepayment, zap, escrow and credit are one and the same way.
 */
import { type Account, type Entry, entry, type Move } from './ledger.ts';
import { type Msats, splitByWeights, splitFee, subtract, ZERO_MSATS } from './msats.ts';
import type { SettledPayment } from './settlement.ts';

/** Money arrived: an invoice, a zap, a settled escrow, also a late payment. */
export function received(payment: SettledPayment, client: string): Entry {
  return entry(`in:${payment.paymentHash}`, [
    { from: 'wallet', to: `credit:${client}`, amount: payment.amount },
  ]);
}

/** A job takes what it may cost at most from its client's credit. Overdrawn: the client has to pay first. */
export function reserved(job: string, client: string, max: Msats): Entry {
  const made = entry(`reserve:${job}`, [{ from: `credit:${client}`, to: `job:${job}`, amount: max }]);
  return { ...made, unless: `end:${job}` };
}

/**
 * A job under way may cost more than was agreed at first: its client sets so much aside besides.
 *
 * @param total what is set aside for it after that; it names the raise, so that one counts once
 */
export function raised(job: string, client: string, amount: Msats, total: Msats): Entry {
  const made = entry(`reserve:${job}/to:${total}`, [{ from: `credit:${client}`, to: `job:${job}`, amount }]);
  return { ...made, unless: `end:${job}` };
}

/** Somebody who earns by an agent. Weights as in NIP-57 Appendix G: shares are in proportion to them. */
export interface Share {
  /** Lightning address (LUD-16), lower case. */
  readonly payee: string;
  /** A whole number, 0 for who gets nothing. */
  readonly weight: number;
}

/** How money earned by an agent is divided: none of the shares means that it is the operator's own agent. */
export interface Terms {
  readonly shares: readonly Share[];
  /** The operator's part in millionths, where there are shares. */
  readonly feeParts: number;
}

/** How a delivered job's money is divided. */
export interface Delivery extends Terms {
  readonly job: string;
  readonly client: string;
  /** What stands on the job's account. */
  readonly reserved: Msats;
  /** What the job cost; at most what was reserved. */
  readonly charge: Msats;
  /** What of it the operator has paid others for the job: it is the operator's, whoever earns by the rest. */
  readonly passedOn?: Msats;
}

/** A job was delivered and accepted: the owners get the price minus the fee, the client what was not used. */
export function delivered(delivery: Delivery): Entry {
  const { job, client, charge, passedOn = ZERO_MSATS } = delivery;
  return entry(`end:${job}`, [
    ...earnings(`job:${job}`, subtract(charge, passedOn), delivery),
    { from: `job:${job}`, to: 'revenue', amount: passedOn },
    { from: `job:${job}`, to: `credit:${client}`, amount: subtract(delivery.reserved, charge) },
  ]);
}

/** Money that was paid for no job at all, by somebody unknown or as a gift: its receivers earn it like a price. */
export function tipped(paymentHash: string, client: string, amount: Msats, terms: Terms): Entry {
  return entry(`tip:${paymentHash}`, earnings(`credit:${client}`, amount, terms));
}

/** What an entry in the books of who paid brought to an owner, in the owner's own books. */
export function earned(key: string, payee: string, amount: Msats): Entry {
  return entry(`earn:${key}`, [{ from: `transit:${payee}`, to: `payee:${payee}`, amount }]);
}

/**
 * A client gives of its credit to another account: an API key's, or from there back. It leaves these books here and
 * {@link arrived} in the other's, like an owner's earnings.
 *
 * @param id names the transfer for good
 */
export function moved(id: string, from: string, to: string, amount: Msats): Entry {
  return entry(`move:${id}`, [{ from: `credit:${from}`, to: `transit:client/${to}`, amount }]);
}

/** What an entry in the books of another client brought, in one's own. @param key of that entry */
export function arrived(key: string, to: string, amount: Msats): Entry {
  return entry(`arrive:${key}`, [{ from: `transit:client/${to}`, to: `credit:${to}`, amount }]);
}

function earnings(from: Account, amount: Msats, { shares, feeParts }: Terms): Move[] {
  const { payout, fee } =
    shares.length === 0 ? { payout: ZERO_MSATS, fee: amount } : splitFee(amount, feeParts);
  const weights = shares.map(({ weight }) => weight);
  const parts = shares.length === 0 ? [] : splitByWeights(payout, weights);
  return [
    ...shares.map(
      ({ payee }, index): Move => ({ from, to: `transit:${payee}`, amount: parts[index] ?? ZERO_MSATS }),
    ),
    { from, to: 'revenue', amount: fee },
  ];
}

/** A job ended without a result, or was refused: everything is the client's again. A job ends in one way only. */
export function failed(job: string, client: string, amount: Msats): Entry {
  return entry(`end:${job}`, [{ from: `job:${job}`, to: `credit:${client}`, amount }]);
}

/** A postpaid job begins on trust: the client owes what it may cost at most. Nobody else is owed anything yet. */
export function lent(job: string, client: string, max: Msats): Entry {
  const made = entry(`lend:${job}`, [{ from: `owing:${client}`, to: `job:${job}`, amount: max }]);
  return { ...made, unless: `end:${job}` };
}

/** It was delivered and cost less than was lent for it. */
export function forgiven(job: string, client: string, rest: Msats): Entry {
  return entry(`forgive:${job}`, [{ from: `job:${job}`, to: `owing:${client}`, amount: rest }]);
}

/** The client paid what it owed for a job; then the job is `delivered` like any other. */
export function repaid(job: string, client: string, price: Msats): Entry {
  return entry(`repay:${job}`, [{ from: `credit:${client}`, to: `owing:${client}`, amount: price }]);
}

/** The job failed, or the client will not pay: the debt is given up, and the job with it. */
export function writtenOff(job: string, client: string, price: Msats): Entry {
  return entry(`end:${job}`, [{ from: `job:${job}`, to: `owing:${client}`, amount: price }]);
}

/** Where money that goes out comes from: an owner's earnings, a client's credit, the operator's revenue. */
export type Source = `payee:${string}` | `credit:${string}` | 'revenue' | 'capital';

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

/**
 * It arrived although the claim had been given up and the money was its owner's again. What of it has been spent since
 * is owed by them.
 *
 * @param covered what of the amount is still there
 */
export function paidLate(
  { source, amount, paymentHash }: Outgoing,
  routingFees: Msats,
  covered: Msats,
): Entry {
  return entry(`out:${paymentHash}`, [
    { from: source, to: 'wallet', amount: covered },
    { from: debtOf(source), to: 'wallet', amount: subtract(amount, covered) },
    { from: 'routing', to: 'wallet', amount: routingFees },
  ]);
}

/**
 * The operator has an invoice of somebody hired paid: its amount is credit of the account that pays it, and an expense.
 *
 * @param account that of this one hire
 */
export function hired(account: string, paymentHash: string, amount: Msats): Entry {
  return entry(`hire:${paymentHash}`, [{ from: 'hiring', to: `credit:${account}`, amount }]);
}

/** It was not paid, and never will be by this account. */
export function unhired(account: string, paymentHash: string, amount: Msats): Entry {
  return entry(`unhire:${paymentHash}`, [{ from: `credit:${account}`, to: 'hiring', amount }]);
}

/** An owner pays for a listing, once. Overdrawn: there is less credit than that. */
export function listed(listing: string, owner: string, fee: Msats): Entry {
  return entry(`listing:${listing}`, [{ from: `credit:${owner}`, to: 'revenue', amount: fee }]);
}

/** The operator's own money in the wallet, as it was when the books began or is added. */
export function deposited(key: string, amount: Msats): Entry {
  return entry(`deposit:${key}`, [{ from: 'wallet', to: 'capital', amount }]);
}

/** What somebody owes who got more than they had. The operator owes itself nothing: it has less. */
function debtOf(source: Source): Account {
  return source === 'revenue' || source === 'capital'
    ? source
    : `owing:${source.slice(source.indexOf(':') + 1)}`;
}

function sendingOf(payout: string): Account {
  return `sending:${payout}`;
}
