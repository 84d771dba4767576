/**
 * Takes the money for a session's jobs: asks the wallet for invoices and for what became of them, and books what
 * happened. It decides nothing about amounts (payment/pricing.ts) nor about bills (payment/invoice-machine.ts): it
 * performs their effects, each of which may be performed twice.
 */

import {
  advanceBill,
  type Bill,
  type BillEffect,
  type BillInputs,
  openBill,
} from '../payment/invoice-machine.ts';
import { received, reserved } from '../payment/ledger-entries.ts';
import type { Input } from '../payment/machine.ts';
import { type Msats, toNumber } from '../payment/msats.ts';
import { settledPayment } from '../payment/settlement.ts';
import type { WalletTransaction } from '../payment/wallet.ts';
import { toPlain } from '../payment/wallet-json.ts';
import type { Report } from '../protocol/model.ts';
import type { Live } from './live.ts';
import { billOf, closingEntry, type JobMoney, quoteOf, unbookedOf, withBill } from './money.ts';
import type { MoneyPorts } from './ports.ts';
import { isFinal, type JobInput, MONEY } from './types.ts';

/** What the till asks of the session: one stored step with new money, news for the client, and an input for the job. */
export type StoreMoney = (
  live: Live,
  money: JobMoney,
  reports: readonly Report[],
  input: JobInput<'ready' | 'lapse'> | null,
) => void;

interface TillPorts {
  clock(): number;
  defer(work: Promise<void>): void;
  fault(point: string, about: string): Promise<void>;
  log(what: string, jobId: string, error: unknown): void;
}

export class Till {
  readonly #ports: TillPorts;
  readonly #money: MoneyPorts;
  readonly #store: StoreMoney;
  /** Jobs whose books are being brought up to date. */
  readonly #busy = new Set<string>();

  constructor(ports: TillPorts, money: MoneyPorts, store: StoreMoney) {
    this.#ports = ports;
    this.#money = money;
    this.#store = store;
  }

  /** Sets the price of a job aside from the client's credit, where there is enough of it. */
  async reserve(jobId: string, client: string, max: Msats): Promise<boolean> {
    const [result] = await this.#money.post([reserved(jobId, client, max)]);
    return result === 'posted' || result === 'repeated';
  }

  /** Orders the invoice of a stored job that waits for its money. */
  bill(live: Live): void {
    const { money, job } = live.record;
    if (money === null || money.bill !== null || money.reserved || isFinal(job.phase)) return;
    if (!job.waitingFor.includes(MONEY)) return;
    const purpose = { text: `Job ${job.id.slice(0, 16)}` };
    const now_ms = this.#ports.clock();
    this.#apply(live, money, openBill({ id: job.id, amount: quoteOf(money).max, purpose }, now_ms));
  }

  /** Time has passed, or the memory was lost. */
  tick(live: Live): void {
    this.bill(live);
    this.#input(live, { type: 'tick' });
    this.settle(live);
  }

  /** The wallet's record of a payment has changed. */
  changed(live: Live, transaction: WalletTransaction): void {
    this.#input(live, { type: 'seen', transaction });
    this.settle(live);
  }

  /** Books a payment for a job that is not open any more: it is its client's credit. */
  async late(client: string, transaction: WalletTransaction): Promise<void> {
    const { paymentHash, amount } = transaction;
    const payment = settledPayment(
      transaction,
      { paymentHash, amount },
      Math.floor(this.#ports.clock() / 1000),
    );
    if (typeof payment !== 'string') await this.#money.post([received(payment, client)]);
  }

  /**
   * The client has more credit, sent for one of its jobs: those that wait for money take their prices from there, that
   * one first.
   *
   * @throws Error when the job's books are being written just now: whoever brings the news brings it again
   */
  async credited(lives: readonly Live[], jobId: string): Promise<void> {
    const first = lives.filter(({ record }) => record.job.id === jobId);
    for (const live of new Set([...first, ...lives])) await this.#takeCredit(live);
  }

  async #takeCredit(live: Live): Promise<void> {
    const { job, money } = live.record;
    if (money === null || money.reserved || !job.waitingFor.includes(MONEY) || isFinal(job.phase)) return;
    if (this.#busy.has(job.id)) throw new Error('the books of this job are being written');
    this.#busy.add(job.id);
    try {
      if (!(await this.reserve(job.id, live.request.envelope.client, quoteOf(money).max))) return;
      const current = live.record.money;
      if (current !== null)
        this.#store(live, { ...current, reserved: true }, [], { type: 'ready', key: MONEY });
      // Nobody shall pay its invoice any more.
      this.#input(live, { type: 'withdraw' });
    } finally {
      this.#busy.delete(job.id);
    }
    // It may have ended while the books were asked; then it gives back what it took.
    this.settle(live);
  }

  /**
   * Another provider claims to have been paid for a job. No money is ours by that, so nothing is booked and nothing set
   * aside; the job goes on when the claim covers its price and the price is not above what may be trusted.
   */
  claimed(live: Live | undefined, amount: Msats, trust: Msats): void {
    if (live === undefined) return;
    const { job, money } = live.record;
    if (money === null || money.reserved || !job.waitingFor.includes(MONEY) || isFinal(job.phase)) return;
    const { max } = quoteOf(money);
    if (amount < max || max > trust) return;
    this.#store(live, money, [], { type: 'ready', key: MONEY });
    this.#input(live, { type: 'withdraw' });
  }

  /** Brings the books to where the job is: money that came in, money set aside, how it ended. */
  settle(live: Live): void {
    const { id } = live.record.job;
    if (live.record.money === null || this.#busy.has(id)) return;
    this.#busy.add(id);
    this.#ports.defer(this.#settle(live).finally(() => this.#busy.delete(id)));
  }

  async #settle(live: Live): Promise<void> {
    const { id } = live.record.job;
    try {
      await this.#book(live);
      if (isFinal(live.record.job.phase)) await this.#close(live);
      else await this.#setAside(live);
    } catch (error) {
      // The account could not be reached: it is tried again when the session next wakes.
      this.#ports.log('booking failed', id, error);
    }
  }

  /** What arrived is the client's credit, whatever becomes of the job. */
  async #book(live: Live): Promise<void> {
    const { money } = live.record;
    const payment = money === null ? null : unbookedOf(money);
    if (payment === null) return;
    await this.#money.post([received(payment, live.request.envelope.client)]);
    const current = live.record.money;
    if (current !== null) this.#store(live, { ...current, booked: true }, [], null);
  }

