/**
 * Takes the money for a session's jobs: decides how each is paid for, asks the wallet for invoices and for what became
 * of them, and books what happened. It decides nothing about amounts (payment/pricing.ts) nor about invoices and
 * escrows (payment/invoice-machine.ts, payment/escrow.ts).
 */
import { ESCROW_MIN_MSATS } from '../limits.ts';
import type { Escrow, EscrowEffect, EscrowInput } from '../payment/escrow.ts';
import type { Bill, BillEffect, BillInput } from '../payment/invoice-machine.ts';
import { received, reserved } from '../payment/ledger-entries.ts';
import { type Msats, msats } from '../payment/msats.ts';
import type { Quote } from '../payment/pricing.ts';
import { settledPayment } from '../payment/settlement.ts';
import { supportsHold, type WalletTransaction } from '../payment/wallet.ts';
import type { Live } from './live.ts';
import type { LiveJobs } from './live-jobs.ts';
import { escrowOf, type JobMoney, openMoney, type PayWay, quoteOf } from './money.ts';
import { type DriverPorts, MoneyDriver, type StoreMoney } from './money-driver.ts';
import type { MoneyPorts } from './ports.ts';
import { drivenBill, openJobBill } from './till-bill.ts';
import { TillBooks, waitsForMoney } from './till-books.ts';
import { drivenEscrow, openJobEscrow } from './till-escrow.ts';
import { isFinal, MONEY } from './types.ts';

interface TillPorts extends DriverPorts {
  fault(point: string, about: string): Promise<void>;
}

export class Till {
  readonly #ports: TillPorts;
  readonly #money: MoneyPorts;
  readonly #lives: Pick<LiveJobs, 'all' | 'renew'>;
  readonly #store: StoreMoney;
  readonly #books: TillBooks;
  readonly #bills: MoneyDriver<Bill, BillInput, BillEffect>;
  readonly #escrows: MoneyDriver<Escrow, EscrowInput, EscrowEffect>;

  /** @param lives the jobs of the session */
  constructor(
    ports: TillPorts,
    money: MoneyPorts,
    lives: Pick<LiveJobs, 'all' | 'renew'>,
    store: StoreMoney,
  ) {
    this.#ports = ports;
    this.#money = money;
    this.#lives = lives;
    this.#store = store;
    const withdraw = (live: Live) => this.#withdraw(live);
    this.#books = new TillBooks(ports, money, store, withdraw, () => this.credited(null));
    const fault = (point: string, about: string) => ports.fault(point, about);
    const log = (what: string, jobId: string, error: unknown) => ports.log(what, jobId, error);
    const moved = (live: Live) => this.#moved(live);
    this.#bills = new MoneyDriver(drivenBill(money, fault, moved, log), ports, lives, store);
    this.#escrows = new MoneyDriver(drivenEscrow(money, fault, moved, log), ports, lives, store);
  }

  // ── Before the job is stored ──

