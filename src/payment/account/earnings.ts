/**
 * How what somebody gets out of the books of who paid comes into their own: an owner what it earned, a client what another
 * one gave it. By name of the account object.
 */
import { type Msats, msats } from '../msats.ts';
import type { StoredEntry } from './book-store.ts';

const PAYEE = 'payee:';
const TRANSIT = 'transit:';
const TO_CLIENT = 'transit:client/';

/** The name of an owner's account object. @param payee a Lightning address */
export function payeeAccount(payee: string): string {
  return `${PAYEE}${payee}`;
}

/** The owner whose account object has this name; null for a client's. */
export function payeeOf(name: string): string | null {
  return name.startsWith(PAYEE) ? name.slice(PAYEE.length) : null;
}

/** What an entry brought to whom, by its key. */
export interface Passed {
  readonly key: string;
  /** A Lightning address, or a client's public key. */
  readonly payee: string;
  readonly amount: Msats;
}

/** What owners earned by these entries. In their own books the same accounts are debited, and say nothing. */
export function earningsOf(entries: readonly StoredEntry[]): Passed[] {
  return passedOn(entries, TRANSIT).filter(({ payee }) => !`${TRANSIT}${payee}`.startsWith(TO_CLIENT));
}

/** What other clients got by these entries. */
export function transfersOf(entries: readonly StoredEntry[]): Passed[] {
  return passedOn(entries, TO_CLIENT);
}

function passedOn(entries: readonly StoredEntry[], prefix: string): Passed[] {
  return entries.flatMap(({ key, postings }) =>
    postings.flatMap(([account, amount]) =>
      account.startsWith(prefix) && amount < 0n
        ? [{ key, payee: account.slice(prefix.length), amount: msats(-amount) }]
        : [],
    ),
  );
}
