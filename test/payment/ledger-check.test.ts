/**
 * Goal: the check reads the ledger in D1 and the wallet's list as they are: whatever the pages, whatever moves meanwhile,
 * however long both have grown. Method: entries of the real functions in a real database in memory; a wallet of the
 * test's that gives its list in the ways wallets do. Does not prove: that NIP-47 is read rightly (nwc.test.ts).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/payment/ledger.ts';
import { type CheckBounds, checkLedger } from '../../src/payment/ledger-check.ts';
import { claimed, deposited, type Outgoing, paidOut, received } from '../../src/payment/ledger-entries.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import { hashOfPreimage } from '../../src/payment/nwc/check.ts';
import { settledPayment } from '../../src/payment/settlement.ts';
import type { Listing, Wallet, WalletAnswer, WalletTransaction } from '../../src/payment/wallet.ts';
import { walletHistory } from '../../src/payment/wallet-history.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { currentKindSums, ledgerKinds } from '../../src/store/ledger-report.ts';
import { type NodeD1, nodeD1 } from '../support/node-d1.ts';

fc.configureGlobal({ seed: 15 });

const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1_000;
const GRACE_MS = 90_000;
const CLIENT = 'c'.repeat(64);
const BOUNDS: CheckBounds = { lines: 1_000, pageSize: 3, pages: 100, lookups: 10 };

const preimageOf = (n: number) => n.toString(16).padStart(64, '0');
const hash = (n: number) => hashOfPreimage(preimageOf(n));

/** The nth payment, as old as its number says; even ones come in. All of the same second when `same`. */
function transaction(n: number, over: Partial<WalletTransaction> = {}): WalletTransaction {
  const incoming = n % 2 === 0;
  return {
    direction: incoming ? 'incoming' : 'outgoing',
    state: 'settled',
    paymentHash: hash(n),
    amount: msats(1_000 + n),
    fees: msats(incoming ? 0 : 7),
    bolt11: null,
    preimage: preimageOf(n),
    createdAt_s: NOW_S - 1_000 - n,
    expiresAt_s: null,
    settledAt_s: NOW_S - 1_000 - n,
    settleDeadline: null,
    ...over,
  };
}

class FakeWallet implements Pick<Wallet, 'list' | 'lookup' | 'balance'> {
  /** Newest first. */
  transactions: WalletTransaction[] = [];
  held: WalletAnswer<Msats> = { type: 'ok', value: msats(1_000_000_000) };
  /** Fewer than asked for. */
  cap = 1_000;
  ignoresOffset = false;
  /** More in one answer do not fit an event, and nothing comes. */
  fits = 1_000;
  listed: WalletAnswer<never> | null = null;
  looked: WalletAnswer<never> | null = null;
  lookups = 0;
  pages = 0;
  /** What happens between two pages. */
  between: () => void = () => undefined;

  async list({ limit, offset = 0 }: Listing): Promise<WalletAnswer<readonly WalletTransaction[]>> {
    if (this.listed !== null) return this.listed;
    if (limit > this.fits) return { type: 'unknown', reason: 'late' };
    if (this.pages++ > 0) this.between();
    const from = this.ignoresOffset ? 0 : offset;
    return { type: 'ok', value: this.transactions.slice(from, from + Math.min(limit, this.cap)) };
  }

  async lookup(paymentHash: string, direction: WalletTransaction['direction']) {
    this.lookups++;
    if (this.looked !== null) return this.looked;
    const found = this.transactions.find(
      (one) => one.paymentHash === paymentHash && one.direction === direction,
    );
    return { type: 'ok', value: found ?? null } as const;
  }

  async balance(): Promise<WalletAnswer<Msats>> {
    return this.held;
  }
}

/** What the books hold of a payment; one out is claimed first. */
function entriesOf(told: WalletTransaction): Entry[] {
  if (told.direction === 'incoming') {
    const payment = settledPayment(told, told, NOW_S);
    if (typeof payment === 'string') throw new Error(payment);
    return [received(payment, CLIENT)];
  }
  const { paymentHash, amount, fees } = told;
  const outgoing: Outgoing = { payout: 'p', source: 'capital', amount, paymentHash };
  return [claimed(outgoing), paidOut(outgoing, fees)];
}

