/**
 * An owner and a client with real books and real payout desks, in a bad world: a wallet that loses requests and answers
 * and may pay late, payees that hand in invoices of every kind, and a process that dies at any moment. Driven by one
 * seed; the truth is what the wallet really paid.
 */

import { BookStore } from '../../src/payment/account/book-store.ts';
import { earningsOf, payeeAccount } from '../../src/payment/account/earnings.ts';
import { PayoutDesk } from '../../src/payment/account/payout-desk.ts';
import { PayoutFunds } from '../../src/payment/account/payout-funds.ts';
import type { PayoutPorts } from '../../src/payment/account/payout-ports.ts';
import { PayoutStore } from '../../src/payment/account/payout-store.ts';
import { Bindings } from '../../src/payment/bindings.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import type { Invoice } from '../../src/payment/bolt11/invoice.ts';
import { nodeIdOf } from '../../src/payment/bolt11/signature.ts';
import type { Account, Entry } from '../../src/payment/ledger.ts';
import { earned, reserved, tipped } from '../../src/payment/ledger-entries.ts';
import type { PayOffer } from '../../src/payment/lnurl/client.ts';
import type { PayeeProblem } from '../../src/payment/lnurl/payee.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import type { AdvancePayout } from '../../src/payment/payout.ts';
import type { WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import type { Sql } from '../../src/store/sql.ts';
import { nodeSql } from '../support/node-sql.ts';
import { seeded } from '../support/random.ts';
import { draft, hashOf, NODE, NOW, preimageOf } from './payout-model.ts';
import { must } from './simulation.ts';

const OWNER = 'ann@pay.test';
const CLIENT = 'c'.repeat(64);
const ADDRESS = 'client@pay.test';
const MIN = msats(15_000);
const FEES = msats(21);
/** Of what is tipped, millionths. */
const FEE_PARTS = 100_000;
const OWN_NODE = nodeIdOf(new Uint8Array(32).fill(9));
/** Signing costs more than a whole schedule, so one invoice is signed and the others differ from it in its place. */
const PATTERN = encodeInvoice(draft, NODE);

export interface Trouble {
  /** Chance that the process dies at a fault point, or between two events. */
  readonly crash: number;
  /** Chance that a call or its answer is lost. */
  readonly loss: number;
  /** Chance that a payee hands in something else than an honest invoice. */
  readonly tricks: number;
}
export const CALM: Trouble = { crash: 0, loss: 0, tricks: 0 };

/** What of the guards is taken away. */
export interface Mutation {
  readonly advance?: AdvancePayout;
  /** Every hash is taken for a new one. */
  readonly bindsAll?: true;
  /** A claim is stored without its entry in the books. */
  readonly unbookedClaims?: true;
}

/** Whose account it is. */
type Side = 'owner' | 'client';

interface Payment {
  readonly invoice: Invoice;
  /** Whose payout asked the wallet to pay it; null while none has. */
  payer: Side | null;
  readonly kind: 'plain' | 'held' | 'unroutable';
  state: 'unknown' | 'pending' | 'settled' | 'failed';
}

interface Timer {
  readonly at_ms: number;
  readonly run: () => void;
}

interface Party {
  readonly sql: Sql;
  readonly books: BookStore;
  desk: PayoutDesk;
}

export class DeskWorld {
  readonly random: () => number;
  trouble: Trouble;
  now_ms = NOW;
  /** How often something that the tests want to see happened. */
  readonly happened: Record<string, number> = {};
  readonly #payments: Payment[] = [];
  readonly #bindings = new Bindings(nodeSql());
  readonly #mutation: Mutation;
  readonly #owner: Party;
  readonly #client: Party;
  #timers: Timer[] = [];
  #life = 0;
  #ids = 0;
  /** What came in for credit, what of it was tipped, and what the owner earned by that, msats. */
  #income = 0n;
  #tipped = 0n;
  #earned = 0n;

  constructor(seed: number, trouble: Trouble, mutation: Mutation = {}) {
    this.random = seeded(seed ^ 0x0de5c);
    this.trouble = trouble;
    this.#mutation = mutation;
    this.#owner = this.#party(payeeAccount(OWNER));
    this.#client = this.#party(CLIENT);
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  // ── What people do ──

  /** The client pays something in, and some of it becomes the owner's. */
  pay(amount: Msats, tip: Msats): void {
    const key = `payment ${++this.#ids}`;
    this.#income += amount;
    this.#book(this.#client, {
      key,
      postings: [
        { account: 'wallet', amount },
        { account: `credit:${CLIENT}`, amount: -amount },
      ],
    });
    const terms = { shares: [{ payee: OWNER, weight: 1 }], feeParts: FEE_PARTS };
    if (this.#client.books.post(tipped(key, CLIENT, tip, terms), this.now_ms) !== 'posted') return;
    this.#tipped += tip;
    const { entries, mark } = this.#client.books.untold('owner', 1_000);
    this.#client.books.told('owner', mark);
    for (const { key: from, payee, amount: share } of earningsOf(entries)) {
      this.#earned += share;
      this.#book(this.#owner, earned(from, payee, share));
    }
  }

  /** The client spends credit on a job, if it has it. */
  spend(amount: Msats): void {
    this.#client.books.post(reserved(`job ${++this.#ids}`, CLIENT, amount), this.now_ms);
  }

  askRefund(amount: Msats): void {
    const { desk } = this.#client;
    if (this.chance(0.5)) {
      const asked = desk.refundTo(ADDRESS, amount);
      if ('code' in asked) this.#count(`refund ${asked.code}`);
      return;
    }
    const made = this.#invoice(amount);
    if ('problem' in made) return;
    const life = this.#life;
    desk.refundBy(made).then(
      (asked) => {
        if (life === this.#life && 'code' in asked) this.#count(`refund ${String(asked.details?.reason)}`);
      },
      () => this.#count('refund lost'),
    );
  }

  cancel(): void {
    const open = this.#client.desk.list().find(({ state }) => state === 'waiting' || state === 'sending');
    if (open === undefined) return;
    const answer = this.#client.desk.cancel(open.id);
    must(answer !== null, 'a refund that is listed is found');
    if (answer !== null && 'state' in answer) this.#count('cancelled');
  }

  /** The process dies: memory is lost, what is stored and what is under way stays. */
  crash(): void {
    this.#life++;
    this.#count('crash');
    this.#owner.desk = this.#deskOf(this.#owner, payeeAccount(OWNER));
    this.#client.desk = this.#deskOf(this.#client, CLIENT);
  }

  /** Lets things happen, so many; whether all is quiet. */
  async run(events: number): Promise<boolean> {
    for (let i = 0; i < events; i++) {
      await settled();
      const next = this.#next();
      if (next === null) return true;
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
      if (this.chance(this.trouble.crash / 4)) this.crash();
      await settled();
      this.check();
    }
    return false;
  }

  // ── What must be true ──

  check(): void {
    for (const { books } of [this.#owner, this.#client]) {
      let sum = 0n;
      for (const [account, amount] of books.balances()) sum += isDebit(account) ? amount : -amount;
      must(sum === 0n, 'the books of an account add up to nothing');
    }
    const owed = this.#owner.books.balance(`payee:${OWNER}`);
    must(this.#settled('owner') + owed <= this.#earned, 'an owner is never paid what is still owed');
    const credit = this.#client.books.balance(`credit:${CLIENT}`) + this.#jobs();
    must(
      this.#settled('client') + credit + this.#tipped <= this.#income,
      'a client is never paid what is still its credit',
    );
  }

  final(): void {
    const fees = BigInt(this.#payments.filter(({ state }) => state === 'settled').length) * FEES;
    const paid = this.#settled('owner') + this.#settled('client');
    must(this.#balance('wallet') === this.#income - paid - fees, 'the books know what is in the wallet');
    must(this.#balance('routing') === fees, 'the operator pays for the ways and for nothing else');
    must(this.#balance('revenue') * 10n === this.#tipped, 'the fee is the tenth part of what was tipped');
    const left = this.#owner.books.balance(`payee:${OWNER}`);
    must(this.#settled('owner') + left === this.#earned, 'what an owner earned was paid, or is owed');
    must(left < MIN, 'what is worth a payment has been paid');
    const credit = this.#client.books.balance(`credit:${CLIENT}`) + this.#jobs();
    must(
      this.#settled('client') + credit + this.#tipped === this.#income,
      'what a client paid in is somewhere',
    );
  }

  get settledPayments(): number {
    return this.#payments.filter(({ state }) => state === 'settled').length;
  }

  #settled(side: Side): bigint {
    return this.#payments
      .filter((payment) => payment.state === 'settled' && payment.payer === side)
      .reduce((sum, { invoice }) => sum + (invoice.amount ?? 0n), 0n);
  }

  #jobs(): bigint {
    return [...this.#client.books.balances()]
      .filter(([account]) => account.startsWith('job:'))
      .reduce((sum, [, amount]) => sum + amount, 0n);
  }

  #balance(account: Account): bigint {
    return this.#owner.books.balance(account) + this.#client.books.balance(account);
  }

  // ── Payees ──

  #offer(): PayOffer | PayeeProblem {
    if (this.chance(this.trouble.tricks)) return { problem: 'unreachable' };
    const max = msats(this.chance(0.4) ? 20_000 : 1_000_000_000);
    const url = 'https://pay.test/callback';
    return { callback: url, min: msats(1_000), max, metadata: '[]', commentAllowed: 0, nostrPubkey: null };
  }

  #invoice(amount: Msats): Invoice | PayeeProblem {
    if (!this.chance(this.trouble.tricks)) return this.#made(amount, this.chance(0.2) ? 'held' : 'plain');
    const trick = Math.floor(this.random() * 5);
    if (trick === 0) return { problem: 'endpoint_error' };
    if (trick === 1) return this.#made(msats(amount + 1n), 'plain');
    if (trick === 2) return { ...this.#made(amount, 'plain'), payee: OWN_NODE };
    if (trick === 3) return this.#made(amount, 'unroutable');
    const again = this.#payments.filter(({ invoice }) => invoice.amount === amount);
    const used = again[Math.floor(this.random() * again.length)];
    if (used === undefined) return { problem: 'endpoint_error' };
    this.#count('an invoice again');
    return used.invoice;
  }

  #made(amount: Msats, kind: Payment['kind']): Invoice {
    const number = this.#payments.length + 1;
    const timestamp_s = Math.floor(this.now_ms / 1_000);
    const expiry_s = this.chance(0.5) ? 600 : 3_600;
    const invoice: Invoice = {
      ...PATTERN,
      text: `lnbcrt${number}`,
      paymentHash: hashOf(number),
      amount,
      timestamp_s,
      expiry_s,
      expiresAt_s: timestamp_s + expiry_s,
    };
    this.#payments.push({ invoice, payer: null, kind, state: 'unknown' });
    return invoice;
  }

  // ── The wallet ──

  #pay(bolt11: string, side: Side): WalletAnswer<{ preimage: string; fees: Msats }> {
    const index = Number(bolt11.slice('lnbcrt'.length)) - 1;
    const payment = this.#payments[index];
    if (payment === undefined) throw new Error('an invoice nobody made is to be paid');
    payment.payer ??= side;
    must(payment.payer === side, 'a hash is paid for one purpose');
    const failed = { type: 'failed', code: 'PAYMENT_FAILED', message: 'no' } as const;
    if (payment.state === 'settled' || payment.state === 'pending')
      return { type: 'unknown', reason: 'under way or done' };
    if (this.now_ms >= payment.invoice.expiresAt_s * 1_000) return failed;
    if (payment.kind === 'unroutable' || this.chance(this.trouble.loss)) {
      payment.state = 'failed';
      return failed;
    }
    if (payment.kind === 'plain') {
      payment.state = 'settled';
      return { type: 'ok', value: { preimage: preimageOf(index + 1), fees: FEES } };
    }
    payment.state = 'pending';
    this.#count('held');
    this.#after(this.random() * 5_400_000, () => {
      payment.state = this.chance(0.6) ? 'settled' : 'failed';
    });
    return { type: 'unknown', reason: 'it is held' };
  }

  #lookup(paymentHash: string): WalletTransaction | null {
    const index = this.#payments.findIndex(({ invoice }) => invoice.paymentHash === paymentHash);
    const payment = this.#payments[index];
    if (payment === undefined || payment.state === 'unknown') return null;
    const { invoice, state } = payment;
    return {
      direction: 'outgoing',
      state,
      paymentHash,
      amount: invoice.amount ?? msats(0),
      fees: FEES,
      bolt11: invoice.text,
      preimage: state === 'settled' ? preimageOf(index + 1) : null,
      createdAt_s: invoice.timestamp_s,
      expiresAt_s: invoice.expiresAt_s,
      settledAt_s: null,
      settleDeadline: null,
    };
  }

  // ── The house ──

  #party(account: string): Party {
    const sql = nodeSql();
    const books = new BookStore(sql);
    const party: Party = { sql, books, desk: this.#deskOf({ sql, books }, account) };
    return party;
  }

  #deskOf({ sql, books }: Pick<Party, 'sql' | 'books'>, account: string): PayoutDesk {
    const funds = new PayoutFunds(account, books);
    const ports = this.#ports(books, funds.owner === null ? 'client' : 'owner');
    return new PayoutDesk(new PayoutStore(sql), funds, MIN, ports, this.#mutation.advance);
  }

  #ports(books: BookStore, side: Side): PayoutPorts {
    const unknown = (reason: unknown) => ({ type: 'unknown', reason: String(reason) }) as const;
    const problem = () => ({ problem: 'unreachable' });
    return {
      now: () => this.now_ms,
      defer: () => undefined,
      woken: () => undefined,
      log: (what, error) => this.#count(`${what}: ${error instanceof Error ? error.name : ''}`),
      network: 'regtest',
      newId: () => `payout ${++this.#ids}`,
      post: (entry, also) => {
        const isClaim = entry.key.startsWith('claim:');
        if (!isClaim || this.#mutation.unbookedClaims !== true) return books.post(entry, this.now_ms, also);
        also();
        return 'posted';
      },
      bind: (hash, purpose) =>
        this.#call(() => this.#mutation.bindsAll === true || this.#bindings.bind(hash, purpose)),
      fault: (point) => this.#fault(point),
      payee: {
        refusal: () => null,
        offer: () => this.#call(() => this.#offer()).catch(problem),
        invoice: (_, { amount }) => this.#call(() => this.#invoice(amount)).catch(problem),
      },
      wallet: {
        capabilities: () =>
          this.#call(
            (): WalletAnswer<never> | Awaited<ReturnType<PayoutPorts['wallet']['capabilities']>> => ({
              type: 'ok',
              value: {
                methods: [],
                notifications: [],
                network: 'regtest',
                nodePubkey: OWN_NODE,
                alias: null,
                blockHeight: 1,
              },
            }),
          ).catch(unknown),
        lookup: (hash) =>
          this.#call(() => ({ type: 'ok', value: this.#lookup(hash) }) as const).catch(unknown),
        // A request that lies on a relay may be executed much later; its sender hears nothing of it.
        pay: (bolt11) => this.#call(() => this.#pay(bolt11, side), 900_000).catch(unknown),
      },
    };
  }

  /** A call to somebody else: what is lost on the way there may still arrive within `stray_ms`. Lost answers reject. */
  #call<Value>(act: () => Value, stray_ms = 0): Promise<Value> {
    const life = this.#life;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) =>
        this.#after(this.random() * 400, () => life === this.#life && settle());
      const lost = () => answer(() => reject(new Error('no answer')));
      if (this.chance(this.trouble.loss)) {
        if (stray_ms > 0) this.#after(this.random() * stray_ms, act);
        lost();
        return;
      }
      this.#after(this.random() * 400, () => {
        const value = act();
        if (this.chance(this.trouble.loss)) lost();
        else answer(() => resolve(value));
      });
    });
  }

  #fault(point: string): Promise<void> {
    if (!this.chance(this.trouble.crash)) return Promise.resolve();
    this.#count(`crash at ${point}`);
    this.crash();
    // Nothing that comes after it happens in this life.
    return new Promise(() => undefined);
  }

  #book({ books }: Party, entry: Entry): void {
    must(books.post(entry, this.now_ms) === 'posted', `${entry.key} is booked`);
  }

  #next(): Timer | null {
    const alarms = [this.#owner, this.#client].flatMap(({ desk }) => {
      const at_ms = desk.nextAt_ms();
      return at_ms === null ? [] : [{ at_ms, run: () => desk.tick() }];
    });
    const earliest = [...this.#timers, ...alarms].reduce<Timer | null>(
      (best, timer) => (best === null || timer.at_ms < best.at_ms ? timer : best),
      null,
    );
    return earliest;
  }

  #after(delay_ms: number, run: () => void): void {
    this.#timers.push({ at_ms: this.now_ms + Math.ceil(delay_ms), run });
  }

  #count(what: string): void {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }
}

function isDebit(account: Account): boolean {
  return account === 'wallet' || account === 'routing' || account.startsWith('owing:');
}

/** Everything that follows by itself has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A schedule of a seed: bad times, then good ones until all is quiet. @throws Violation when a rule is broken */
export async function runDesks(seed: number, trouble: Trouble, mutation: Mutation = {}): Promise<DeskWorld> {
  const world = new DeskWorld(seed, trouble, mutation);
  const amount = () => msats(1_000 * (5 + 5 * Math.floor(world.random() * 4)));
  for (let round = 0; round < 40; round++) {
    if (world.chance(0.5)) world.pay(msats(60_000), msats(10_000 * Math.floor(world.random() * 4)));
    if (world.chance(0.4)) world.askRefund(amount());
    if (world.chance(0.15)) world.spend(amount());
    if (world.chance(0.1)) world.cancel();
    await world.run(12);
  }
  world.trouble = CALM;
  must(await world.run(4_000), 'everything ends');
  world.final();
  return world;
}
