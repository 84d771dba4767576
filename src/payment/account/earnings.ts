/** How what an owner earned gets from the books of who paid into the owner's own: by name of the account object. */
import { type Msats, msats } from '../msats.ts';
import type { StoredEntry } from './book-store.ts';

const PAYEE = 'payee:';
const TRANSIT = 'transit:';

/** The name of an owner's account object. @param payee a Lightning address */
export function payeeAccount(payee: string): string {
  return `${PAYEE}${payee}`;
}

/** The owner whose account object has this name; null for a client's. */
export function payeeOf(name: string): string | null {
  return name.startsWith(PAYEE) ? name.slice(PAYEE.length) : null;
}

/** What owners earned by these entries. In their own books the same accounts are debited, and say nothing. */
export function earningsOf(
  entries: readonly StoredEntry[],
): { readonly key: string; readonly payee: string; readonly amount: Msats }[] {
  return entries.flatMap(({ key, postings }) =>
    postings.flatMap(([account, amount]) =>
      account.startsWith(TRANSIT) && amount < 0n
        ? [{ key, payee: account.slice(TRANSIT.length), amount: msats(-amount) }]
        : [],
    ),
  );
}