  /** The bill was paid and its payment booked as credit: takes the price from there, and lets the job go on. */
  async #setAside(live: Live): Promise<void> {
    const { job, money } = live.record;
    if (money === null || money.reserved || billOf(money)?.phase !== 'settled') return;
    if (!(await this.reserve(job.id, live.request.envelope.client, quoteOf(money).max))) {
      // The client spent its credit elsewhere in between; what it paid is not lost, and the next payment completes it.
      this.#ports.log('the credit does not cover a paid job', job.id, new Error('overdrawn'));
      return;
    }
    const current = live.record.money;
    if (current !== null)
      this.#store(live, { ...current, reserved: true }, [], { type: 'ready', key: MONEY });
  }

  /** The job has ended: its money goes where it belongs, and nobody shall pay for it any more. */
  async #close(live: Live): Promise<void> {
    this.#input(live, { type: 'withdraw' });
    const { job, money } = live.record;
    if (money === null || money.closed) return;
    const entry = closingEntry(job, money, live.request.envelope.client);
    const [result] = await this.#money.post([entry]);
    const nothingThere = result === 'overdrawn' && !money.reserved;
    if ((result === 'overdrawn' || result === 'conflict') && !nothingThere)
      throw new Error(`the books refuse ${entry.key}: ${result}`);
    const current = live.record.money;
    if (current !== null) this.#store(live, { ...current, closed: true }, [], null);
  }

  #input<Type extends keyof BillInputs>(live: Live, input: Input<BillInputs, Type>): void {
    const { money } = live.record;
    const bill = money === null ? null : billOf(money);
    if (money === null || bill === null) return;
    const step = advanceBill(bill, input, this.#ports.clock());
    if (step.state !== bill || step.effects.length > 0) this.#apply(live, money, step);
  }

  #apply(
    live: Live,
    money: JobMoney,
    step: { readonly state: Bill; readonly effects: readonly BillEffect[] },
  ): void {
    const reports: Report[] = [];
    let input: JobInput<'lapse'> | null = null;
    let next = withBill(money, step.state);
    for (const effect of step.effects) {
      if (effect.type === 'offer') reports.push(demandOf(effect, step.state.amount));
      if (effect.type === 'expired') input = { type: 'lapse' };
      if (effect.type === 'settled' || effect.type === 'late')
        next = { ...next, paid: toPlain(effect.payment) };
    }
    this.#store(live, next, reports, input);
    for (const effect of step.effects) this.#ports.defer(this.#perform(live, effect));
  }

  async #perform(live: Live, effect: BillEffect): Promise<void> {
    const { id } = live.record.job;
    try {
      await this.#ports.fault('K3', id);
      switch (effect.type) {
        case 'make': {
          const answer = await this.#money.wallet.makeInvoice(effect.order);
          // Unknown: perhaps it was made, but nobody has seen it; the next tick orders another.
          if (answer.type === 'ok') this.#input(live, { type: 'issued', invoice: answer.value });
          if (answer.type === 'failed') this.#input(live, { type: 'unmade' });
          return;
        }
        case 'look': {
          const answer = await this.#money.wallet.lookup(effect.paymentHash, 'incoming');
          await this.#ports.fault('K5', id);
          if (answer.type === 'ok') this.#input(live, { type: 'seen', transaction: answer.value });
          return;
        }
        case 'offer':
          return await this.#money.watch(effect.paymentHash, id, effect.expiresAt_s);
        case 'settled':
        case 'late':
          return this.settle(live);
        case 'expired':
          return;
        case 'alert':
          this.#ports.log('the wallet is in trouble', id, new Error(effect.code));
      }
    } catch (error) {
      // Every effect comes again with the bill's next tick.
      this.#ports.log(`the till failed at ${effect.type}`, id, error);
    }
  }
}

function demandOf(
  offer: Extract<BillEffect, { readonly type: 'offer' }>,
  amount: Msats,
): Extract<Report, { readonly type: 'paymentRequired' }> {
  const { bolt11, paymentHash, expiresAt_s } = offer;
  return {
    type: 'paymentRequired',
    demand: { amount_msats: toNumber(amount), bolt11, paymentHash, expiresAt_s },
  };
}