async function book(d1: NodeD1, entries: readonly Entry[], at_ms = NOW_MS - 1_000_000): Promise<void> {
  const lines = entries.flatMap(({ key, postings }) =>
    // As an account's books write it: one line per account.
    [...Map.groupBy(postings, ({ account }) => account)].map(([account, those]) => ({
      key,
      account,
      amount_msats: Number(those.reduce((sum, { amount }) => sum + amount, 0n)),
      at_ms,
    })),
  );
  await insertLedgerLines(d1.db, lines);
}

/** A marketplace with so many payments, and money of the operator's own. */
async function marketplace(payments: number) {
  const d1 = nodeD1();
  const wallet = new FakeWallet();
  wallet.transactions = Array.from({ length: payments }, (_, n) => transaction(n));
  await book(d1, [deposited('opening', msats(1_000_000))]);
  for (const told of wallet.transactions.toReversed())
    await book(d1, entriesOf(told), (told.settledAt_s ?? 0) * 1_000);
  const check = async (bounds: Partial<CheckBounds> = {}) => {
    const result = await checkLedger({ db: d1.db, wallet, now_ms: NOW_MS }, GRACE_MS, {
      ...BOUNDS,
      ...bounds,
    });
    if (result.type === 'unchecked') throw new Error(result.reason);
    return result;
  };
  return { d1, wallet, check };
}

const codes = (list: readonly { code: string; paymentHash: string | null }[]) =>
  list.map(({ code, paymentHash }) => [code, paymentHash]);

describe('the check', () => {
  test('finds nothing where there is nothing, and says what stands where', async () => {
    const { check } = await marketplace(10);
    const result = await check();
    expect(codes(result.differences)).toEqual([]);
    expect(result).toMatchObject({ complete: true, agreed: 10, walletBalance: 1_000_000_000n });
    // In: 5,020. Out: 5,025 and fees of 35.
    expect(Object.fromEntries(result.kinds.map(({ name, msats }) => [name, msats]))).toMatchObject({
      wallet: 999_960n,
      capital: -994_975n,
      routing: 35n,
    });
  });

  test('names a payment that is only in the wallet, and one that is only in the books', async () => {
    const { wallet, d1, check } = await marketplace(10);
    wallet.transactions.unshift(transaction(100));
    await book(d1, entriesOf(transaction(201)));
    const { differences, agreed } = await check();
    expect(codes(differences)).toEqual([
      ['not_in_wallet', hash(201)],
      ['unknown_incoming', hash(100)],
    ]);
    expect(agreed).toBe(10);
  });

  test('says of what the wallet does not call settled how it stands', async () => {
    const { wallet, check } = await marketplace(4);
    wallet.transactions = wallet.transactions.map((one, n) => (n === 2 ? { ...one, state: 'expired' } : one));
    const { differences } = await check();
    expect(differences).toMatchObject([{ code: 'not_in_wallet', text: expect.stringContaining('expired') }]);
  });

  test('names the entry when one payment was booked for two clients', async () => {
    const { d1, check } = await marketplace(4);
    await book(d1, [{ key: `in:${hash(2)}`, postings: [{ account: 'credit:other', amount: -1_002n }] }]);
    expect((await check()).differences).toMatchObject([{ code: 'unbalanced_entry', about: `in:${hash(2)}` }]);
  });

  test('names an account below nothing', async () => {
    const { d1, check } = await marketplace(0);
    const postings = [
      { account: 'credit:a', amount: 5n },
      { account: 'revenue', amount: -5n },
    ] as const;
    await book(d1, [{ key: 'reserve:x', postings }]);
    expect((await check()).differences).toMatchObject([
      { code: 'below_nothing', about: 'credit:a', books: -5n },
    ]);
  });

  test('does without a balance, which some wallets do not say', async () => {
    const { wallet, check } = await marketplace(2);
    wallet.held = { type: 'failed', code: 'NOT_IMPLEMENTED', message: '' };
    expect(await check()).toMatchObject({ walletBalance: null, ownMoney: null, differences: [] });
  });

  test.each([
    [
      'balance',
      (wallet: FakeWallet) => {
        wallet.held = { type: 'unknown', reason: 'late' };
      },
    ],
    [
      'list',
      (wallet: FakeWallet) => {
        wallet.listed = { type: 'unknown', reason: 'late' };
      },
    ],
    [
      'list, refused',
      (wallet: FakeWallet) => {
        wallet.listed = { type: 'failed', code: 'RESTRICTED', message: '' };
      },
    ],
    [
      'lookup',
      (wallet: FakeWallet) => {
        wallet.transactions = [];
        wallet.looked = { type: 'unknown', reason: 'late' };
      },
    ],
  ])('does not pretend to have compared when the wallet does not answer: %s', async (_what, breakIt) => {
    const { wallet, d1 } = await marketplace(2);
    breakIt(wallet);
    const result = await checkLedger({ db: d1.db, wallet, now_ms: NOW_MS }, GRACE_MS, BOUNDS);
    expect(result).toMatchObject({
      type: 'unchecked',
      reason: expect.stringContaining('the wallet does not tell'),
    });
  });
});

