import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ceilingOf, costOf, type ModelPrice } from '../../../src/agent/models/prices.ts';
import type { Usage } from '../../../src/protocol/model.ts';

const used = (prompt_tokens: number, completion_tokens: number): Usage => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
});
const table = new Map<string, ModelPrice>([
  ['sats', { unit: 'msats', input: 1_000_000n, output: 3_000_000n }],
  // 0.15 and 0.60 dollars.
  ['usd', { unit: 'microUsd', input: 150_000n, output: 600_000n }],
]);
/** 1 USD = 1,000 sats. */
const RATE = 1_000_000n;

test('costs in msats and in dollars, summed exactly, rounded up once', () => {
  const cost = costOf({ sats: used(10, 2), usd: used(1_000, 1) }, table, RATE);
  // 10 + 6 msats; 150,000,000 + 600,000 millionths of a micro-dollar = 150.6 µ$ = 150.6 msats.
  expect(cost.total_msats).toBe(167n);
  expect([...cost.byModel]).toEqual([
    ['sats', 16n],
    ['usd', 151n],
  ]);
  expect(cost.unpriced).toEqual([]);
});

test('what has no price is named, not taken as free', () => {
  expect(costOf({ other: used(1, 1), sats: used(1, 0) }, table, RATE)).toMatchObject({
    total_msats: 1n,
    unpriced: ['other'],
  });
  expect(costOf({ usd: used(1, 1) }, table, null).unpriced).toEqual(['usd']);
});

test('the ceiling of a request is never below what it costs, and costs of parts never below the cost of the whole', () => {
  const count = fc.integer({ min: 0, max: 2_000_000 });
  fc.assert(
    fc.property(count, count, count, fc.constantFrom('sats', 'usd'), (prompt, answer, less, name) => {
      const price = table.get(name);
      if (price === undefined) throw new Error('unreachable');
      const ceiling = ceilingOf(price, { prompt, answer }, RATE) ?? -1n;
      const completion = Math.min(answer, less);
      const whole = costOf({ [name]: used(prompt, completion) }, table, RATE).total_msats;
      expect(ceiling >= whole).toBe(true);
      const parts =
        costOf({ [name]: used(prompt, 0) }, table, RATE).total_msats +
        costOf({ [name]: used(0, completion) }, table, RATE).total_msats;
      expect(parts >= whole && parts <= whole + 1n).toBe(true);
    }),
  );
});
