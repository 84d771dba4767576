/**
 * Goal: whatever is wrong between books and wallet is named, exactly once and as what it is; and where nothing is wrong,
 * nothing is said. Method: random worlds in which a wallet and books record the same payments, then one tamper
 * each, on either side. Does not prove: that facts are read rightly from D1 and NIP-47
 * (ledger-check.test.ts), nor that the service books what its wallet does (test/e2e/ledger.test.ts).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bookedPayments } from '../../src/payment/booked.ts';
import { msats } from '../../src/payment/msats.ts';
import type { BookFacts, Direction, Moment, WalletFacts } from '../../src/payment/reconcile.ts';
import { reconcile } from '../../src/payment/reconcile.ts';
import type { WalletTransaction } from '../../src/payment/wallet.ts';

fc.configureGlobal({ seed: 15 });

const NOW_MS = 1_800_000_000_000;
const MOMENT: Moment = { now_ms: NOW_MS, grace_ms: 90_000, setAside_ms: 86_400_000 };
const FOREIGN = 'f'.repeat(64);
const hash = (n: number) => n.toString(16).padStart(64, '0');

interface Payment {
  readonly direction: Direction;
  readonly amount: number;
  readonly fees: number;
  /** How long ago, s; old enough to be judged. */
  readonly age_s: number;
}

interface World {
  books: BookFacts;
  wallet: WalletFacts;
}

const payment: fc.Arbitrary<Payment> = fc
  .record({
    direction: fc.constantFrom<Direction>('incoming', 'outgoing'),
    amount: fc.integer({ min: 1, max: 10_000_000 }),
    fees: fc.integer({ min: 0, max: 5_000 }),
    age_s: fc.integer({ min: 100, max: 1_000_000 }),
  })
  .map((one) => (one.direction === 'incoming' ? { ...one, fees: 0 } : one));

/** Money enough at the beginning that the wallet can pay all of it, booked as a deposit or not at all. */
const world = fc
  .record({
    payments: fc.array(payment, { minLength: 1, maxLength: 12 }),
    opening: fc.integer({ min: 200_000_000, max: 1_000_000_000 }),
    deposited: fc.boolean(),
  })
  .map(({ payments, opening, deposited }): World => {
    const deposit = deposited ? BigInt(opening) : 0n;
    const moved = payments.reduce(
      (sum, { direction, amount, fees }) =>
        direction === 'incoming' ? sum + BigInt(amount) : sum - BigInt(amount + fees),
      0n,
    );
    const fees = payments.reduce((sum, one) => sum + BigInt(one.fees), 0n);
    return {
      books: {
        payments: payments.map(({ direction, amount, fees, age_s }, n) => ({
          direction,
          paymentHash: hash(n),
          amount: BigInt(amount),
          fees: BigInt(fees),
          at_ms: NOW_MS - age_s * 1_000,
        })),
        strays: [],
        unbalanced: [],
        kinds: [
          { name: 'wallet', msats: moved + deposit },
          { name: 'routing', msats: fees },
          { name: 'capital', msats: -deposit },
          { name: 'credit', msats: -moved - fees },
        ],
        accounts: [],
      },
      wallet: {
        transactions: payments.map((one, n) => transaction(n, one)),
        balance: msats(BigInt(opening) + moved),
      },
    };
  });

function transaction(n: number, { direction, amount, fees, age_s }: Payment): WalletTransaction {
  const at_s = NOW_MS / 1_000 - age_s;
  return {
    direction,
    state: 'settled',
    paymentHash: hash(n),
    amount: msats(amount),
    fees: msats(fees),
    bolt11: null,
    preimage: null,
    createdAt_s: at_s - 30,
    expiresAt_s: null,
    settledAt_s: at_s,
    settleDeadline: null,
  };
}

const said = ({ books, wallet }: World) => {
  const { differences, pending, notes, agreed } = reconcile(books, wallet, MOMENT);
  const brief = (list: typeof differences) => list.map(({ code, paymentHash }) => ({ code, paymentHash }));
  return { differences: brief(differences), pending: brief(pending), notes, agreed };
};

/** Replaces the nth item (modulo) of a list. */
function at<Item>(list: readonly Item[], n: number, change: (item: Item) => Item[]): Item[] {
  return list.flatMap((item, i) => (i === n % list.length ? change(item) : [item]));
}

function nth<Item>(list: readonly Item[], n: number): Item {
  const item = list[n % list.length];
  if (item === undefined) throw new Error('an empty world');
  return item;
}