describe('what has grown long', () => {
  test('entries further back than the newest lines are found when the wallet shows their payments', async () => {
    const { check } = await marketplace(20);
    // Wherever the reading stops, also in the middle of an entry.
    for (let lines = 1; lines <= 12; lines++) {
      const { differences, agreed, complete } = await check({ lines });
      expect({ lines, found: codes(differences) }).toEqual({ lines, found: [] });
      expect({ agreed, complete }).toEqual({ agreed: 20, complete: false });
    }
  });

  test('a list that is not read to its end judges nothing older, and asks for what is younger by name', async () => {
    const { wallet, d1, check } = await marketplace(20);
    const { differences, agreed, complete } = await check({ pages: 2 });
    expect(codes(differences)).toEqual([]);
    expect(complete).toBe(false);
    expect({ agreed, lookups: wallet.lookups }).toEqual({ agreed: 6, lookups: 0 });
    // What the list that was read must have shown is asked for.
    await book(d1, entriesOf(transaction(300)), NOW_MS - 100_000);
    expect(codes((await check({ pages: 2 })).differences)).toEqual([['not_in_wallet', hash(300)]]);
    expect(wallet.lookups).toBe(1);
  });

  test('more that is missing than may be looked up is left open, not called missing', async () => {
    const { wallet, check } = await marketplace(20);
    wallet.transactions = [];
    const { differences, complete } = await check({ lookups: 3 });
    expect(differences.filter(({ code }) => code === 'not_in_wallet')).toHaveLength(3);
    expect(complete).toBe(false);
  });
});

