/** Single cases of the payout desk that the simulation meets too rarely, or whose amounts are worth naming. */
import { describe, expect, test } from 'vitest';
import { INVOICE_GRACE_MS, PAYOUT_RETRY_BASE_MS } from '../../src/limits.ts';
import { BookStore } from '../../src/payment/account/book-store.ts';
import { payeeAccount } from '../../src/payment/account/earnings.ts';
import { PayoutDesk } from '../../src/payment/account/payout-desk.ts';
import { PayoutFunds } from '../../src/payment/account/payout-funds.ts';
import type { PayoutPorts } from '../../src/payment/account/payout-ports.ts';
import { PayoutStore } from '../../src/payment/account/payout-store.ts';
import { Bindings } from '../../src/payment/bindings.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import type { Invoice } from '../../src/payment/bolt11/invoice.ts';
import type { Account } from '../../src/payment/ledger.ts';
import { earned, reserved } from '../../src/payment/ledger-entries.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import type { Paid, WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import { nodeSql } from '../support/node-sql.ts';
import { draft, FEES, hashOf, NODE, NOW, preimageOf } from './payout-model.ts';

const OWNER = 'ann@pay.test';
const CLIENT = 'c'.repeat(64);
const PATTERN = encodeInvoice(draft, NODE);

/** An account with a desk, a wallet that answers what it is told to, and a payee of any size. */
class Fixture {
  now_ms = NOW;
  offer = { min: msats(1_000), max: msats(1_000_000) };
  /** What the wallet answers to paying; `paid`: that it is done. */
  pays: 'paid' | Promise<WalletAnswer<Paid>> = Promise.resolve({ type: 'unknown', reason: 'no answer' });
  sees: WalletTransaction | null = null;
  readonly ordered: Msats[] = [];
  readonly paid: string[] = [];
  readonly logged: string[] = [];
  readonly books: BookStore;
  readonly bindings = new Bindings(nodeSql());
  desk: PayoutDesk;
  readonly #sql = nodeSql();
  readonly #account: string;
  #ids = 0;