test('a world in which both say the same has no difference, whatever the wallet held before', () => {
  fc.assert(
    fc.property(world, (one) => {
      const { differences, pending, notes, agreed } = said(one);
      expect({ differences, pending }).toEqual({ differences: [], pending: [] });
      expect(agreed).toBe(one.books.payments.length);
      const deposit = -(one.books.kinds.find(({ name }) => name === 'capital')?.msats ?? 0n);
      expect(notes.map(({ code }) => code)).toEqual(deposit === 0n ? ['own_money'] : []);
    }),
  );
});

interface Tamper {
  readonly name: string;
  readonly do: (one: World, n: number) => World;
  readonly code: (one: World, n: number) => string;
}

const direction = (one: World, n: number) => nth(one.books.payments, n).direction;
const inBooks =
  (change: (payment: BookFacts['payments'][number]) => BookFacts['payments'][number][]): Tamper['do'] =>
  (one, n) => ({ ...one, books: { ...one.books, payments: at(one.books.payments, n, change) } });
const inWallet =
  (change: (told: WalletTransaction) => WalletTransaction[]): Tamper['do'] =>
  (one, n) => ({ ...one, wallet: { ...one.wallet, transactions: at(one.wallet.transactions, n, change) } });
const missed = (one: World, n: number) => `unknown_${direction(one, n)}`;

const TAMPERS: readonly Tamper[] = [
  { name: 'an entry is dropped', do: inBooks(() => []), code: missed },
  { name: 'a payment vanishes from the wallet', do: inWallet(() => []), code: () => 'not_in_wallet' },
  {
    name: 'the wallet takes a payment back',
    do: inWallet((told) => [{ ...told, state: 'failed' }]),
    code: () => 'not_in_wallet',
  },
  {
    name: 'an entry counts twice',
    do: inBooks((booked) => [{ ...booked, amount: booked.amount * 2n }]),
    code: () => 'amount_differs',
  },
  {
    name: 'an amount is changed by one msat',
    do: inBooks((booked) => [{ ...booked, amount: booked.amount + 1n }]),
    code: () => 'amount_differs',
  },
  {
    name: 'the wallet says another amount',
    do: inWallet((told) => [{ ...told, amount: msats(told.amount + 1n) }]),
    code: () => 'amount_differs',
  },
  {
    name: 'the wallet says another fee',
    do: inWallet((told) => [{ ...told, fees: msats(told.fees + 1n) }]),
    code: () => 'fee_differs',
  },
];

test.each(TAMPERS)('$name: exactly that is said', (tamper) => {
  fc.assert(
    fc.property(world, fc.nat(), (one, n) => {
      const { paymentHash } = nth(one.books.payments, n);
      const { differences, pending, agreed } = said(tamper.do(one, n));
      expect(differences).toEqual([{ code: tamper.code(one, n), paymentHash }]);
      expect(pending).toEqual([]);
      expect(agreed).toBe(one.books.payments.length - 1);
    }),
  );
});

test('an entry under another hash is missed under the one and wondered at under the other', () => {
  fc.assert(
    fc.property(world, fc.nat(), (one, n) => {
      const moved = inBooks((booked) => [{ ...booked, paymentHash: FOREIGN }])(one, n);
      expect(said(moved).differences).toEqual([
        { code: 'not_in_wallet', paymentHash: FOREIGN },
        { code: missed(one, n), paymentHash: nth(one.books.payments, n).paymentHash },
      ]);
    }),
  );
});