describe("the wallet's list", () => {
  test('is read whole whatever its pages, with every payment of the same second once', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(fc.nat(40), size, size, fc.boolean(), async (count, pageSize, cap, atOnce) => {
        const wallet = new FakeWallet();
        wallet.transactions = Array.from({ length: count }, (_, n) => transaction(n, { createdAt_s: NOW_S }));
        // Some wallets give everything at once, whatever they are asked.
        wallet.cap = atOnce ? 1_000 : cap;
        wallet.ignoresOffset = atOnce;
        const history = await walletHistory(wallet, atOnce ? 1_000 : pageSize, 200);
        expect(history).toMatchObject({ type: 'ok', value: { since_s: null } });
        const read = history.type === 'ok' ? history.value.transactions : [];
        expect(read.map(({ paymentHash }) => paymentHash)).toEqual(
          wallet.transactions.map(({ paymentHash }) => paymentHash),
        );
      }),
    );
  });

  test('loses nothing that was there while new payments come in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 30 }),
        async (count, arrivals) => {
          const wallet = new FakeWallet();
          wallet.transactions = Array.from({ length: count }, (_, n) => transaction(n));
          const there = wallet.transactions.map(({ paymentHash }) => paymentHash);
          let serial = 1_000;
          wallet.between = () => {
            const arrived = Math.min(arrivals.shift() ?? 0, 3);
            for (let n = 0; n < arrived; n++) wallet.transactions.unshift(transaction(serial++));
          };
          const history = await walletHistory(wallet, 6, 200);
          const read = history.type === 'ok' ? history.value.transactions : [];
          expect(read.map(({ paymentHash }) => paymentHash)).toEqual(expect.arrayContaining(there));
          expect(new Set(read.map(({ paymentHash }) => paymentHash)).size).toBe(read.length);
        },
      ),
    );
  });

  test('goes on after a page that shows nothing new because a whole page came in between', async () => {
    const wallet = new FakeWallet();
    wallet.transactions = Array.from({ length: 9 }, (_, n) => transaction(n));
    wallet.between = () => {
      if (wallet.pages === 2)
        wallet.transactions = [transaction(100), transaction(102), transaction(104), ...wallet.transactions];
    };
    const history = await walletHistory(wallet, 3, 200);
    expect(history.type === 'ok' && history.value.transactions.map(({ paymentHash }) => paymentHash)).toEqual(
      Array.from({ length: 9 }, (_, n) => hash(n)),
    );
  });

  test('shows a payment as settled that settled while it was read', async () => {
    const wallet = new FakeWallet();
    wallet.transactions = [
      transaction(0),
      transaction(1),
      transaction(2, { state: 'pending', settledAt_s: null }),
    ];
    wallet.between = () => {
      // A new payment moves the pending one to the next page, where it has settled.
      if (wallet.pages === 2)
        wallet.transactions = [transaction(9), ...wallet.transactions.slice(0, 2), transaction(2)];
    };
    const history = await walletHistory(wallet, 3, 10);
    expect(history.type === 'ok' && history.value.transactions.map(({ state }) => state)).toEqual([
      'settled',
      'settled',
      'settled',
    ]);
  });

  test('is read in shorter pages where a page is too long to be sent', async () => {
    const wallet = new FakeWallet();
    wallet.transactions = Array.from({ length: 40 }, (_, n) => transaction(n));
    for (const fits of [20, 4, 3, 1]) {
      wallet.fits = fits;
      const history = await walletHistory(wallet, 20, 200);
      expect(history.type === 'ok' && history.value.transactions).toHaveLength(40);
    }
    wallet.fits = 0;
    expect(await walletHistory(wallet, 20, 200)).toMatchObject({ type: 'unknown' });
  });

  test('is not read for ever', async () => {
    const wallet = new FakeWallet();
    let serial = 0;
    wallet.ignoresOffset = true;
    wallet.transactions = [transaction(serial++), transaction(serial++)];
    wallet.between = () => {
      wallet.transactions = [transaction(serial++), transaction(serial++)];
    };
    const history = await walletHistory(wallet, 2, 20);
    expect(wallet.pages).toBe(20);
    expect(history).toMatchObject({ type: 'ok', value: { since_s: NOW_S - 1_000 - (serial - 1) } });
  });
});

describe('the sums by kind', () => {
  test('are those of the whole ledger, however they were asked for, and are read from the newest lines only', async () => {
    const d1 = nodeD1();
    expect(await currentKindSums(d1.db)).toEqual({});
    let serial = 0;
    for (const size of [5, 1, 0, 30, 2]) {
      await book(d1, Array.from({ length: size }, () => entriesOf(transaction(serial++))).flat());
      expect(await currentKindSums(d1.db)).toEqual(await ledgerKinds(d1.db));
    }
    const asked = d1.statements.filter((one) => one.includes('rowid" >') || one.includes('rowid >'));
    expect(asked.length).toBeGreaterThan(0);
    expect(d1.plan(asked[0] ?? '').join()).toMatch(/SEARCH ledger USING INTEGER PRIMARY KEY \(rowid>\?\)/);
    const writes = d1.statements.filter((one) => one.startsWith('insert into "ledger_sums"')).length;
    await currentKindSums(d1.db);
    expect(d1.statements.filter((one) => one.startsWith('insert into "ledger_sums"'))).toHaveLength(writes);
  });

  test('are right whoever of several writes last', async () => {
    const d1 = nodeD1();
    await book(d1, entriesOf(transaction(0)));
    const slow = currentKindSums(d1.db);
    await book(d1, entriesOf(transaction(2)));
    await Promise.all([slow, currentKindSums(d1.db)]);
    await book(d1, entriesOf(transaction(4)));
    expect(await currentKindSums(d1.db)).toEqual(await ledgerKinds(d1.db));
  });
});
