/** What a comparison of books and wallet finds, and how it says so. */
import { formatSats, isMsats } from './msats.ts';

/** A sum under a key or on an account, debit positive, msats. */
export interface Sum {
  readonly name: string;
  readonly msats: bigint;
}

/**
 * - `unbalanced_entry`, `ledger_imbalance`: the ledger was damaged;
 * - `unknown_incoming`, `unknown_outgoing`: in the wallet only; `not_in_wallet`: in the books only;
 * - `amount_differs`, `fee_differs`; `unexplained_entry`: the wallet's account moved under a key that is no payment's;
 * - `wallet_short`: the wallet holds less than the books say; `below_nothing`: so does an account.
 */
export const DIFFERENCE_CODES = [
  'unbalanced_entry',
  'ledger_imbalance',
  'unknown_incoming',
  'unknown_outgoing',
  'not_in_wallet',
  'amount_differs',
  'fee_differs',
  'unexplained_entry',
  'wallet_short',
  'below_nothing',
] as const;
export type DifferenceCode = (typeof DIFFERENCE_CODES)[number];

/** What is worth knowing and nobody's fault: the operator's money beside the books, and money long set aside. */
export const NOTE_CODES = ['own_money', 'set_aside'] as const;
export type NoteCode = (typeof NOTE_CODES)[number];

export interface Finding<Code extends string> {
  readonly code: Code;
  readonly paymentHash: string | null;
  /** The key of an entry or the name of an account, where it is about one. */
  readonly about: string | null;
  /** What the books say, msats. */
  readonly books: bigint | null;
  /** What the wallet says, msats. */
  readonly wallet: bigint | null;
  readonly text: string;
}
export type Difference = Finding<DifferenceCode>;

/** A finding about an entry or an account, of which only the books say something. */
export function about<Code extends string>(
  code: Code,
  name: string | null,
  books: bigint,
  text: string,
): Finding<Code> {
  return { code, paymentHash: null, about: name, books, wallet: null, text };
}

export function sumOf(sums: readonly Sum[], name: string): bigint {
  return total(sums.filter((one) => one.name === name));
}

export function total(sums: readonly Sum[]): bigint {
  return sums.reduce((sum, { msats }) => sum + msats, 0n);
}

/** For people; an amount below nothing has its sign. */
export function sats(amount: bigint): string {
  if (amount < 0n) return `-${sats(-amount)}`;
  return isMsats(amount) ? `${formatSats(amount)} sats` : `${amount} msats`;
}
