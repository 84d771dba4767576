/**
 * One object per account: a client's, by its public key, or an owner's (see {@link payeeAccount}). It holds what counts
 * across all sessions: a client's leave to open jobs, and the books. What it does by itself are parts, woken by one alarm.
 */

import { DurableObject } from 'cloudflare:workers';
import { systemClock } from '../src/clock.ts';
import type { JobFailure } from '../src/errors.ts';
import { type Leave, Quotas } from '../src/job/quota.ts';
import { LEDGER_PROJECT_BATCH } from '../src/limits.ts';
import { BookStore, type PostResult, type StoredEntry } from '../src/payment/account/book-store.ts';
import { Debts } from '../src/payment/account/debts.ts';
import { earningsOf, payeeAccount, payeeOf, transfersOf } from '../src/payment/account/earnings.ts';
import { type AccountPart, earliest } from '../src/payment/account/part.ts';
import { PayoutDesk } from '../src/payment/account/payout-desk.ts';
import { PayoutFunds } from '../src/payment/account/payout-funds.ts';
import { PayoutStore } from '../src/payment/account/payout-store.ts';
import { PurseDesk } from '../src/payment/account/purse-desk.ts';
import { statementOf } from '../src/payment/account/statement.ts';
import { Tail } from '../src/payment/account/tail.ts';
import { ZapDesk } from '../src/payment/account/zap-desk.ts';
import {
  ZAP_NEWS,
  type ZapInvoice,
  type ZapInvoiceOrder,
  type ZapStatus,
  zapOrderJson,
} from '../src/payment/account/zap-order.ts';
import { readInvoice } from '../src/payment/bolt11/decode.ts';
import { type Entry, entrySchema, type PlainEntry } from '../src/payment/ledger.ts';
import { earned, received, type Terms } from '../src/payment/ledger-entries.ts';
import { msats, msatsSchema } from '../src/payment/msats.ts';
import { settledPayment } from '../src/payment/settlement.ts';
import type { WalletTransaction } from '../src/payment/wallet.ts';
import { type Plain, toPlain, transactionJson } from '../src/payment/wallet-json.ts';
import { openDb } from '../src/store/db.ts';
import { insertLedgerLines } from '../src/store/ledger.ts';
import type { ClientAccountRpc } from './account-rpc.ts';
import { configOf, type Env } from './env.ts';
import { freshListings, haveListings } from './listings.ts';
import { payoutPorts } from './payout-ports.ts';
import type { MoneyObserver } from './rpc.ts';
import { durableSql } from './sql.ts';
import { zapPorts } from './zaps.ts';

const NO_INVOICE: JobFailure = { code: 'BAD_REQUEST', message: 'This is no Lightning invoice' };
/** Pause before an alarm that failed is tried again, ms. */
const ALARM_RETRY_MS = 10_000;

