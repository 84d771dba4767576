/**
 * The books held against the wallet's own list. Pure: facts of both in, each difference out with what it means. Nothing
 * is put right here; a difference is for the operator to look at.
 */
import { inWords, kindOf } from './account-kinds.ts';
import {
  about,
  type Difference,
  type DifferenceCode,
  type Finding,
  type NoteCode,
  type Sum,
  sats,
  sumOf,
  total,
} from './findings.ts';
import type { Msats } from './msats.ts';
import type { WalletTransaction } from './wallet.ts';

export type Direction = WalletTransaction['direction'];

/** One payment as the books have it: what was posted under `in:<hash>` or `out:<hash>`. */
export interface BookedPayment {
  readonly direction: Direction;
  readonly paymentHash: string;
  /** What moved, without fees, msats. */
  readonly amount: bigint;
  /** What the way cost, msats. */
  readonly fees: bigint;
  /** When it was booked, Unix ms. */
  readonly at_ms: number;
}

export interface BookFacts {
  readonly payments: readonly BookedPayment[];
  /** Entries that move the wallet and name no payment; the operator's `deposit:` is none of them. */
  readonly strays: readonly Sum[];
  /** Entries whose postings do not add up to nothing. */
  readonly unbalanced: readonly Sum[];
  /** By kind of account, all of them. */
  readonly kinds: readonly Sum[];
  /** Single accounts, at least those that hold less than nothing. */
  readonly accounts: readonly (Sum & { readonly newest_ms: number })[];
}

export interface WalletFacts {
  /** One per payment and direction. */
  readonly transactions: readonly WalletTransaction[];
  /** Null where the wallet does not say. */
  readonly balance: Msats | null;
}

/** The moment of the comparison. */
export interface Moment {
  readonly now_ms: number;
  /** What moved less than this ago may not have arrived on the other side, ms. */
  readonly grace_ms: number;
  /** Money set aside for a job for longer than this is mentioned, ms. */
  readonly setAside_ms: number;
}

export interface Reconciled {
  readonly differences: readonly Difference[];
  /** What would be a difference if it were not so young. */
  readonly pending: readonly Difference[];
  readonly notes: readonly Finding<NoteCode>[];
  /** Payments on which both agree. */
  readonly agreed: number;
  /** Wallet minus books, msats; null where the wallet does not say its balance. */
  readonly ownMoney: bigint | null;
}

/** A payment's name: the same hash may come in and go out (a payment to oneself). */
export function paymentName({
  direction,
  paymentHash,
}: {
  readonly direction: Direction;
  readonly paymentHash: string;
}): string {
  return `${direction}:${paymentHash}`;
}

/** Booked payments that the wallet's list does not show as settled: each has to be looked up before it is missed. */
export function unconfirmed(
  booked: readonly BookedPayment[],
  transactions: readonly WalletTransaction[],
): BookedPayment[] {
  const settled = new Set(transactions.filter(({ state }) => state === 'settled').map(paymentName));
  return booked.filter((payment) => !settled.has(paymentName(payment)));
}

export function reconcile(books: BookFacts, wallet: WalletFacts, moment: Moment): Reconciled {
  const { now_ms, grace_ms } = moment;
  const payments = comparePayments(books.payments, wallet.transactions);
  const young = (at_ms: number) => now_ms - at_ms < grace_ms;
  const below = books.accounts
    .filter(({ name, msats }) => inWords(name, msats) < 0n)
    .map(({ name, msats, newest_ms }) => ({
      at_ms: newest_ms,
      finding: about('below_nothing', name, inWords(name, msats), `${name} holds less than nothing`),
    }));
  const dated = [...payments.found, ...below];
  const pending = dated.filter(({ at_ms }) => young(at_ms)).map(({ finding }) => finding);
  const balance = compareBalance(books, wallet, pending);
  return {
    differences: [
      ...damage(books),
      ...dated.filter(({ at_ms }) => !young(at_ms)).map(({ finding }) => finding),
      ...balance.differences,
    ],
    pending: [...pending, ...balance.pending],
    notes: [...balance.notes, ...setAside(books, moment)],
    agreed: payments.agreed,
    ownMoney: balance.ownMoney,
  };
}

interface Dated {
  readonly at_ms: number;
  readonly finding: Difference;
}

function comparePayments(
  booked: readonly BookedPayment[],
  transactions: readonly WalletTransaction[],
): { found: Dated[]; agreed: number } {
  const told = new Map(transactions.map((one) => [paymentName(one), one]));
  const known = new Set(booked.map(paymentName));
  const found: Dated[] = [];
  let agreed = 0;
  for (const payment of booked) {
    const findings = differences(payment, told.get(paymentName(payment)));
    if (findings.length === 0) agreed++;
    // Two settled accounts of one payment do not come closer by waiting.
    for (const finding of findings)
      found.push({
        at_ms: finding.code === 'not_in_wallet' ? payment.at_ms : Number.NEGATIVE_INFINITY,
        finding,
      });
  }
  for (const one of transactions)
    if (one.state === 'settled' && !known.has(paymentName(one)))
      found.push({ at_ms: (one.settledAt_s ?? one.createdAt_s) * 1_000, finding: unbooked(one) });
  return { found, agreed };
}