describe("money beside errand's", () => {
  test('a payment that was not made by errand is named, with its amount', () => {
    fc.assert(
      fc.property(world, payment, (one, extra) => {
        const told = { ...transaction(0, extra), paymentHash: FOREIGN };
        const { differences } = said({
          ...one,
          wallet: { ...one.wallet, transactions: [...one.wallet.transactions, told] },
        });
        expect(differences).toEqual([{ code: `unknown_${extra.direction}`, paymentHash: FOREIGN }]);
      }),
    );
  });

  test('invoices nobody paid, held payments and failed ones are no money', () => {
    fc.assert(
      fc.property(
        world,
        payment,
        fc.constantFrom<WalletTransaction['state']>('pending', 'accepted', 'expired', 'failed'),
        (one, extra, state) => {
          const told = { ...transaction(0, extra), state, paymentHash: FOREIGN };
          const transactions = [...one.wallet.transactions, told];
          expect(said({ ...one, wallet: { ...one.wallet, transactions } }).differences).toEqual([]);
        },
      ),
    );
  });

  test('a payment to oneself is two payments under one hash', () => {
    fc.assert(
      fc.property(world, payment, (one, extra) => {
        const sides = (['incoming', 'outgoing'] as const).map((side) => ({
          ...transaction(0, { ...extra, fees: 0 }),
          direction: side,
          paymentHash: FOREIGN,
        }));
        const booked = sides.map(({ direction, amount }) => ({
          direction,
          paymentHash: FOREIGN,
          amount,
          fees: 0n,
          at_ms: NOW_MS - 200_000,
        }));
        const both = {
          books: { ...one.books, payments: [...one.books.payments, ...booked] },
          wallet: { ...one.wallet, transactions: [...one.wallet.transactions, ...sides] },
        };
        expect(said(both).differences).toEqual([]);
        const half = {
          ...both,
          books: { ...one.books, payments: [...one.books.payments, ...booked.slice(1)] },
        };
        expect(said(half).differences).toEqual([{ code: 'unknown_incoming', paymentHash: FOREIGN }]);
      }),
    );
  });
});

describe('what is young', () => {
  test('is pending on either side, and a difference once it is not', () => {
    fc.assert(
      fc.property(world, fc.nat(), fc.integer({ min: 0, max: 200 }), fc.boolean(), (one, n, age_s, drop) => {
        const old = age_s >= MOMENT.grace_ms / 1_000;
        const { paymentHash } = nth(one.books.payments, n);
        const aged: World = {
          books: {
            ...one.books,
            payments: at(one.books.payments, n, (booked) => [{ ...booked, at_ms: NOW_MS - age_s * 1_000 }]),
          },
          wallet: {
            ...one.wallet,
            transactions: at(one.wallet.transactions, n, (told) => [
              { ...told, settledAt_s: NOW_MS / 1_000 - age_s },
            ]),
          },
        };
        expect(said(aged)).toMatchObject({ differences: [], pending: [] });
        const tampered = drop ? inBooks(() => [])(aged, n) : inWallet(() => [])(aged, n);
        const found = [{ code: drop ? missed(one, n) : 'not_in_wallet', paymentHash }];
        expect(said(tampered)).toMatchObject(
          old ? { differences: found, pending: [] } : { differences: [], pending: found },
        );
      }),
    );
  });

  test('is so up to the last millisecond', () => {
    const booked = (age_ms: number) => {
      const payment = { direction: 'incoming', paymentHash: FOREIGN, amount: 1n, fees: 0n } as const;
      const books = { payments: [{ ...payment, at_ms: NOW_MS - age_ms }], strays: [], unbalanced: [] };
      return said({
        books: { ...books, kinds: [], accounts: [] },
        wallet: { transactions: [], balance: null },
      });
    };
    expect(booked(MOMENT.grace_ms - 1)).toMatchObject({ differences: [], pending: [{}] });
    expect(booked(MOMENT.grace_ms)).toMatchObject({ differences: [{}], pending: [] });
  });

  test('excuses no other amount: that does not heal by waiting', () => {
    fc.assert(
      fc.property(world, fc.nat(), (one, n) => {
        const young = inBooks((booked) => [{ ...booked, amount: booked.amount + 1n, at_ms: NOW_MS }])(one, n);
        expect(said(young)).toMatchObject({ differences: [{ code: 'amount_differs' }], pending: [] });
      }),
    );
  });
});

describe("the wallet's balance", () => {
  const short = (one: World, by: bigint): World => {
    const has = one.books.kinds.find(({ name }) => name === 'wallet')?.msats ?? 0n;
    return { ...one, wallet: { ...one.wallet, balance: msats(has - by) } };
  };
  const deposited = world.filter(
    ({ books }) => (books.kinds.find(({ name }) => name === 'wallet')?.msats ?? 0n) > 1_000n,
  );

  test('may not be less than the books say', () => {
    fc.assert(
      fc.property(deposited, fc.bigInt({ min: 1n, max: 1_000n }), (one, by) => {
        expect(said(short(one, by)).differences).toEqual([{ code: 'wallet_short', paymentHash: null }]);
      }),
    );
  });

  test('may be less by what is under way', () => {
    fc.assert(
      fc.property(deposited, fc.bigInt({ min: 1n, max: 1_000n }), (one, by) => {
        const kinds = [...one.books.kinds, { name: 'sending', msats: -by }, { name: 'payee', msats: by }];
        const leaving = { ...short(one, by), books: { ...one.books, kinds } };
        expect(said(leaving)).toMatchObject({ differences: [], pending: [{ code: 'wallet_short' }] });
        expect(said({ ...short(one, by + 1n), books: { ...one.books, kinds } }).differences).toEqual([
          { code: 'wallet_short', paymentHash: null },
        ]);
      }),
    );
  });

  test('is not missed where the wallet does not say it', () => {
    fc.assert(
      fc.property(world, (one) => {
        const silent = { ...one, wallet: { ...one.wallet, balance: null } };
        expect(said(silent)).toMatchObject({ differences: [], notes: [] });
      }),
    );
  });
});

