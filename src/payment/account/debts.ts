/**
 * Work on trust (postpaid): what a client may owe, what it owes for which job, and that whatever comes in pays the
 * oldest debt first. In the account object, because lending must be one step with looking at what is owed.
 */
import * as z from 'zod';
import type { Clock } from '../../clock.ts';
import { POSTPAY_OVERDUE_MS } from '../../limits.ts';
import { first, type Sql } from '../../store/sql.ts';
import type { Entry } from '../ledger.ts';
import { delivered, failed, forgiven, lent, repaid, type Terms, writtenOff } from '../ledger-entries.ts';
import { type Msats, msats, subtract } from '../msats.ts';
import type { BookStore, PostResult } from './book-store.ts';

const termsSchema: z.ZodType<Terms> = z.object({
  shares: z.array(z.object({ payee: z.string(), weight: z.number() })),
  feeParts: z.number(),
});

export interface DebtPorts {
  readonly now: Clock;
  /** Posts to the same books, and sees to everything that follows from an entry. */
  readonly post: (entry: Entry) => PostResult;
}

export class Debts {
  readonly #sql: Sql;
  readonly #books: BookStore;
  readonly #ports: DebtPorts;

  /** @param books of the same object: its schema holds the debts, too */
  constructor(sql: Sql, books: BookStore, ports: DebtPorts) {
    this.#sql = sql;
    this.#books = books;
    this.#ports = ports;
  }

  /** Begins a job on trust. Repeat-safe. Whether the client may owe so much. */
  lend(client: string, job: string, max: Msats, limit: Msats): boolean {
    const entry = lent(job, client, max);
    if (this.#books.has(entry.key)) return this.#ports.post(entry) === 'repeated';
    const oldest = first(this.#sql, 'SELECT min(at) AS at FROM debts')?.at;
    if (typeof oldest === 'number' && oldest < this.#ports.now() - POSTPAY_OVERDUE_MS) return false;
    if (this.#books.balance(`owing:${client}`) + max > limit) return false;
    return this.#ports.post(entry) === 'posted';
  }

  /** The client has the result, and owes its price. Repeat-safe. */
  owe(client: string, job: string, max: Msats, price: Msats, terms: Terms): void {
    if (max > price) this.#ports.post(forgiven(job, client, subtract(max, price)));
    if (this.#books.has(`repay:${job}`)) return;
    this.#sql.run(
      'INSERT OR IGNORE INTO debts (job, at, price, terms) VALUES (?, ?, ?, ?)',
      job,
      this.#ports.now(),
      Number(price),
      JSON.stringify(terms),
    );
    this.settle(client);
  }

  /** Money may have come in: pays what is owed, the oldest first. */
  settle(client: string): void {
    for (const row of this.#sql.all('SELECT job, price, terms FROM debts ORDER BY at, job')) {
      const job = String(row.job);
      const price = msats(Number(row.price));
      const paid = this.#ports.post(repaid(job, client, price));
      if (paid !== 'posted' && paid !== 'repeated') return;
      const terms = termsSchema.parse(JSON.parse(String(row.terms)));
      this.#ports.post(delivered({ job, client, ...terms, reserved: price, charge: price }));
      this.#sql.run('DELETE FROM debts WHERE job = ?', job);
    }
  }

  /**
   * Gives back what was set aside for a job that will never be. Repeat-safe; a job that has ended is left alone, owed
   * for or not: its session may have forgotten it and take its request, come again, for one it never took.
   */
  abandon(client: string, job: string): void {
    if (first(this.#sql, 'SELECT 1 AS one FROM debts WHERE job = ?', job) !== undefined) return;
    const amount = this.#books.balance(`job:${job}`);
    if (amount <= 0n) return;
    const back = msats(amount);
    const onTrust = this.#books.has(`lend:${job}`);
    this.#ports.post(onTrust ? writtenOff(job, client, back) : failed(job, client, back));
  }
}
