/**
 * Money around a simulated session: a wallet that makes invoices and hold invoices on a chain of its own, the account
 * of the one client, and who really has what. All of it outlives the session's process.
 */
import { createHash } from 'node:crypto';
import type { MoneyPorts } from '../../src/job/ports.ts';
import { BookStore, type PostResult } from '../../src/payment/account/book-store.ts';
import { Debts } from '../../src/payment/account/debts.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import type { Entry } from '../../src/payment/ledger.ts';
import { received, type Terms } from '../../src/payment/ledger-entries.ts';
import { type Msats, msats, ZERO_MSATS } from '../../src/payment/msats.ts';
import { settledPayment } from '../../src/payment/settlement.ts';
import { preimageVault } from '../../src/payment/vault.ts';
import type {
  HoldOrder,
  InvoiceOrder,
  IssuedInvoice,
  WalletAnswer,
  WalletCapabilities,
  WalletTransaction,
} from '../../src/payment/wallet.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { nodeSql } from '../support/node-sql.ts';

export const PRICE = msats(21_000);
export const OWNERS: Terms = { shares: [{ payee: 'ann@owner.test', weight: 1 }], feeParts: 100_000 };
/** Blocks come fast, so that deadlines of hold invoices come within a simulated hour, ms. */
const BLOCK_MS = 15_000;
const NODE = new Uint8Array(32).fill(7);

interface Invoice extends IssuedInvoice {
  preimage: string | null;
  state: 'open' | 'held' | 'settled' | 'failed';
  settledAt_s: number | null;
  readonly hold: number | null;
  deadline: number | null;
}

export class Purse {
  readonly books: BookStore;
  readonly methods: readonly PaymentMethod[];
  readonly #debts: Debts;
  readonly #client: string;
  readonly #now: () => number;
  readonly #invoices = new Map<string, Invoice>();
  readonly #bindings = new Map<string, string>();
  /** Whatever the vault drew, by hash: among it every preimage. */
  readonly #secrets = new Map<string, string>();
  readonly #vault;
  /** Whether the wallet has the habits of Alby Hub (LIGHTNING §2.3, traps 1 to 4). */
  readonly #traps: boolean;
  #zaps = 0;
  /** Whether invoices stay unpaid: then only zaps bring money. */
  refusesToPay = false;
  /** Whether it holds as many payments as it may. */
  isFull = false;
  /** Whether the wallet makes invoices; one that does not leaves open whether it will. */
  makesInvoices = true;
  /** Whether the wallet answers nothing. */
  silent = false;
  /** Whether the wallet hands out the same invoice again and again. */
  repeatsInvoices = false;
  /** What happens while the next entries are on their way to the books. */
  meanwhile: (() => Promise<void>) | null = null;
  /** What the client really paid that did not come back, msats. */
  spent = 0n;