describe('damage that the books show by themselves', () => {
  const change = (one: World, over: Partial<BookFacts>) => said({ ...one, books: { ...one.books, ...over } });

  test('is each entry that does not balance, and the sum where those do not explain it', () => {
    fc.assert(
      fc.property(
        world,
        fc.bigInt({ min: -1_000n, max: 1_000n }).filter((by) => by !== 0n),
        (one, by) => {
          const kinds = [...one.books.kinds, { name: 'credit', msats: by }];
          const unbalanced = [{ name: 'end:job', msats: by }];
          expect(change(one, { kinds, unbalanced }).differences.map(({ code }) => code)).toEqual([
            'unbalanced_entry',
          ]);
          expect(change(one, { kinds }).differences.map(({ code }) => code)).toEqual(['ledger_imbalance']);
        },
      ),
    );
  });

  test('is an account below nothing, on whichever side it stands; unless it moved just now', () => {
    const account = fc.constantFrom('credit:c', 'job:j', 'payee:a@b', 'transit:a@b', 'sending:p', 'revenue');
    const owned = fc.constantFrom('wallet', 'owing:c', 'routing');
    const amount = fc.bigInt({ min: 1n, max: 1_000_000n });
    const age_ms = fc.integer({ min: 0, max: 80_000_000 });
    fc.assert(
      fc.property(world, fc.oneof(account, owned), amount, age_ms, (one, name, by, age) => {
        const debit = name === 'wallet' || name === 'routing' || name.startsWith('owing');
        const sum = (msats: bigint) => ({ name, msats, newest_ms: NOW_MS - age });
        const below = change(one, { accounts: [sum(debit ? -by : by)] });
        const codes = { differences: below.differences, pending: below.pending };
        const found = [{ code: 'below_nothing', paymentHash: null }];
        expect(codes).toEqual(
          age < MOMENT.grace_ms ? { differences: [], pending: found } : { differences: found, pending: [] },
        );
        expect(change(one, { accounts: [sum(debit ? by : -by)] })).toMatchObject({
          differences: [],
          pending: [],
        });
      }),
    );
  });

  test('is an entry that moves the wallet for no payment', () => {
    fc.assert(
      fc.property(world, (one) => {
        const strays = [{ name: 'gift:1', msats: 5n }];
        expect(change(one, { strays }).differences.map(({ code }) => code)).toEqual(['unexplained_entry']);
      }),
    );
  });

  test('is not money of a job that takes its time, which is only mentioned', () => {
    fc.assert(
      fc.property(world, (one) => {
        const resting = { name: 'job:j', msats: -5n, newest_ms: NOW_MS - MOMENT.setAside_ms - 1 };
        const { differences, notes } = change(one, { accounts: [resting] });
        expect(differences).toEqual([]);
        expect(notes.at(-1)).toMatchObject({ code: 'set_aside', about: 'job:j', books: 5n });
      }),
    );
  });
});

test('lines become payments by their keys, with the fee apart', () => {
  const line = (key: string, account: string, amount_msats: number, at_ms = 1) => ({
    key,
    account,
    amount_msats,
    at_ms,
  });
  expect(
    bookedPayments([
      line(`in:${hash(1)}`, 'wallet', 21_000, 7),
      line(`out:${hash(2)}`, 'wallet', -18_500),
      line(`out:${hash(2)}`, 'routing', 500),
      line('deposit:opening', 'wallet', 1_000_000),
      line('gift:1', 'wallet', 3),
      line('in:nothing', 'wallet', 4),
    ]),
  ).toEqual({
    payments: [
      { direction: 'incoming', paymentHash: hash(1), amount: 21_000n, fees: 0n, at_ms: 7 },
      { direction: 'outgoing', paymentHash: hash(2), amount: 18_000n, fees: 500n, at_ms: 1 },
    ],
    strays: [
      { name: 'gift:1', msats: 3n },
      { name: 'in:nothing', msats: 4n },
    ],
  });
});