  /**
   * How a request with a price is paid for. Credit is spent first; then comes trust, where the agent gives any; then
   * the client is asked for money, which is only locked where agent and wallet can do that.
   */
  async fund(jobId: string, client: string, quote: Quote): Promise<JobMoney> {
    const { methods, terms } = this.#money;
    const name = this.#money.nameOf(jobId);
    const [byCredit] = await this.#money.post([reserved(name, client, quote.max)]);
    if (byCredit === 'posted' || byCredit === 'repeated') return openMoney('prepaid', quote, terms, true);
    if (methods.includes('bolt11_postpaid') && (await this.#money.lend(name, quote.max)))
      return openMoney('postpaid', quote, terms, true);
    const way: PayWay = (await this.#canHold(quote)) ? 'escrow' : 'prepaid';
    return openMoney(way, quote, terms, false);
  }

  /**
   * A request was refused after all. What an earlier delivery of it may have set aside, before the process died, goes
   * back.
   */
  async abandon(jobId: string): Promise<void> {
    await this.#money.abandon(this.#money.nameOf(jobId));
  }

  /** Many small payments locked at a time starve a node's channels (LIGHTNING §1.1), so those are taken at once. */
  async #canHold({ max }: Quote): Promise<boolean> {
    if (!this.#money.methods.includes('escrow_hodl_optional') || max < ESCROW_MIN_MSATS) return false;
    const answer = await this.#money.wallet.capabilities();
    return answer.type === 'ok' && supportsHold(answer.value);
  }

  // ── While it lives ──

  /** Orders the invoice of a stored job that waits for its money. Repeat-safe. */
  collect(live: Live): void {
    const { money, job } = live.record;
    if (money === null || !waitsForMoney(live)) return;
    const now_ms = this.#ports.clock();
    const { max } = quoteOf(money);
    if (money.way === 'escrow' && money.escrow === null)
      this.#escrows.open(live, money, openJobEscrow(job, max, this.#money, now_ms));
    else if (money.way === 'prepaid' && money.bill === null)
      this.#bills.open(live, money, openJobBill(job, max, now_ms));
  }

  /** The work is done: takes the money, or asks for it. Repeat-safe. */
  checkout(live: Live): void {
    const { money, job } = live.record;
    if (money === null || job.phase !== 'checkout') return;
    if (money.way === 'escrow' && !money.reserved) {
      this.#escrows.input(live, { type: 'approve' });
      return;
    }
    const price = msats(job.done?.cost.price_msats ?? 0);
    const asks = money.way === 'postpaid' && price > 0n;
    if (!asks) this.#store(live, money, [], { type: 'cleared', demand: null });
    else if (money.bill === null) this.#bills.open(live, money, openJobBill(job, price, this.#ports.clock()));
  }

  /** Time has passed, or the memory was lost. */
  tick(live: Live): void {
    this.collect(live);
    this.#bills.input(live, { type: 'tick' });
    this.#escrows.input(live, { type: 'tick' });
    this.checkout(live);
    const unpaid = waitsForMoney(live) && live.record.money?.paid === null;
    // Credit may have grown elsewhere: by a payment for another session, or one that nobody told of.
    if (unpaid) this.#ports.defer(this.#spend(live));
    else this.#books.settle(live);
  }

  async #spend(live: Live): Promise<void> {
    try {
      await this.#books.spendCredit(live);
    } catch (error) {
      this.#ports.log('credit could not be asked for', live.record.job.id, error);
    }
  }

  /** The wallet's record of a payment has changed. */
  changed(live: Live, transaction: WalletTransaction): void {
    const { money } = live.record;
    if (transaction.paymentHash === money?.bill?.paymentHash)
      this.#bills.input(live, { type: 'seen', transaction });
    if (transaction.paymentHash === money?.escrow?.paymentHash)
      this.#escrows.input(live, { type: 'seen', transaction, height: null });
    this.#books.settle(live);
  }

  /**
   * The client's credit has grown: jobs may not have to wait any more, the one it was sent for before the others.
   *
   * @throws Error when that must be told again
   */
  async credited(jobId: string | null): Promise<void> {
    const lives = this.#lives.all();
    const first = lives.filter(({ record }) => record.job.id === jobId);
    for (const live of new Set([...first, ...lives])) await this.#books.spendCredit(live);
  }

  /** Lets a job under way cost `total`; whether its client's credit was enough. @throws Error when that must be tried again */
  async raise(live: Live, total: Msats): Promise<boolean> {
    return await this.#books.raise(live, total);
  }

  /**
   * Another provider claims to have been paid for a job. No money is ours by that, so nothing is booked and nothing set
   * aside; the job goes on when the claim covers its price and the price is not above what may be trusted.
   */
  claimed(live: Live, amount: Msats, trust: Msats): void {
    const { money } = live.record;
    if (money === null || !waitsForMoney(live)) return;
    const { max } = quoteOf(money);
    if (amount < max || max > trust) return;
    this.#store(live, { ...money, way: 'prepaid' }, [], { type: 'ready', key: MONEY });
    this.#withdraw(live);
  }

  /** Brings the books to where the job is. */
  settle(live: Live): void {
    this.#books.settle(live);
  }

  /** Books a payment for a job that is not open any more: it is its client's credit. */
  async late(client: string, transaction: WalletTransaction): Promise<void> {
    const { paymentHash, amount } = transaction;
    const now_s = Math.floor(this.#ports.clock() / 1000);
    const payment = settledPayment(transaction, { paymentHash, amount }, now_s);
    if (typeof payment !== 'string') await this.#money.post([received(payment, client)]);
  }

  /** Money moved, or will not come the way it was asked for. */
  #moved(live: Live): void {
    this.#books.settle(live);
    this.collect(live);
  }

  /** Nobody shall pay for this job any more. An escrow whose work was accepted goes on. */
  #withdraw(live: Live): void {
    this.#bills.input(live, { type: 'withdraw' });
    const escrow = live.record.money === null ? null : escrowOf(live.record.money);
    if (escrow !== null && (isFinal(live.record.job.phase) || escrow.verdict === null))
      this.#escrows.input(live, { type: 'refuse' });
  }
}
