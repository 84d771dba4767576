/**
 * Goal: the books balance after every step, nobody has less than nothing, the same event counts once, and what the
 * operator gains is its fees minus what the ways cost (LIGHTNING §7.5: 5, 8, 9; issue 3, item 10).
 * Method: random lives of many jobs and payouts over few clients and agents, every entry posted up to three times, in
 * part in the wrong order; next to the books runs a plain count of who paid and who got what.
 * Does not prove: that an entry is written whenever money moves (the session and wallet tests do).
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../src/nostr/hex.ts';
import {
  type Account,
  type Books,
  balanceOf,
  EMPTY_BOOKS,
  type Entry,
  entry,
  entrySchema,
  imbalance,
  post,
} from '../../src/payment/ledger.ts';
import {
  claimed,
  delivered,
  deposited,
  earned,
  failed,
  lent,
  type Outgoing,
  paidOut,
  received,
  released,
  repaid,
  reserved,
  tipped,
  writtenOff,
} from '../../src/payment/ledger-entries.ts';
import { type Msats, msats, splitFee, toJson } from '../../src/payment/msats.ts';
import { type SettledPayment, settledPayment } from '../../src/payment/settlement.ts';

/** A settled payment of our wallet, by number. */
function payment(number: number, amount: Msats): SettledPayment {
  const preimage = number.toString(16).padStart(64, '0');
  const paymentHash = createHash('sha256').update(fromHex(preimage)).digest('hex');
  const settled = settledPayment(
    {
      direction: 'incoming',
      state: 'settled',
      paymentHash,
      amount,
      fees: msats(0),
      bolt11: null,
      preimage,
      createdAt_s: 0,
      expiresAt_s: null,
      settledAt_s: 0,
      settleDeadline: null,
    },
    { paymentHash, amount },
    0,
  );
  if (typeof settled === 'string') throw new Error(settled);
  return settled;
}

/** Posts what must be possible. */
function posted(books: Books, ...entries: readonly Entry[]): Books {
  return entries.reduce((before, next) => {
    const result = post(before, next);
    if (result.type !== 'posted') throw new Error(`${next.key}: ${result.type}`);
    return result.books;
  }, books);
}

const FEE_PARTS = 100_000;
const clients = fc.constantFrom('ann', 'bob');
const agents = fc.constantFrom(['writer'], ['writer', 'coder'], []);
const amounts = fc.integer({ min: 1, max: 1_000_000 }).map(msats);

type Action =
  | { readonly type: 'pay'; readonly client: string; readonly amount: Msats }
  | {
      readonly type: 'job';
      readonly client: string;
      readonly agents: readonly string[];
      readonly max: Msats;
      readonly used: number;
    }
  | { readonly type: 'fail'; readonly client: string; readonly max: Msats }
  | {
      readonly type: 'lend';
      readonly client: string;
      readonly agents: readonly string[];
      readonly price: Msats;
      readonly pays: boolean;
    }
  | {
      readonly type: 'payout';
      readonly source: 'payee:writer' | 'payee:coder' | 'credit:ann' | 'revenue';
      readonly amount: Msats;
      readonly ends: 'paid' | 'released' | 'open';
      readonly routing: number;
    };

const actions: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('pay' as const), client: clients, amount: amounts }),
  fc.record({
    type: fc.constant('job' as const),
    client: clients,
    agents,
    max: amounts,
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ type: fc.constant('fail' as const), client: clients, max: amounts }),
  fc.record({
    type: fc.constant('lend' as const),
    client: clients,
    agents,
    price: amounts,
    pays: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('payout' as const),
    source: fc.constantFrom(
      'payee:writer' as const,
      'payee:coder' as const,
      'credit:ann' as const,
      'revenue' as const,
    ),
    amount: amounts,
    ends: fc.constantFrom('paid' as const, 'released' as const, 'open' as const),
    routing: fc.nat(50),
  }),
);

const termsOf = (agents: readonly string[]) => ({
  shares: agents.map((payee, index) => ({ payee, weight: index + 1 })),
  feeParts: FEE_PARTS,
});

/** An entry, and what owners book of it. */
function withEarnings(made: Entry): Entry[] {
  const told = made.postings.flatMap(({ account, amount }) =>
    account.startsWith('transit:') && amount < 0n
      ? [earned(made.key, account.slice('transit:'.length), msats(-amount))]
      : [],
  );
  // One store stands for all accounts here, so each owner's earning needs a name of its own.
  return [made, ...told.map((one, index) => ({ ...one, key: `${one.key}:${index}` }))];
}

