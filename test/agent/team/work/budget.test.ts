/**
 * Goal: a step never uses more than its limit, in tokens and in money, whatever is asked side by side and in whatever
 * order it ends; and what is kept back is there for a last answer. Method: seeded schedules of calls, each of which
 * uses all it may or less. Does not prove: that a provider counts as we do.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenCost } from '../../../../src/agent/team/definition.ts';
import { stepBudget } from '../../../../src/agent/team/work/budget.ts';
import { FREE } from '../../../../src/protocol/prices.ts';

const price = fc.integer({ min: 0, max: 3_000 });
const prices = fc
  .tuple(price, price)
  .map(([input, output]) => ({ ...FREE, per1kInputTokens_msats: input, per1kOutputTokens_msats: output }));
const limits = fc.record({ tokens: fc.nat(20_000), msats: fc.nat(20_000) });
const calls = fc.array(
  fc.record({
    prompt_tokens: fc.nat(6_000),
    completion_tokens: fc.nat(4_000),
    /** Part of what was granted that is used. */
    uses: fc.double({ min: 0, max: 1, noNaN: true }),
    /** How many calls begin before it ends. */
    lasts: fc.nat(5),
  }),
  { maxLength: 30 },
);
const usage = (prompt_tokens: number, completion_tokens: number) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
});

test('calls side by side never use more than the limit together', async () => {
  await fc.assert(
    fc.asyncProperty(prices, limits, calls, fc.nat(3_000), async (at, limit, all, kept) => {
      const budget = stepBudget(limit, usage(0, 0), at);
      budget.keep(kept);
      const open: { key: string; until: number; used: ReturnType<typeof usage> }[] = [];
      let [tokens, msats] = [0, 0];
      const end = async (before: number) => {
        for (const one of open.splice(0)) {
          if (one.until > before) open.push(one);
          else {
            await budget.settle(one.key, 'small', one.used);
            tokens += one.used.total_tokens;
            msats += tokenCost(at, one.used);
          }
        }
      };
      for (const [n, { prompt_tokens, completion_tokens, uses, lasts }] of all.entries()) {
        await end(n);
        const key = `call ${n}`;
        const granted = await budget.reserve({ key, model: 'small', prompt_tokens, completion_tokens });
        expect(granted).toBeLessThanOrEqual(completion_tokens);
        if (granted > 0)
          open.push({ key, until: n + lasts, used: usage(prompt_tokens, Math.floor(granted * uses)) });
      }
      await end(Number.POSITIVE_INFINITY);
      expect(tokens).toBeLessThanOrEqual(limit.tokens);
      expect(msats).toBeLessThanOrEqual(limit.msats);
    }),
    { seed: 21, numRuns: 400 },
  );
});

test('what an earlier drive used counts', async () => {
  const at = { ...FREE, per1kInputTokens_msats: 1_000, per1kOutputTokens_msats: 1_000 };
  const wish = { key: 'a', model: 'small', prompt_tokens: 100, completion_tokens: 1_000 };
  const fresh = stepBudget({ tokens: 1_000, msats: 1_000 }, usage(0, 0), at);
  expect(await fresh.reserve(wish)).toBe(900);
  const used = stepBudget({ tokens: 1_000, msats: 1_000 }, usage(500, 100), at);
  expect(await used.reserve(wish)).toBe(300);
  // Money runs out before tokens do, and the other way round.
  expect(await stepBudget({ tokens: 1_000, msats: 250 }, usage(0, 0), at).reserve(wish)).toBe(150);
  expect(await stepBudget({ tokens: 250, msats: 9_000 }, usage(0, 0), at).reserve(wish)).toBe(150);
});

test('a call that was not made gives back what was set aside', async () => {
  const budget = stepBudget({ tokens: 1_000, msats: 0 }, usage(0, 0), FREE);
  const wish = { key: 'a', model: 'small', prompt_tokens: 100, completion_tokens: 900 };
  expect(await budget.reserve(wish)).toBe(900);
  expect(await budget.reserve({ ...wish, key: 'b' })).toBe(0);
  await budget.settle('a', 'small', usage(0, 0));
  expect(await budget.reserve({ ...wish, key: 'b' })).toBe(900);
});

test('what is kept back is there when it is let go of', async () => {
  const budget = stepBudget({ tokens: 1_000, msats: 0 }, usage(0, 0), FREE);
  budget.keep(400);
  const wish = { key: 'a', model: 'small', prompt_tokens: 300, completion_tokens: 900 };
  expect(await budget.reserve(wish)).toBe(300);
  await budget.settle('a', 'small', usage(300, 300));
  expect(await budget.reserve({ ...wish, key: 'b' })).toBe(0);
  budget.keep(0);
  expect(await budget.reserve({ ...wish, key: 'b' })).toBe(100);
});

test('no more is kept back than half of the tokens, and of the money', async () => {
  const at = { ...FREE, per1kInputTokens_msats: 10_000, per1kOutputTokens_msats: 10_000 };
  const wish = { key: 'a', model: 'small', prompt_tokens: 100, completion_tokens: 9_000 };
  const dear = stepBudget({ tokens: 60_000, msats: 50_000 }, usage(0, 0), at);
  dear.keep(7_000);
  expect(await dear.reserve(wish)).toBe(2_400);
  const short = stepBudget({ tokens: 5_000, msats: 0 }, usage(0, 0), FREE);
  short.keep(7_000);
  expect(await short.reserve(wish)).toBe(2_400);
});
