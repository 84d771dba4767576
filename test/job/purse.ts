/** Money around a simulated session: a wallet that makes invoices, an account that keeps books, a customer who pays or not. */
import { createHash } from 'node:crypto';
import { BookStore, type PostResult } from '../../src/payment/account/book-store.ts';
import type { Entry } from '../../src/payment/ledger.ts';
import type { Terms } from '../../src/payment/ledger-entries.ts';
import { type Msats, msats, ZERO_MSATS } from '../../src/payment/msats.ts';
import type { InvoiceOrder, IssuedInvoice, WalletTransaction } from '../../src/payment/wallet.ts';
import { nodeSql } from '../support/node-sql.ts';
import { CLIENT } from './world.ts';

export const PRICE = msats(21_000);
/** Two owners with unequal weights and a fee that is no whole number of msats. */
export const TERMS: Terms = {
  shares: [
    { payee: 'ann@pay.test', weight: 2 },
    { payee: 'bob@pay.test', weight: 1 },
  ],
  feeParts: 33_333,
};
/** What one job of {@link PRICE} brings: ⌈21,000 × 3.3333 %⌉ to the operator, the rest in thirds. */
export const PARTS = { revenue: 700n, 'transit:ann@pay.test': 13_533n, 'transit:bob@pay.test': 6_767n };

interface Invoice extends IssuedInvoice {
  readonly preimage: string;
  settledAt_s: number | null;
}

/** All of it outlives the session's process. */
export class Purse {
  readonly books = new BookStore(nodeSql());
  readonly #invoices = new Map<string, Invoice>();

  makeInvoice({ amount, expiry_s }: InvoiceOrder, now_s: number): IssuedInvoice {
    const preimage = createHash('sha256').update(`preimage ${this.#invoices.size}`).digest('hex');
    const paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    const invoice = {
      bolt11: `ln${paymentHash}`,
      paymentHash,
      amount,
      createdAt_s: now_s,
      expiresAt_s: now_s + expiry_s,
      preimage,
      settledAt_s: null,
    };
    this.#invoices.set(paymentHash, invoice);
    return invoice;
  }

  /** The customer pays; a Lightning invoice can be paid once, and until it expires. Whether the money moved. */
  pay(bolt11: string, now_s: number): boolean {
    const invoice = this.#invoices.get(bolt11.slice(2));
    if (invoice === undefined || invoice.settledAt_s !== null || now_s >= invoice.expiresAt_s) return false;
    invoice.settledAt_s = now_s;
    return true;
  }

  lookup(paymentHash: string, now_s: number): WalletTransaction | null {
    const invoice = this.#invoices.get(paymentHash);
    if (invoice === undefined) return null;
    const settled = invoice.settledAt_s !== null;
    return {
      direction: 'incoming',
      state: settled ? 'settled' : now_s >= invoice.expiresAt_s ? 'expired' : 'pending',
      paymentHash,
      amount: invoice.amount,
      fees: ZERO_MSATS,
      bolt11: invoice.bolt11,
      preimage: settled ? invoice.preimage : null,
      createdAt_s: invoice.createdAt_s,
      expiresAt_s: invoice.expiresAt_s,
      settledAt_s: invoice.settledAt_s,
      settleDeadline: null,
    };
  }

  post(entries: readonly Entry[], now_ms: number): PostResult[] {
    return entries.map((entry) => this.books.post(entry, now_ms));
  }

  /** Whether the price of a job is set aside at this moment. */
  holdsFor(jobId: string): boolean {
    return this.books.balance(`job:${jobId}`) === PRICE;
  }

  /** What the wallet took in, msats. */
  get income(): bigint {
    let sum = 0n;
    for (const { settledAt_s, amount } of this.#invoices.values()) if (settledAt_s !== null) sum += amount;
    return sum;
  }

  get credit(): Msats {
    return msats(this.books.balance(`credit:${CLIENT.publicKey}`));
  }
}
