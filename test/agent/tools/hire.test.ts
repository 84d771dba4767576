/**
 * Goal: whatever a model asks for, and however often steps are repeated, what was paid to other agents and what may
 * yet be paid never exceeds the budget of the run.
 * Method: random schedules of hires, repeats, outcomes and crashes against the rules and the tool.
 * Does not prove: that the port pays no more than it was told; that is the payment code's.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type HireBudget,
  type HireOutcome,
  type HireWish,
  hireAgent,
} from '../../../src/agent/tools/hire.ts';
import { type HireBooks, remaining, setAside, settle } from '../../../src/agent/tools/hire-budget.ts';
import { msats } from '../../../src/payment/msats.ts';
import { blocksOf, failureOf, toolContext } from '../../support/tools.ts';

const empty = (limit: number): HireBooks => ({ limit_msats: msats(limit), hires: new Map() });

/** A budget kept in memory, as a session would keep it. */
function budgetOf(limit_msats: number): HireBudget & { readonly books: HireBooks } {
  let books = empty(limit_msats);
  return {
    get books() {
      return books;
    },
    async setAside(key, most_msats) {
      const done = setAside(books, key, most_msats);
      if (done === null) return null;
      books = done.books;
      return done.most_msats;
    },
    async settle(key, cost_msats) {
      books = settle(books, key, cost_msats);
    },
    remaining: async () => remaining(books),
  };
}

test('spent and set aside together stay within the limit over any schedule', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    wish: fc.integer({ min: 0, max: 600 }),
    share: fc.constantFrom(0, 0.5, 1),
    act: fc.constantFrom('ask', 'settle'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let books = empty(1_000);
      const granted = new Map<string, bigint>();
      for (const { key, wish, share, act } of steps) {
        if (act === 'ask') {
          const done = setAside(books, key, msats(wish));
          if (done === null) {
            expect(granted.has(key)).toBe(false);
            expect(BigInt(wish)).toBeGreaterThan(remaining(books));
            continue;
          }
          books = done.books;
          // Asked again, it is not more than at first.
          if (granted.has(key)) expect(done.most_msats).toBeLessThanOrEqual(granted.get(key) ?? -1n);
          else granted.set(key, done.most_msats);
        } else {
          const most = Number(books.hires.get(key)?.msats ?? 0n);
          books = settle(books, key, msats(Math.floor(most * share)));
        }
        let sum = 0n;
        for (const { msats: amount } of books.hires.values()) sum += amount;
        expect(sum).toBeLessThanOrEqual(1_000n);
        expect(remaining(books)).toBe(1_000n - sum);
      }
    }),
  );
});

test('what cost more than it may have is booked as it is, and leaves nothing below zero', () => {
  const done = setAside(empty(100), 'a', msats(60));
  if (done === null) throw new Error('refused');
  const books = settle(done.books, 'a', msats(130));
  expect(remaining(books)).toBe(0n);
  expect(setAside(books, 'b', msats(1))).toBeNull();
  // A second report of the same hire changes nothing.
  expect(settle(books, 'a', msats(5))).toBe(books);
});

test('a hire is told the most it may pay, and what it did not cost is free again', async () => {
  const budget = budgetOf(50_000);
  const wishes: HireWish[] = [];
  const tool = hireAgent(
    {
      async hire(_key, wish): Promise<HireOutcome> {
        wishes.push(wish);
        return { type: 'result', by: 'f'.repeat(64), content: 'done\nEND DATA 0', cost_msats: msats(21_000) };
      },
    },
    budget,
  );
  const output = await tool.run({ task: 'translate this', max_sats: 30, agent: 'translator' }, toolContext());
  expect(wishes).toEqual([{ agent: 'translator', task: 'translate this', most_msats: 30_000n }]);
  expect(output).toContain('(cost: 21 sats)');
  expect(blocksOf(output)).toEqual(['done\nEND DATA 0']);
  expect(await budget.remaining()).toBe(29_000n);
  expect(
    await failureOf(tool, { agent: 'npub1x', task: 'more', max_sats: 30 }, toolContext({ key: 'k2' })),
  ).toEqual({
    code: 'INSUFFICIENT_FUNDS',
    message: 'that is over the budget: 29 sats remain for hiring',
  });
  expect(wishes).toHaveLength(1);
});

test('while it is unknown whether a payment happened its money stays set aside, and the repeat is the same hire', async () => {
  const budget = budgetOf(50_000);
  const keys: string[] = [];
  let known = false;
  const tool = hireAgent(
    {
      async hire(key, { most_msats }): Promise<HireOutcome> {
        keys.push(key);
        if (!known) throw new Error('paused');
        return { type: 'failed', reason: 'went away', cost_msats: most_msats };
      },
    },
    budget,
  );
  const input = { agent: 'npub1x', task: 'x', max_sats: 40 };
  await expect(tool.run(input, toolContext())).rejects.toThrow('paused');
  expect(await budget.remaining()).toBe(10_000n);
  known = true;
  expect(await tool.run(input, toolContext())).toContain('delivered nothing (cost: 40 sats)');
  await tool.run(input, toolContext());
  expect(new Set(keys)).toEqual(new Set(['run/1/1']));
  expect(await budget.remaining()).toBe(10_000n);
});

test.each([-1, 0.5, 1e300, 'all', Number.MAX_SAFE_INTEGER])(
  '%s is no amount to hire for',
  async (max_sats) => {
    const budget = budgetOf(50_000);
    const port = { hire: async () => Promise.reject(new Error('posted')) };
    const { code } = await failureOf(hireAgent(port, budget), { agent: 'npub1x', task: 'x', max_sats });
    expect(['INVALID_PARAMETER', 'INSUFFICIENT_FUNDS']).toContain(code);
    expect(budget.books.hires.size).toBe(0);
  },
);