/** The entries of one action, in order. Each needs the one before it. */
function entriesOf(action: Action, number: number): readonly Entry[] {
  const job = `job${number}`;
  switch (action.type) {
    case 'pay':
      return [received(payment(number + 1, action.amount), action.client)];
    case 'job': {
      const { client, agents, max } = action;
      const charge = msats(Math.floor(Number(max) * action.used));
      return [
        reserved(job, client, max),
        ...withEarnings(delivered({ job, client, ...termsOf(agents), reserved: max, charge })),
      ];
    }
    case 'fail':
      return [reserved(job, action.client, action.max), failed(job, action.client, action.max)];
    case 'lend': {
      const { client, agents, price, pays } = action;
      const delivery = { job, client, ...termsOf(agents), reserved: price, charge: price };
      return pays
        ? [lent(job, client, price), repaid(job, client, price), ...withEarnings(delivered(delivery))]
        : [lent(job, client, price), writtenOff(job, client, price)];
    }
    case 'payout': {
      const out: Outgoing = {
        payout: `out${number}`,
        source: action.source,
        amount: action.amount,
        paymentHash: `hash${number}`,
      };
      if (action.ends === 'open') return [claimed(out)];
      return [claimed(out), action.ends === 'paid' ? paidOut(out, msats(action.routing)) : released(out)];
    }
  }
}

describe('the books', () => {
  test('balance after every step of every life, hold nothing negative, and count each event once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(actions, fc.nat(2), fc.boolean()), { maxLength: 60 }), (life) => {
        let books = posted(EMPTY_BOOKS, deposited('start', msats(10_000)));
        const count: Count = { in: 0n, out: 0n, routing: 0n, revenue: 0n };
        const step = (next: Entry): boolean => {
          const result = post(books, next);
          if (result.type === 'posted' || result.type === 'repeated') books = result.books;
          expect(imbalance(books)).toBe(0n);
          for (const account of books.balances.keys()) expect(balanceOf(books, account)).toBeGreaterThan(0n);
          return result.type === 'posted';
        };
        for (const [number, [action, repeats, disordered]] of life.entries()) {
          const entries = entriesOf(action, number);
          // The last step of something that has not begun is refused for want of money.
          const last = entries.at(-1);
          // Only what an owner is told of may come before what it follows from: that is in another store.
          const bound = last !== undefined && entries.length > 1 && !last.key.startsWith('earn:');
          if (disordered && bound && last.postings.length > 0) {
            expect(post(books, last).type).toBe('overdrawn');
          }
          for (const next of entries) {
            if (!step(next)) break;
            if (next === last) tally(action, count);
            const before = books;
            for (let again = 0; again < repeats; again++) expect(step(next)).toBe(false);
            expect(books).toBe(before);
          }
        }
        expect(balanceOf(books, 'wallet')).toBe(10_000n + count.in - count.out - count.routing);
        expect(balanceOf(books, 'routing')).toBe(count.routing);
        expect(balanceOf(books, 'revenue')).toBe(count.revenue);
      }),
      { numRuns: 400 },
    );
  });

  interface Count {
    in: bigint;
    out: bigint;
    routing: bigint;
    /** Fees earned, minus what of them was claimed to be sent. */
    revenue: bigint;
  }

  function tally(action: Action, count: Count): void {
    const earn = (agents: readonly string[], charge: Msats): void => {
      count.revenue += agents.length === 0 ? charge : splitFee(charge, FEE_PARTS).fee;
    };
    if (action.type === 'pay') count.in += action.amount;
    if (action.type === 'job') earn(action.agents, msats(Math.floor(Number(action.max) * action.used)));
    if (action.type === 'lend' && action.pays) earn(action.agents, action.price);
    if (action.type !== 'payout') return;
    if (action.source === 'revenue' && action.ends !== 'released') count.revenue -= action.amount;
    if (action.ends === 'paid') {
      count.out += action.amount;
      count.routing += BigInt(action.routing);
    }
  }

  test('refuse what does not balance, as a bug', () => {
    const wrong: Entry = { key: 'x', postings: [{ account: 'wallet', amount: 1n }] };
    expect(() => post(EMPTY_BOOKS, wrong)).toThrow(RangeError);
  });

  test('refuse another event under a used name', () => {
    const books = posted(EMPTY_BOOKS, received(payment(1, msats(1_000)), 'ann'));
    expect(post(books, received(payment(1, msats(1_000)), 'bob'))).toEqual({ type: 'conflict' });
    expect(post(books, received(payment(1, msats(1_000)), 'ann'))).toEqual({ type: 'repeated', books });
  });

  test('keep entries that read back the same', () => {
    const made = received(payment(1, msats(1_000)), 'ann');
    expect(entrySchema.parse(JSON.parse(toJson(made)))).toEqual(made);
    for (const account of ['cash', 'credit:', 'credit', 'wallet:x']) {
      const stored = { key: 'k', postings: [{ account, amount: '1' }] };
      expect(entrySchema.safeParse(stored).success, account).toBe(false);
    }
  });

  test('leave out what moves nothing', () => {
    const nothing = entry('n', [{ from: 'wallet', to: 'capital', amount: msats(0) }]);
    expect(nothing.postings).toEqual([]);
    expect(posted(EMPTY_BOOKS, nothing).balances.size).toBe(0);
  });
});

