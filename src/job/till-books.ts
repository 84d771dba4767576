/** Brings the books to where a job is: money that came in, money set aside, how it ended. Each entry counts once. */
import type { PostResult } from '../payment/account/book-store.ts';
import { raised, received, reserved } from '../payment/ledger-entries.ts';
import { type Msats, parseMsats, subtract } from '../payment/msats.ts';
import type { Live } from './live.ts';
import { chargeOf, closingEntry, type JobMoney, quoteOf, unbookedOf } from './money.ts';
import type { DriverPorts, MoneyNews, StoreMoney } from './money-driver.ts';
import type { MoneyPorts } from './ports.ts';
import { CHECK, isFinal, MONEY } from './types.ts';

type Books = Pick<MoneyPorts, 'nameOf' | 'post' | 'owe' | 'abandon'>;

export class TillBooks {
  readonly #ports: DriverPorts;
  readonly #money: Books;
  readonly #store: StoreMoney;
  readonly #withdraw: (live: Live) => void;
  readonly #freed: () => Promise<void>;
  /** Jobs whose books are being brought up to date, and whether they changed meanwhile. */
  readonly #busy = new Map<string, boolean>();

  /**
   * @param withdraw has the wallet's invoices of a job withdrawn
   * @param freed what came for a job that does not need it any more is credit: tries whether another can begin. Rejects when it has to
   *   be tried again
   */
  constructor(
    ports: DriverPorts,
    money: Books,
    store: StoreMoney,
    withdraw: (live: Live) => void,
    freed: () => Promise<void>,
  ) {
    this.#ports = ports;
    this.#money = money;
    this.#store = store;
    this.#withdraw = withdraw;
    this.#freed = freed;
  }

  /** Repeat-safe; what fails is tried again when the session next wakes. */
  settle(live: Live): void {
    const { id } = live.record.job;
    if (live.record.money === null) return;
    if (this.#busy.has(id)) {
      this.#busy.set(id, true);
      return;
    }
    this.#busy.set(id, false);
    this.#ports.defer(this.#settle(live));
  }

  /**
   * Pays a job that waits for its money from the client's credit, if there is enough by now.
   *
   * @throws Error when the books could not be asked, or are being written just now: it has to be tried again
   */
  async spendCredit(live: Live): Promise<void> {
    const { id } = live.record.job;
    if (!waitsForMoney(live)) return;
    if (this.#busy.has(id)) throw new Error('the books of this job are being written');
    this.#busy.set(id, false);
    let again = false;
    try {
      await this.#setAside(live);
    } finally {
      again = this.#busy.get(id) === true;
      this.#busy.delete(id);
    }
    if (again || isFinal(live.record.job.phase)) this.settle(live);
  }

  /**
   * Lets a paid job under way cost more: as much more is set aside out of its client's credit, if that is there. To what
   * it is raised is stored first, so that an answer that was lost is asked for again and not paid twice.
   *
   * @returns whether the job may cost `total` now
   * @throws Error when the books could not be asked, or are being written just now: it has to be tried again
   */
  async raise(live: Live, total: Msats): Promise<boolean> {
    const { id } = live.record.job;
    if (this.#busy.has(id)) throw new Error('the books of this job are being written');
    this.#busy.set(id, false);
    try {
      await this.#finishRaise(live);
      return !isFinal(live.record.job.phase) && (await this.#raiseTo(live, total));
    } finally {
      const again = this.#busy.get(id) === true;
      this.#busy.delete(id);
      if (again) this.settle(live);
    }
  }

  /** A raise whose answer was lost may have been booked. */
  async #finishRaise(live: Live): Promise<void> {
    const unfinished = parseMsats(live.record.money?.raising ?? '');
    if (unfinished !== null) await this.#raiseTo(live, unfinished);
  }

  async #raiseTo(live: Live, total: Msats): Promise<boolean> {
    const { job, money } = live.record;
    if (money === null || !money.reserved) return false;
    const { max } = quoteOf(money);
    if (total <= max) return true;
    this.#store(live, { ...money, raising: total.toString() }, [], null);
    const { client } = live.request.envelope;
    const [result] = await this.#money.post([
      raised(this.#money.nameOf(job.id), client, subtract(total, max), total),
    ]);
    const current = live.record.money;
    if (current === null) return false;
    const there = isThere(result);
    this.#store(live, { ...current, raising: null, ...(there ? { max: total.toString() } : {}) }, [], null);
    return there;
  }