  constructor(account: string) {
    this.#account = account;
    this.books = new BookStore(this.#sql);
    this.desk = this.#start();
  }

  /** A new life of the object, on the same storage. */
  restart(): void {
    this.desk = this.#start();
  }

  invoice(number: number, amount: Msats): Invoice {
    const timestamp_s = this.now_ms / 1_000;
    return {
      ...PATTERN,
      text: `lnbcrt${number}`,
      paymentHash: hashOf(number),
      amount,
      timestamp_s,
      expiresAt_s: timestamp_s + 600,
    };
  }

  /** Lets the alarm ring when it is due within a time, and everything follow. */
  async pass(ms: number): Promise<void> {
    const until_ms = this.now_ms + ms;
    for (;;) {
      await settled();
      const next_ms = this.desk.nextAt_ms();
      if (next_ms === null || next_ms > until_ms) break;
      this.now_ms = Math.max(this.now_ms, next_ms);
      this.desk.tick();
    }
    this.now_ms = until_ms;
  }

  balance(account: Account): bigint {
    return this.books.balance(account);
  }

  #start(): PayoutDesk {
    const funds = new PayoutFunds(this.#account, this.books);
    return new PayoutDesk(new PayoutStore(this.#sql), funds, msats(50_000), this.#ports());
  }

  #ports(): PayoutPorts {
    const node = { network: 'regtest', nodePubkey: null, alias: null, blockHeight: 1 } as const;
    return {
      now: () => this.now_ms,
      defer: () => undefined,
      woken: () => undefined,
      log: (what, error) => this.logged.push(`${what}: ${error instanceof Error ? error.message : ''}`),
      network: 'regtest',
      newId: () => `payout ${++this.#ids}`,
      post: (entry, also) => this.books.post(entry, this.now_ms, also),
      bind: async (hash, purpose) => this.bindings.bind(hash, purpose),
      fault: async () => undefined,
      payee: {
        refusal: (address) => (address.includes('@') ? null : 'no_address'),
        offer: async () => ({
          ...this.offer,
          callback: 'https://pay.test/',
          metadata: '[]',
          commentAllowed: 0,
          nostrPubkey: null,
        }),
        invoice: async ({ min, max }, { amount }) => {
          if (amount < min || amount > max) return { problem: 'amount_out_of_range' };
          this.ordered.push(amount);
          return this.invoice(100 + this.ordered.length, amount);
        },
      },
      wallet: {
        capabilities: async () => ({
          type: 'ok',
          value: { methods: [], notifications: [], ...node },
        }),
        lookup: async () => ({ type: 'ok', value: this.sees }),
        pay: async (bolt11) => {
          this.paid.push(bolt11);
          return this.pays === 'paid' ? paidBy(Number(bolt11.slice(6))) : await this.pays;
        },
      },
    };
  }
}

/** Everything that follows by itself has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const paidBy = (number: number): WalletAnswer<Paid> => ({
  type: 'ok',
  value: { preimage: preimageOf(number), fees: FEES },
});

function ownerWith(amount: bigint): Fixture {
  const fixture = new Fixture(payeeAccount(OWNER));
  fixture.books.post(earned('first', OWNER, msats(amount)), NOW);
  return fixture;
}

function clientWith(amount: bigint): Fixture {
  const fixture = new Fixture(CLIENT);
  const credit = { account: `credit:${CLIENT}`, amount: -amount } as const;
  fixture.books.post({ key: 'in', postings: [{ account: 'wallet', amount }, credit] }, NOW);
  return fixture;
}

describe("an owner's earnings", () => {
  test('are left until they are worth a payment', async () => {
    const fixture = ownerWith(49_999n);
    expect(fixture.desk.nextAt_ms()).toBeNull();
    fixture.books.post(earned('second', OWNER, msats(1)), NOW);
    fixture.pays = 'paid';
    await fixture.pass(1_000);
    expect(fixture.ordered).toEqual([50_000n]);
    expect(fixture.balance(`payee:${OWNER}`)).toBe(0n);
    expect(fixture.balance('routing')).toBe(21n);
    expect(fixture.desk.nextAt_ms()).toBeNull();
  });

  test('are sent in whole sats, and the rest is kept', async () => {
    const fixture = ownerWith(56_700n);
    fixture.pays = 'paid';
    await fixture.pass(1_000);
    expect(fixture.ordered).toEqual([56_000n]);
    expect(fixture.balance(`payee:${OWNER}`)).toBe(700n);
  });

  test('pay back first what came too often', async () => {
    const fixture = ownerWith(70_000n);
    const debt = { account: `owing:${OWNER}`, amount: 20_500n } as const;
    fixture.books.post({ key: 'out', postings: [debt, { account: 'wallet', amount: -20_500n }] }, NOW);
    expect(fixture.desk.nextAt_ms()).toBeNull();
    fixture.books.post(earned('second', OWNER, msats(1_000)), NOW);
    fixture.pays = 'paid';
    await fixture.pass(1_000);
    expect(fixture.ordered).toEqual([50_000n]);
  });

  test('beyond what the payee takes at once follow in further payments', async () => {
    const fixture = ownerWith(130_000n);
    fixture.offer = { min: msats(1_000), max: msats(60_500) };
    fixture.pays = 'paid';
    await fixture.pass(100_000);
    expect(fixture.ordered).toEqual([60_000n, 60_000n]);
    expect(fixture.balance(`payee:${OWNER}`)).toBe(10_000n);
  });

  test('under what the payee takes wait in plain sight, and grow', async () => {
    const fixture = ownerWith(60_000n);
    fixture.offer = { min: msats(100_000), max: msats(1_000_000) };
    await fixture.pass(PAYOUT_RETRY_BASE_MS - 1);
    expect(fixture.ordered).toEqual([]);
    expect(fixture.desk.list()).toMatchObject([{ state: 'waiting', problem: 'amount_out_of_range' }]);
    fixture.books.post(earned('second', OWNER, msats(45_500)), NOW);
    fixture.pays = 'paid';
    await fixture.pass(PAYOUT_RETRY_BASE_MS);
    expect(fixture.ordered).toEqual([105_000n]);
    expect(fixture.desk.list()).toMatchObject([{ state: 'paid', amount: 105_000n, problem: null }]);
  });

  test('that could not be delivered are tried again with what is there by then', async () => {
    const fixture = ownerWith(60_000n);
    await fixture.pass(1_000);
    fixture.books.post(earned('second', OWNER, msats(20_000)), NOW);
    await fixture.pass(600_000 + INVOICE_GRACE_MS + 120_000);
    expect(new Set(fixture.paid)).toEqual(new Set(['lnbcrt101', 'lnbcrt102']));
    expect(fixture.ordered).toEqual([60_000n, 80_000n]);
    expect(fixture.balance(`payee:${OWNER}`) + fixture.balance('sending:payout 2')).toBe(80_000n);
  });
});

describe('a refund to an invoice', () => {
  test('that is never paid gives the money back', async () => {
    const fixture = clientWith(30_000n);
    const asked = await fixture.desk.refundBy(fixture.invoice(1, msats(10_000)));
    expect(asked).toMatchObject({ state: 'sending', amount: 10_000n });
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(20_000n);
    await fixture.pass(600_000 + INVOICE_GRACE_MS + 120_000);
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(30_000n);
    expect(fixture.desk.list()).toMatchObject([{ state: 'returned', problem: 'not_delivered' }]);
    expect(fixture.desk.nextAt_ms()).toBeNull();
  });

  test('whose payment comes to light after all is booked; what was spent since is owed', async () => {
    const fixture = clientWith(30_000n);
    const { promise, resolve: answer } = Promise.withResolvers<WalletAnswer<Paid>>();
    fixture.pays = promise;
    await fixture.desk.refundBy(fixture.invoice(1, msats(10_000)));
    await fixture.pass(600_000 + INVOICE_GRACE_MS + 120_000);
    fixture.books.post(reserved('job', CLIENT, msats(26_000)), NOW);
    answer(paidBy(1));
    await settled();
    expect(fixture.desk.list()).toMatchObject([{ state: 'paid' }]);
    expect(fixture.logged.join()).toContain('paid_after_release');
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(0n);
    expect(fixture.balance(`owing:${CLIENT}`)).toBe(6_000n);
    expect(fixture.balance('wallet')).toBe(30_000n - 10_000n - 21n);
  });

  test('asked for again, also after a crash, is the same refund', async () => {
    const fixture = clientWith(30_000n);
    const invoice = fixture.invoice(1, msats(10_000));
    const first = await fixture.desk.refundBy(invoice);
    fixture.restart();
    expect(await fixture.desk.refundBy(invoice)).toEqual(first);
    fixture.sees = null;
    fixture.pays = 'paid';
    await fixture.pass(5_000);
    expect(await fixture.desk.refundBy(invoice)).toMatchObject({ state: 'paid' });
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(20_000n);
  });

  test('of somebody else is refused, and so is a second one at a time', async () => {
    const fixture = clientWith(30_000n);
    fixture.bindings.bind(hashOf(1), 'topup:somebody');
    const refused = await fixture.desk.refundBy(fixture.invoice(1, msats(10_000)));
    expect(refused).toMatchObject({ code: 'BAD_REQUEST', details: { reason: 'hash_used' } });
    const both = await Promise.all(
      [2, 3].map((n) => fixture.desk.refundBy(fixture.invoice(n, msats(9_000)))),
    );
    expect(both).toMatchObject([{ state: 'sending' }, { details: { reason: 'refund_open' } }]);
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(21_000n);
  });

  test('that pins the money for too long is refused before it is bound to anything', async () => {
    const fixture = clientWith(30_000n);
    const invoice = fixture.invoice(1, msats(10_000));
    for (const [change, reason] of [
      [{ minFinalCltv: 10_000 }, 'final_cltv'],
      [{ expiresAt_s: invoice.expiresAt_s + 31_536_000 }, 'payable_too_long'],
      [{ network: 'mainnet' }, 'network'],
      [{ expiresAt_s: invoice.timestamp_s + 1 }, 'expired'],
      [{ amount: null }, 'amount'],
    ] as const) {
      expect(await fixture.desk.refundBy({ ...invoice, ...change })).toMatchObject({
        code: 'BAD_REQUEST',
        details: { reason },
      });
    }
    expect(fixture.bindings.bind(hashOf(1), 'anything')).toBe(true);
    expect(fixture.desk.list()).toEqual([]);
  });
});

describe('a refund to an address', () => {
  test('whose credit was spent in between ends without a payment', async () => {
    const fixture = clientWith(30_000n);
    fixture.offer = { min: msats(50_000), max: msats(1_000_000) };
    fixture.desk.refundTo('c@pay.test', msats(20_000));
    await fixture.pass(1_000);
    fixture.books.post(reserved('job', CLIENT, msats(15_000)), NOW);
    fixture.offer = { min: msats(1_000), max: msats(1_000_000) };
    await fixture.pass(PAYOUT_RETRY_BASE_MS);
    expect(fixture.desk.list()).toMatchObject([{ state: 'returned', problem: 'money_spent' }]);
    expect(fixture.paid).toEqual([]);
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(15_000n);
  });

  test('of what is owed is refused', () => {
    const fixture = clientWith(30_000n);
    const lent = { account: `owing:${CLIENT}`, amount: 25_000n } as const;
    fixture.books.post({ key: 'lend:j', postings: [lent, { account: 'job:j', amount: -25_000n }] }, NOW);
    expect(fixture.desk.refundTo('c@pay.test', msats(5_001))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { available_msats: 5_000 },
    });
    expect(fixture.desk.refundTo('nobody', msats(1_000))).toMatchObject({
      details: { reason: 'no_address' },
    });
  });

  test('is cancelled while it waits, and not once it is on its way', async () => {
    const fixture = clientWith(30_000n);
    fixture.offer = { min: msats(50_000), max: msats(1_000_000) };
    fixture.desk.refundTo('c@pay.test', msats(20_000));
    await settled();
    expect(fixture.desk.cancel('payout 1')).toMatchObject({ state: 'cancelled' });
    expect(fixture.desk.cancel('payout 1')).toMatchObject({ state: 'cancelled' });
    fixture.offer = { min: msats(1_000), max: msats(1_000_000) };
    fixture.desk.refundTo('c@pay.test', msats(20_000));
    await settled();
    expect(fixture.desk.cancel('payout 2')).toMatchObject({
      code: 'BAD_REQUEST',
      details: { state: 'sending' },
    });
    expect(fixture.desk.cancel('payout 3')).toBeNull();
  });

  test('whose invoice arrives after it was cancelled is not paid', async () => {
    const fixture = clientWith(30_000n);
    fixture.desk.refundTo('c@pay.test', msats(20_000));
    fixture.desk.cancel('payout 1');
    await fixture.pass(100_000);
    expect(fixture.paid).toEqual([]);
    expect(fixture.balance(`credit:${CLIENT}`)).toBe(30_000n);
  });
});
