/** How much of an account may be paid out. */
import { isMsats, MSATS_PER_SAT, type Msats, msats, ZERO_MSATS } from '../msats.ts';
import type { BookStore } from './book-store.ts';
import { payeeOf } from './earnings.ts';

export class PayoutFunds {
  readonly source: `payee:${string}` | `credit:${string}`;
  /** The owner whose account it is, who is paid by itself; null for a client's, who has to ask. */
  readonly owner: string | null;
  readonly #books: BookStore;
  readonly #debts: `owing:${string}`;

  /** @param account name of the account object: a client's public key, or an owner's (see `payeeAccount`) */
  constructor(account: string, books: BookStore) {
    this.owner = payeeOf(account);
    this.source = this.owner === null ? `credit:${account}` : `payee:${this.owner}`;
    this.#debts = `owing:${this.owner ?? account}`;
    this.#books = books;
  }

  /** What stands on the account, without what its holder owes: that is not theirs to take. */
  available(): Msats {
    const left = this.#books.balance(this.source) - this.#books.balance(this.#debts);
    return isMsats(left) ? left : ZERO_MSATS;
  }

  /** Of it what can be sent: some LNURL servers take nothing finer than sats. */
  payable(): Msats {
    return floorToSats(this.available());
  }

  /** Of a payment's amount what is still there, debts or not. */
  left(amount: Msats): Msats {
    return least(amount, msats(this.#books.balance(this.source)));
  }
}

export function floorToSats(amount: Msats): Msats {
  return msats(amount - (amount % MSATS_PER_SAT));
}

export function least(one: Msats, other: Msats): Msats {
  return one < other ? one : other;
}