function differences(payment: BookedPayment, told: WalletTransaction | undefined): Difference[] {
  const { direction, paymentHash, amount, fees } = payment;
  const what = `${direction} payment of ${sats(amount)} is booked`;
  const finding = (code: DifferenceCode, books: bigint, wallet: bigint | null, text: string) =>
    ({ code, paymentHash, about: keyOf(payment), books, wallet, text }) satisfies Difference;
  if (told === undefined)
    return [finding('not_in_wallet', amount, null, `${what}, and the wallet has no such payment`)];
  if (told.state !== 'settled')
    return [
      finding('not_in_wallet', amount, told.amount, `${what}, and the wallet says it is ${told.state}`),
    ];
  const found: Difference[] = [];
  if (told.amount !== amount)
    found.push(
      finding('amount_differs', amount, told.amount, `${what}, and the wallet says ${sats(told.amount)}`),
    );
  if (told.fees !== fees)
    found.push(
      finding(
        'fee_differs',
        fees,
        told.fees,
        `${what} with a fee of ${sats(fees)}, and the wallet says ${sats(told.fees)}`,
      ),
    );
  return found;
}

function unbooked(one: WalletTransaction): Difference {
  const { direction, paymentHash, amount, fees } = one;
  return {
    code: direction === 'incoming' ? 'unknown_incoming' : 'unknown_outgoing',
    paymentHash,
    about: keyOf(one),
    books: null,
    wallet: direction === 'incoming' ? amount : amount + fees,
    text:
      direction === 'incoming'
        ? `the wallet received ${sats(amount)} that the books do not know: not for a job, or lost`
        : `the wallet sent ${sats(amount)} that the books do not know: not by errand, or lost`,
  };
}

/** What no wallet is needed to see. */
function damage({ unbalanced, kinds, strays }: BookFacts): Difference[] {
  const found: Difference[] = unbalanced.map(({ name, msats }) =>
    about('unbalanced_entry', name, msats, `the entry ${name} does not balance: ${sats(msats)} too much`),
  );
  const rest = total(kinds) - total(unbalanced);
  if (rest !== 0n)
    found.push(about('ledger_imbalance', null, rest, `the ledger does not balance: ${sats(rest)} too much`));
  for (const { name, msats } of strays)
    found.push(
      about('unexplained_entry', name, msats, `the entry ${name} moves the wallet by ${sats(msats)}`),
    );
  return found;
}

/**
 * The wallet may hold more than the books say: what the operator had in it before, or put there, and no `deposit:`
 * says so. Less than the books say is somebody's money missing, unless payments out are under way: they have left the
 * wallet and stand on the wallet's account until they are known to have arrived.
 */
function compareBalance(books: BookFacts, wallet: WalletFacts, pending: readonly Difference[]) {
  const none = { differences: [], pending: [], notes: [], ownMoney: null };
  if (wallet.balance === null) return none;
  const has = sumOf(books.kinds, 'wallet');
  const ownMoney = wallet.balance - has;
  if (ownMoney >= 0n) {
    const text = `the wallet holds ${sats(ownMoney)} beside the books: the operator's own`;
    const note = { ...about('own_money', 'wallet', has, text), wallet: wallet.balance };
    return { ...none, ownMoney, notes: ownMoney === 0n ? [] : [note] };
  }
  const leaving = pending.filter(({ code }) => code === 'unknown_outgoing');
  const underWay =
    inWords('sending', sumOf(books.kinds, 'sending')) +
    leaving.reduce((sum, one) => sum + (one.wallet ?? 0n), 0n);
  const short: Difference = {
    ...about('wallet_short', 'wallet', has, `the wallet holds ${sats(-ownMoney)} less than the books say`),
    wallet: wallet.balance,
  };
  return -ownMoney <= underWay
    ? { ...none, ownMoney, pending: [short] }
    : { ...none, ownMoney, differences: [short] };
}

/** Money of jobs is divided when they end, which is within the day for all but those a client is still to pay for. */
function setAside({ accounts }: BookFacts, { now_ms, setAside_ms }: Moment): Finding<NoteCode>[] {
  return accounts
    .filter(({ name, msats }) => kindOf(name) === 'job' && inWords(name, msats) > 0n)
    .filter(({ newest_ms }) => now_ms - newest_ms > setAside_ms)
    .map(({ name, msats }) => {
      const amount = inWords(name, msats);
      return about(
        'set_aside',
        name,
        amount,
        `${name} has held ${sats(amount)} for long: has the job ended?`,
      );
    });
}

function keyOf(payment: { readonly direction: Direction; readonly paymentHash: string }): string {
  return `${payment.direction === 'incoming' ? 'in' : 'out'}:${payment.paymentHash}`;
}