export class ClientAccount extends DurableObject<Env> implements ClientAccountRpc, MoneyObserver {
  readonly #quotas: Quotas;
  readonly #books: BookStore;
  readonly #debts: Debts;
  readonly #tail: Tail;
  readonly #desk: PayoutDesk;
  readonly #zaps: ZapDesk;
  readonly #purse: PurseDesk;
  readonly #parts: readonly AccountPart[];
  #wakeAt_ms: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Who earns by a zap is asked when it is paid.
    if (!haveListings(env)) void ctx.blockConcurrencyWhile(() => freshListings(env));
    const sql = durableSql(ctx.storage);
    this.#quotas = new Quotas(sql);
    this.#books = new BookStore(sql);
    this.#debts = new Debts(sql, this.#books, { now: systemClock, post: (entry) => this.#post(entry) });
    const ports = {
      now: systemClock,
      defer: (work: Promise<void>) => ctx.waitUntil(work),
      woken: () => this.#appoint(),
      log: (what: string, error: unknown) => console.error(what, ctx.id.name, error),
    };
    this.#tail = new Tail('record', this.#books, (entries) => this.#tell(entries), ports);
    const funds = new PayoutFunds(this.#name(), this.#books);
    this.#desk = new PayoutDesk(
      new PayoutStore(sql),
      funds,
      msats(configOf(env).payoutMin_msats),
      payoutPorts(env, ports, (entry, also) => this.#post(entry, also)),
    );
    this.#zaps = new ZapDesk(this.#name(), sql, {
      ...ports,
      ...zapPorts(env, this.#name()),
      post: (entry) => this.#post(entry),
    });
    this.#purse = new PurseDesk(this.#name(), sql, this.#books, funds, {
      now: systemClock,
      post: (entry) => this.#post(entry),
    });
    this.#parts = [this.#tail, this.#desk, this.#zaps, this.#purse];
  }

  // ── Leave ──

  async take(agent: string, limit: number, want: number): Promise<Leave> {
    return this.#quotas.take(agent, limit, want, systemClock());
  }

  // ── Books ──

  async post(entries: readonly PlainEntry[]): Promise<PostResult[]> {
    const results: PostResult[] = [];
    for (const entry of entries) {
      const result = this.#post(entrySchema.parse(entry));
      results.push(result);
      if (result !== 'posted' && result !== 'repeated') break;
    }
    this.#debts.settle(this.#name());
    return results;
  }

  async lend(job: string, max: string): Promise<boolean> {
    // Whoever filled it has said by that what it may spend.
    if (this.#purse.isPurse) return false;
    const limit = msats(configOf(this.env).postpayLimit_msats);
    return this.#debts.lend(this.#name(), job, msatsSchema.parse(max), limit);
  }

  async owe(job: string, max: string, price: string, terms: Terms): Promise<void> {
    this.#debts.owe(this.#name(), job, msatsSchema.parse(max), msatsSchema.parse(price), terms);
  }

  async abandon(job: string): Promise<void> {
    this.#debts.abandon(this.#name(), job);
  }

  async credit(): Promise<string> {
    return this.#books.balance(`credit:${this.#name()}`).toString();
  }

  async earn(key: string, amount: string): Promise<void> {
    const payee = payeeOf(this.#name());
    if (payee === null) throw new Error('only owners earn');
    this.#post(earned(key, payee, msatsSchema.parse(amount)));
  }

  // ── Purses ──

  async openPurse(): Promise<void> {
    this.#purse.open();
  }

  async moveCredit(id: string, to: string, amount: string): Promise<PostResult> {
    return this.#purse.move(id, to, msatsSchema.parse(amount));
  }

  async arrive(key: string, amount: string): Promise<void> {
    this.#purse.arrive(key, msatsSchema.parse(amount));
    this.#debts.settle(this.#name());
    this.#appoint();
  }

  async closePurse(owner: string): Promise<void> {
    this.#purse.closeTo(owner);
    // Whoever closes it wants the money there, and not when the record is written.
    await this.#passOn(this.#books.untold('record', LEDGER_PROJECT_BATCH).entries);
  }

  async earnings(): Promise<string> {
    const payee = payeeOf(this.#name());
    return payee === null ? '0' : this.#books.balance(`payee:${payee}`).toString();
  }

  // ── Money back ──

  async statement() {
    return toPlain(statementOf(this.#name(), this.#books, this.#desk.list()));
  }

  async refundTo(address: string, amount: string) {
    return toPlain(this.#desk.refundTo(address, msatsSchema.parse(amount)));
  }

  async refundBy(bolt11: string) {
    const invoice = readInvoice(bolt11);
    return invoice === null ? NO_INVOICE : toPlain(await this.#desk.refundBy(invoice));
  }

  async refund(id: string) {
    return toPlain(this.#desk.find(id));
  }

  async cancelRefund(id: string) {
    return toPlain(this.#desk.cancel(id));
  }

  // ── Payments ──

  /** A payment that is for this account and not by a job's own invoice: credit, which pays what is owed first. */
  async walletChanged(about: string, transaction: Plain<WalletTransaction>): Promise<void> {
    const seen = transactionJson.parse(transaction);
    if (about === ZAP_NEWS) this.#zaps.changed(seen);
    else this.#toppedUp(seen);
    this.#debts.settle(this.#name());
  }

  #toppedUp(seen: WalletTransaction): void {
    const payment = settledPayment(seen, seen, Math.floor(systemClock() / 1000));
    if (typeof payment !== 'string') this.#post(received(payment, this.#name()));
  }

  // ── Zaps ──

  async zapInvoice(order: Plain<ZapInvoiceOrder>): Promise<ZapInvoice> {
    return await this.#zaps.invoice(zapOrderJson.parse(order));
  }

  async zapPayment(paymentHash: string): Promise<Plain<ZapStatus> | null> {
    return toPlain(this.#zaps.payment(paymentHash));
  }

  #post(entry: Entry, also?: () => void): PostResult {
    const result = this.#books.post(entry, systemClock(), also);
    if (result === 'posted') {
      this.#tail.behind();
      this.#appoint();
    }
    if (result === 'conflict') console.error('the books hold another entry under this key', entry.key);
    return result;
  }

  /** The record first; then who got something, each of whom takes it once, however often it is told. */
  async #tell(entries: readonly StoredEntry[]): Promise<void> {
    const lines = entries.flatMap(({ key, at_ms, postings }) =>
      postings.map(([account, amount]) => ({ key, account, amount_msats: Number(amount), at_ms })),
    );
    await insertLedgerLines(openDb(this.env.DB), lines);
    await this.#passOn(entries);
  }

  async #passOn(entries: readonly StoredEntry[]): Promise<void> {
    for (const { key, payee, amount } of earningsOf(entries))
      await this.env.ACCOUNT.getByName(payeeAccount(payee)).earn(key, amount.toString());
    for (const { key, payee, amount } of transfersOf(entries))
      await this.env.ACCOUNT.getByName(payee).arrive(key, amount.toString());
  }

  // ── Time ──

  override async alarm(): Promise<void> {
    this.#wakeAt_ms = null;
    try {
      for (const part of this.#parts) part.tick();
      this.#appoint();
      await this.#tail.told();
    } catch (error) {
      // After six throws the platform would give the object up for good, so it is recorded and tried again.
      console.error('account alarm failed', this.ctx.id.name, error);
      await this.ctx.storage.setAlarm(systemClock() + ALARM_RETRY_MS);
    }
  }

  /** Makes sure of an alarm for the earliest part. An earlier one stays: setting one is a written row. */
  #appoint(): void {
    const next_ms = earliest(this.#parts.map((part) => part.nextAt_ms()));
    if (next_ms === null || (this.#wakeAt_ms !== null && this.#wakeAt_ms <= next_ms)) return;
    this.#wakeAt_ms = next_ms;
    // Committed with whatever made it necessary, so that nothing stays undone.
    this.ctx.waitUntil(this.ctx.storage.setAlarm(next_ms));
  }

  #name(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error('an account object must be reached by its name');
    return name;
  }
}