  async #settle(live: Live): Promise<void> {
    const { id } = live.record.job;
    try {
      do {
        this.#busy.set(id, false);
        await this.#book(live);
        if (isFinal(live.record.job.phase)) await this.#close(live);
        else if (live.record.money?.bill?.phase === 'settled' && waitsForMoney(live))
          await this.#setAside(live);
      } while (this.#busy.get(id) === true);
    } catch (error) {
      this.#ports.log('booking failed', id, error);
    } finally {
      this.#busy.delete(id);
    }
  }

  /**
   * What arrived is the client's credit, whatever becomes of the job; for a job that still needs it, it is set aside at
   * once, so that nothing else can spend it in between.
   */
  async #book(live: Live): Promise<void> {
    const { job, money } = live.record;
    const payment = money === null ? null : unbookedOf(money);
    if (money === null || payment === null) return;
    const { client } = live.request.envelope;
    const needed = !isFinal(job.phase) && !money.reserved;
    const aside = needed ? [reserved(this.#money.nameOf(job.id), client, quoteOf(money).max)] : [];
    const [, result] = await this.#money.post([received(payment, client), ...aside]);
    // The request that took the place of this one waits for it, perhaps.
    if (!needed) await this.#freed();
    this.#booked(live, { booked: true }, needed && isThere(result));
  }

  async #setAside(live: Live): Promise<void> {
    const { job, money } = live.record;
    if (money === null) return;
    const { client } = live.request.envelope;
    const entry = reserved(this.#money.nameOf(job.id), client, quoteOf(money).max);
    const [result] = await this.#money.post([entry]);
    if (isThere(result)) this.#booked(live, {}, true);
  }

  /** @param covered whether the price of the job is set aside now */
  #booked(live: Live, changes: Partial<JobMoney>, covered: boolean): void {
    const { money, job } = live.record;
    if (money === null) return;
    const next = { ...money, ...changes, reserved: money.reserved || covered };
    this.#store(live, next, [], covered ? newsOf(live) : null);
    // Paid in whatever way: the invoices that were shown for it are not to be paid as well.
    if (covered && !isFinal(job.phase)) this.#withdraw(live);
  }

  /** The job has ended: its money goes where it belongs, and nobody shall pay for it any more. */
  async #close(live: Live): Promise<void> {
    // What the client owes for a result is still wanted.
    if (!isOwed(live)) this.#withdraw(live);
    if (live.record.money?.closed === false) await this.#finishRaise(live);
    const { job, money } = live.record;
    if (money === null || money.closed) return;
    const name = this.#money.nameOf(job.id);
    const entry = closingEntry(job, money, name, live.request.envelope.client);
    if (entry !== null) {
      const [result] = await this.#money.post([entry]);
      if (!isThere(result)) throw new Error(`the books refuse ${entry.key}: ${result}`);
    } else if (isOwed(live)) {
      await this.#money.owe(name, quoteOf(money).max, chargeOf(money), money.terms);
    } else {
      // It may have been set aside all the same, by a call whose answer was lost.
      await this.#money.abandon(name);
    }
    const current = live.record.money;
    if (current !== null) this.#store(live, { ...current, closed: true }, [], null);
  }
}

/** Whether a job waits for money. One whose check is not tried out yet asks nobody for any. */
export function waitsForMoney({ record: { job, money } }: Live): boolean {
  if (money === null || money.reserved || job.phase !== 'waiting') return false;
  return job.waitingFor.includes(MONEY) && !job.waitingFor.includes(CHECK);
}

/** Whether the client has the result of a postpaid job. */
function isOwed({ record: { job, money } }: Live): boolean {
  return money?.way === 'postpaid' && money.reserved && job.phase === 'delivered';
}

/** What it means for the job that its price is set aside. */
function newsOf({ record: { job } }: Live): MoneyNews | null {
  if (job.phase === 'checkout') return { type: 'cleared', demand: null };
  return job.phase === 'waiting' ? { type: 'ready', key: MONEY } : null;
}

function isThere(result: PostResult | undefined): boolean {
  return result === 'posted' || result === 'repeated';
}