  /** @param now Unix ms */
  constructor(
    client: string,
    methods: readonly PaymentMethod[],
    now: () => number,
    { trust, traps }: { readonly trust: Msats; readonly traps: boolean },
  ) {
    this.#traps = traps;
    const sql = nodeSql();
    this.books = new BookStore(sql);
    this.methods = methods;
    this.#client = client;
    this.#now = now;
    this.trust = trust;
    this.#debts = new Debts(sql, this.books, { now, post: (entry) => this.books.post(entry, now()) });
    let secrets = 0;
    this.#vault = preimageVault('22'.repeat(32), (length) => {
      const seed = createHash('sha256').update(`secret ${secrets++}`).digest();
      const secret = new Uint8Array(seed.subarray(0, length));
      this.#secrets.set(hashOf(Buffer.from(secret).toString('hex')), Buffer.from(secret).toString('hex'));
      return secret;
    });
  }

  readonly trust: Msats;

  get height(): number {
    return Math.floor(this.#now() / BLOCK_MS);
  }

  /** What the session asks for, as its ports, each call made by `call`: it may be lost, or its answer. */
  ports(call: <T>(act: () => T) => Promise<T>): MoneyPorts {
    const ask = async <Value>(act: () => Value): Promise<WalletAnswer<Value>> => {
      if (this.silent) return { type: 'unknown', reason: 'the wallet is silent' };
      try {
        return { type: 'ok', value: await call(act) };
      } catch (error) {
        return { type: 'unknown', reason: String(error) };
      }
    };
    return {
      methods: this.methods,
      terms: OWNERS,
      nameOf: (jobId) => jobId,
      wallet: {
        makeInvoice: (order) => ask(() => this.#make(order, null)),
        makeHold: async (order) =>
          this.isFull
            ? { type: 'failed', code: 'REFUSED', message: 'full' }
            : await ask(() => this.#make(order, order)),
        lookup: (paymentHash) => ask(() => this.lookup(paymentHash)),
        settleHold: (preimage) => ask(() => this.#settle(preimage)),
        cancelHold: (paymentHash) => ask(() => this.#cancel(paymentHash)),
        capabilities: () => ask(() => this.#capabilities()),
      },
      bind: (hash, purpose) => call(() => this.#bind(hash, purpose)),
      watch: () => call(() => undefined),
      post: async (entries) => {
        const { meanwhile } = this;
        this.meanwhile = null;
        await meanwhile?.();
        return await call(() => this.post(entries));
      },
      lend: (job, max) => call(() => this.#debts.lend(this.#client, job, max, this.trust)),
      owe: (job, max, price, terms) => call(() => this.#debts.owe(this.#client, job, max, price, terms)),
      abandon: (job) => call(() => this.#debts.abandon(this.#client, job)),
      newSecret: () => this.#vault.create(),
      openSecret: (sealed) => this.#vault.open(sealed),
    };
  }

  post(entries: readonly Entry[]): PostResult[] {
    const results: PostResult[] = [];
    for (const entry of entries) {
      const result = this.books.post(entry, this.#now());
      results.push(result);
      if (result === 'conflict') throw new Error(`the books hold another entry under ${entry.key}`);
      if (result !== 'posted' && result !== 'repeated') break;
    }
    this.#debts.settle(this.#client);
    return results;
  }

  /** The customer pays. An invoice can be paid once, and until it expires. Whether the money moved. */
  pay(bolt11: string): boolean {
    const invoice = this.#byText(bolt11);
    if (
      this.refusesToPay ||
      invoice === undefined ||
      invoice.state !== 'open' ||
      this.#now() >= invoice.expiresAt_s * 1_000
    )
      return false;
    this.spent += invoice.amount;
    if (invoice.hold === null) this.#received(invoice);
    else {
      invoice.state = 'held';
      invoice.deadline = this.height + invoice.hold;
    }
    return true;
  }

  /** The customer zaps the agent instead; the account books it and nobody has to look. */
  zap(amount: Msats): void {
    const preimage = createHash('sha256')
      .update(`zap ${this.#zaps++}`)
      .digest('hex');
    const paymentHash = hashOf(preimage);
    const facts = { paymentHash, amount, preimage, settledAt_s: Math.floor(this.#now() / 1_000) };
    const transaction = { ...PLAIN, ...facts, state: 'settled' as const };
    const payment = settledPayment(transaction, { paymentHash, amount }, facts.settledAt_s);
    if (typeof payment === 'string') throw new Error(payment);
    this.spent += amount;
    this.#income += amount;
    this.post([received(payment, this.#client)]);
  }

  /** The node gives back what it holds, before anybody asked for that: a channel of the way was closed. */
  giveBack(bolt11: string): void {
    const invoice = this.#byText(bolt11);
    if (invoice?.state === 'held') this.#cancel(invoice.paymentHash);
  }

  /** The preimage of a hold invoice, which nobody but the session may know yet. */
  secretOf(bolt11: string): string | undefined {
    return this.#secrets.get(this.hashOf(bolt11));
  }

  hashOf(bolt11: string): string {
    return this.#byText(bolt11)?.paymentHash ?? '';
  }

  lookup(paymentHash: string): WalletTransaction | null {
    this.#lapse();
    const invoice = this.#invoices.get(paymentHash);
    if (invoice === undefined) return null;
    const { state, amount, bolt11, preimage, createdAt_s, expiresAt_s, settledAt_s } = invoice;
    const expired = this.#now() >= expiresAt_s * 1_000;
    const unpaid = expired ? 'expired' : 'pending';
    // The trap: what is held is called expired, and what the node gave back at the deadline is called held for ever.
    const lapsed = state === 'failed' && invoice.deadline !== null && this.height >= invoice.deadline;
    const held = this.#traps && expired ? 'expired' : 'accepted';
    const shown = this.#traps && lapsed ? 'accepted' : state;
    return {
      ...PLAIN,
      state: shown === 'held' ? held : shown === 'open' ? unpaid : shown,
      paymentHash,
      amount,
      bolt11,
      preimage: state === 'settled' ? preimage : null,
      createdAt_s,
      expiresAt_s,
      settledAt_s,
      settleDeadline: state === 'held' || shown === 'accepted' ? invoice.deadline : null,
    };
  }

  /** Whether the price of a job is set aside, or locked for it, at this moment. */
  holdsFor(jobId: string): boolean {
    return this.books.balance(`job:${jobId}`) === PRICE || this.#lockedFor(jobId);
  }

  /** What the wallet took in and kept, msats. */
  get income(): bigint {
    return this.#income;
  }
  #income = 0n;

  /** Payments that are still locked. */
  get locked(): number {
    this.#lapse();
    return [...this.#invoices.values()].filter(({ state }) => state === 'held').length;
  }

  get credit(): bigint {
    return this.books.balance(`credit:${this.#client}`);
  }

  get owing(): bigint {
    return this.books.balance(`owing:${this.#client}`);
  }

  #lockedFor(jobId: string): boolean {
    this.#lapse();
    return [...this.#invoices.values()].some(
      ({ state, paymentHash }) =>
        (state === 'held' || state === 'settled') && this.#bindings.get(paymentHash) === `job:${jobId}`,
    );
  }

  #make({ amount, expiry_s }: InvoiceOrder, hold: HoldOrder | null): IssuedInvoice {
    if (!this.makesInvoices) throw new Error('the wallet is away');
    const preimage =
      hold === null ? createHash('sha256').update(`invoice ${this.#invoices.size}`).digest('hex') : null;
    const paymentHash = hold?.paymentHash ?? hashOf(preimage ?? '');
    const [handedOut] = this.repeatsInvoices ? this.#invoices.values() : [];
    const known = handedOut ?? this.#invoices.get(paymentHash);
    if (known !== undefined) return known;
    const createdAt_s = Math.floor(this.#now() / 1_000);
    const { text: bolt11 } = encodeInvoice(
      {
        network: 'regtest',
        amount,
        timestamp_s: createdAt_s,
        paymentHash,
        paymentSecret: '33'.repeat(32),
        expiry_s,
        description: 'job',
        descriptionHash: null,
      },
      NODE,
    );
    const invoice: Invoice = {
      bolt11,
      paymentHash,
      amount,
      createdAt_s,
      expiresAt_s: createdAt_s + expiry_s,
      preimage,
      state: 'open',
      settledAt_s: null,
      hold: hold?.minCltvDelta ?? null,
      deadline: null,
    };
    this.#invoices.set(paymentHash, invoice);
    return invoice;
  }

  #settle(preimage: string): null {
    this.#lapse();
    const invoice = this.#invoices.get(hashOf(preimage));
    if (invoice?.state !== 'held') {
      if (this.#traps) throw new Error('the wallet settles once, and then errs');
      return null;
    }
    invoice.preimage = preimage;
    this.#received(invoice);
    return null;
  }

  #cancel(paymentHash: string): null {
    this.#lapse();
    const invoice = this.#invoices.get(paymentHash);
    if (invoice?.state === 'held') this.spent -= invoice.amount;
    if (invoice?.state === 'held' || (invoice?.state === 'open' && !this.#traps)) invoice.state = 'failed';
    else if (this.#traps) throw new Error('the wallet cancels only what is held');
    return null;
  }

  #received(invoice: Invoice): void {
    invoice.state = 'settled';
    invoice.settledAt_s = Math.floor(this.#now() / 1_000);
    this.#income += invoice.amount;
  }

  /** The node gives back what is held until its deadline. */
  #lapse(): void {
    for (const invoice of this.#invoices.values()) {
      if (invoice.state !== 'held' || invoice.deadline === null || this.height < invoice.deadline) continue;
      invoice.state = 'failed';
      this.spent -= invoice.amount;
    }
  }

  #bind(hash: string, purpose: string): boolean {
    if (!this.#bindings.has(hash)) this.#bindings.set(hash, purpose);
    return this.#bindings.get(hash) === purpose;
  }

  #capabilities(): WalletCapabilities {
    return {
      methods: [
        'make_invoice',
        'lookup_invoice',
        'make_hold_invoice',
        'settle_hold_invoice',
        'cancel_hold_invoice',
      ],
      notifications: [],
      network: 'regtest',
      nodePubkey: null,
      alias: null,
      blockHeight: this.height,
    };
  }

  #byText(bolt11: string): Invoice | undefined {
    return [...this.#invoices.values()].find((invoice) => invoice.bolt11 === bolt11);
  }
}

const PLAIN = {
  direction: 'incoming' as const,
  fees: ZERO_MSATS,
  bolt11: null,
  createdAt_s: 0,
  expiresAt_s: null,
  settleDeadline: null,
};

function hashOf(preimage: string): string {
  return createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
}
