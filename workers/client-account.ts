/** One object per client: what counts across all its sessions. Its leave to open jobs, and its books. */
import { DurableObject } from 'cloudflare:workers';
import { type Leave, Quotas } from '../src/job/quota.ts';
import { LEDGER_PROJECT_BATCH, LEDGER_PROJECT_DELAY_MS } from '../src/limits.ts';
import { BookStore, type PostResult } from '../src/payment/book-store.ts';
import { entrySchema, type PlainEntry, toPlainEntry } from '../src/payment/ledger.ts';
import { received } from '../src/payment/ledger-entries.ts';
import { settledPayment } from '../src/payment/settlement.ts';
import type { WalletTransaction } from '../src/payment/wallet.ts';
import { type Plain, transactionJson } from '../src/payment/wallet-json.ts';
import { openDb } from '../src/store/db.ts';
import { insertLedgerLines } from '../src/store/ledger.ts';
import type { Env } from './env.ts';
import type { ClientAccountRpc, MoneyObserver } from './rpc.ts';
import { durableSql } from './sql.ts';

/** Pause before the record is tried again, ms. */
const RETRY_MS = 10_000;

export class ClientAccount extends DurableObject<Env> implements ClientAccountRpc, MoneyObserver {
  readonly #quotas: Quotas;
  readonly #books: BookStore;
  #alarmSet = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = durableSql(ctx.storage);
    this.#quotas = new Quotas(sql);
    this.#books = new BookStore(sql);
  }

  async take(agent: string, limit: number, want: number): Promise<Leave> {
    return this.#quotas.take(agent, limit, want, Date.now());
  }

  async post(entry: PlainEntry): Promise<PostResult> {
    const result = this.#books.post(entrySchema.parse(entry), Date.now());
    // Committed with the entry, so that no entry stays out of the record.
    if (result === 'posted') this.#projectSoon();
    if (result === 'conflict') console.error('the books hold another entry under this key', entry.key);
    return result;
  }

  async credit(): Promise<string> {
    return this.#books.balance(`credit:${this.#client()}`).toString();
  }

  /** A payment that is for this account and no job: credit. */
  async walletChanged(_about: string, transaction: Plain<WalletTransaction>): Promise<void> {
    const seen = transactionJson.parse(transaction);
    const payment = settledPayment(seen, seen, Math.floor(Date.now() / 1000));
    if (typeof payment !== 'string') await this.post(toPlainEntry(received(payment, this.#client())));
  }

  override async alarm(): Promise<void> {
    this.#alarmSet = false;
    try {
      const { lines, mark } = this.#books.unprojected(LEDGER_PROJECT_BATCH);
      if (lines.length === 0) return;
      await insertLedgerLines(openDb(this.env.DB), lines);
      this.#books.markProjected(mark);
      this.#projectSoon();
    } catch (error) {
      // After six throws the platform would give the object up for good, so it is recorded and tried again.
      console.error('the record did not take the books', error);
      await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
    }
  }

  #projectSoon(): void {
    if (this.#alarmSet) return;
    this.#alarmSet = true;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + LEDGER_PROJECT_DELAY_MS));
  }

  #client(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error('an account object must be reached by its name');
    return name;
  }
}