describe('the life of a job', () => {
  const balances = (books: Books, ...accounts: readonly Account[]) =>
    accounts.map((account) => balanceOf(books, account));
  const paid = posted(EMPTY_BOOKS, received(payment(1, msats(21_000)), 'ann'));
  const delivery = {
    job: 'j',
    client: 'ann',
    ...termsOf(['writer']),
    reserved: msats(21_000),
    charge: msats(13_001),
  };

  test('prepaid and metered: owner, fee and rest add up to what was paid', () => {
    const books = posted(paid, reserved('j', 'ann', msats(21_000)), ...withEarnings(delivered(delivery)));
    const { payout, fee } = splitFee(msats(13_001), FEE_PARTS);
    expect(
      balances(books, 'wallet', 'payee:writer', 'transit:writer', 'revenue', 'credit:ann', 'job:j'),
    ).toEqual([21_000n, payout, 0n, fee, 7_999n, 0n]);
    expect(payout + fee + 7_999n).toBe(21_000n);
  });

  test('shared by owners: in proportion to their weights, to the msat', () => {
    const terms = termsOf(['writer', 'coder']);
    const books = posted(paid, reserved('j', 'ann', msats(21_000)), delivered({ ...delivery, ...terms }));
    const { payout } = splitFee(msats(13_001), FEE_PARTS);
    const [writer = 0n, coder = 0n] = balances(books, 'transit:writer', 'transit:coder');
    expect(writer + coder).toBe(payout);
    expect(coder - 2n * writer).toBeLessThanOrEqual(2n);
    expect(coder - 2n * writer).toBeGreaterThanOrEqual(-2n);
  });

  test('a gift: its receivers earn it like a price', () => {
    const books = posted(paid, tipped('h', 'ann', msats(21_000), termsOf(['writer'])));
    const { payout, fee } = splitFee(msats(21_000), FEE_PARTS);
    expect(balances(books, 'transit:writer', 'revenue', 'credit:ann')).toEqual([payout, fee, 0n]);
  });

  test('with a part that was passed on to others: the operator has that back, owner and fee are of the rest', () => {
    const passedOn = msats(10_001);
    const books = posted(
      paid,
      reserved('j', 'ann', msats(21_000)),
      ...withEarnings(delivered({ ...delivery, passedOn })),
    );
    const { payout, fee } = splitFee(msats(3_000), FEE_PARTS);
    expect(balances(books, 'payee:writer', 'revenue', 'credit:ann', 'job:j')).toEqual([
      payout,
      fee + 10_001n,
      7_999n,
      0n,
    ]);
  });

  test("of the operator's own agent: everything is revenue", () => {
    const books = posted(paid, reserved('j', 'ann', msats(21_000)), delivered({ ...delivery, shares: [] }));
    expect(balances(books, 'revenue', 'credit:ann')).toEqual([13_001n, 7_999n]);
  });

  test('failed: the client has everything again, once', () => {
    const books = posted(paid, reserved('j', 'ann', msats(21_000)), failed('j', 'ann', msats(21_000)));
    expect(balances(books, 'credit:ann', 'job:j')).toEqual([21_000n, 0n]);
    expect(post(books, delivered(delivery))).toEqual({ type: 'conflict' });
  });

  test('without money is refused', () => {
    expect(post(paid, reserved('j', 'ann', msats(21_001)))).toEqual({
      type: 'overdrawn',
      account: 'credit:ann',
    });
    expect(post(paid, reserved('j', 'bob', msats(1)))).toEqual({ type: 'overdrawn', account: 'credit:bob' });
  });

  test('postpaid: nobody is owed before the client has paid', () => {
    const owing = posted(EMPTY_BOOKS, lent('j', 'ann', msats(13_001)));
    expect(balances(owing, 'owing:ann', 'payee:writer', 'revenue')).toEqual([13_001n, 0n, 0n]);
    const done = posted(
      owing,
      received(payment(1, msats(13_001)), 'ann'),
      repaid('j', 'ann', msats(13_001)),
      ...withEarnings(delivered({ ...delivery, reserved: msats(13_001) })),
    );
    expect(balances(done, 'owing:ann', 'credit:ann', 'payee:writer', 'revenue')).toEqual([
      0n,
      0n,
      11_700n,
      1_301n,
    ]);
    expect(balances(posted(owing, writtenOff('j', 'ann', msats(13_001))), 'owing:ann', 'job:j')).toEqual([
      0n,
      0n,
    ]);
  });

  test('paid out once: what is claimed cannot be claimed again, and the way is the operator’s expense', () => {
    const earning = posted(paid, reserved('j', 'ann', msats(21_000)), ...withEarnings(delivered(delivery)));
    const out: Outgoing = { payout: 'p', source: 'payee:writer', amount: msats(11_700), paymentHash: 'h1' };
    const sending = posted(earning, claimed(out));
    expect(post(sending, claimed({ ...out, payout: 'q', paymentHash: 'h2' }))).toEqual({
      type: 'overdrawn',
      account: 'payee:writer',
    });
    const again = posted(sending, released(out), claimed({ ...out, paymentHash: 'h3' }));
    const done = posted(again, paidOut({ ...out, paymentHash: 'h3' }, msats(3)));
    expect(balances(done, 'payee:writer', 'sending:p', 'routing', 'wallet')).toEqual([0n, 0n, 3n, 9_297n]);
    expect(post(done, paidOut({ ...out, paymentHash: 'h4' }, msats(0)))).toMatchObject({ type: 'overdrawn' });
  });
});
