/**
 * Pays what jobs ask for, out of a purse that cannot be overdrawn: what a payment may take is set aside before the wallet
 * is asked, comes back only when the wallet is certain that nothing left, and stays spent while nobody knows. So all
 * payments together, also those at the same time, are never more than the cap. A wallet's routing fees are known only
 * afterwards, and take from what is left.
 */
import { readInvoice } from '../payment/bolt11/decode.ts';
import { formatSats, type Msats, msats, toNumber } from '../payment/msats.ts';
import type { Wallet } from '../payment/wallet.ts';

/**
 * What became of an invoice. `paid` with what it took; `unknown`: it may be on its way; `failed`: certainly not paid.
 * `refused`: the wallet was not asked: `cap`, no `invoice` that could be paid, or one over another `amount` than was said.
 */
export type Payment =
  | { readonly type: 'paid'; readonly amount: Msats; readonly fees: Msats; readonly preimage: string }
  | { readonly type: 'unknown'; readonly amount: Msats; readonly reason: string }
  | { readonly type: 'failed'; readonly amount: Msats; readonly reason: string }
  | { readonly type: 'refused'; readonly why: 'cap' | 'invoice' | 'amount'; readonly reason: string };

export class Purse {
  readonly #pay: Wallet['pay'];
  readonly #cap: Msats;
  /** By payment hash: one invoice is one payment, however often and by whatever event it is asked for. */
  readonly #begun = new Map<string, Promise<Payment>>();
  #left: bigint;

  /** @param pay the wallet. @param cap what all payments together may be */
  constructor(pay: Wallet['pay'], cap: Msats) {
    this.#pay = pay;
    this.#cap = cap;
    this.#left = cap;
  }

  /** What may still be paid. */
  get left(): Msats {
    return msats(this.#left);
  }

  /** Whether an amount could be paid now. */
  covers(amount_msats: number): boolean {
    return BigInt(amount_msats) <= this.#left;
  }

  /**
   * Pays an invoice once; asked again for one that is under way or paid, the same answer.
   *
   * @param said_msats what its agent says that it is over; null where it does not say
   */
  async pay(text: string, said_msats: number | null = null): Promise<Payment> {
    const invoice = readInvoice(text);
    if (invoice?.amount == null)
      return { type: 'refused', why: 'invoice', reason: 'what is asked for is no invoice over an amount' };
    const { amount, paymentHash } = invoice;
    if (said_msats !== null && said_msats !== toNumber(amount)) {
      const reason = `the invoice is over ${formatSats(amount)} sats, and the agent says ${said_msats / 1_000}`;
      return { type: 'refused', why: 'amount', reason };
    }
    const begun = this.#begun.get(paymentHash);
    if (begun !== undefined) return await begun;
    if (amount > this.#left) {
      const spent = this.#left === this.#cap ? '' : `, of which ${formatSats(this.left)} are left`;
      const reason = `${formatSats(amount)} sats are more than the ${formatSats(this.#cap)} that may be spent${spent}`;
      return { type: 'refused', why: 'cap', reason };
    }
    this.#left -= amount;
    const payment = this.#ask(invoice.text, amount);
    this.#begun.set(paymentHash, payment);
    const outcome = await payment;
    // It did not happen, so the same invoice may be tried again.
    if (outcome.type === 'failed') this.#begun.delete(paymentHash);
    return outcome;
  }

  async #ask(invoice: string, amount: Msats): Promise<Payment> {
    let answer: Awaited<ReturnType<Wallet['pay']>>;
    try {
      answer = await this.#pay(invoice);
    } catch (error) {
      // A wallet that breaks in the middle has said nothing of the money.
      return { type: 'unknown', amount, reason: error instanceof Error ? error.message : String(error) };
    }
    if (answer.type === 'unknown') return { type: 'unknown', amount, reason: answer.reason };
    if (answer.type === 'failed') {
      this.#left += amount;
      return { type: 'failed', amount, reason: answer.message };
    }
    const { fees, preimage } = answer.value;
    // Fees can take more than was left, and then nothing is.
    if (fees > this.#left) this.#left = 0n;
    else this.#left -= fees;
    return { type: 'paid', amount, fees, preimage };
  }
}
