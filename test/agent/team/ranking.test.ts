/**
 * Goal: insertion puts versions into their true order when the judge is right, is not fooled by a judge who prefers a
 * place, and gets better with a better judge. Method: property tests over true orders, and seeded noise. Does not
 * prove: anything about real judges.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beginInsertion,
  bothWays,
  byCheck,
  inserted,
  narrowed,
  opponent,
  type Place,
  type Verdict,
} from '../../../src/agent/team/insertion.ts';
import { seeded } from '../../support/random.ts';

type Judge = (first: number, second: number) => Place;

function rankAll(worths: readonly number[], keep: number, judge: Judge, compare = askBoth) {
  let list: readonly string[] = [];
  let comparisons = 0;
  for (const [at, worth] of worths.entries()) {
    let insertion = beginInsertion(list, String(at));
    for (let other = opponent(list, insertion); other !== null; other = opponent(list, insertion)) {
      comparisons++;
      insertion = narrowed(insertion, compare(worth, worths[Number(other)] ?? 0, judge));
    }
    list = inserted(list, insertion, keep);
  }
  return { order: list.map((id) => worths[Number(id)] ?? 0), comparisons };
}

function askBoth(newcomer: number, other: number, judge: Judge): Verdict {
  return bothWays(judge(newcomer, other), judge(other, newcomer));
}

/** Asks once, the newcomer always first, as botlab does. */
function askOnce(newcomer: number, other: number, judge: Judge): Verdict {
  const place = judge(newcomer, other);
  return place === 'equal' ? 'equal' : place === 'first' ? 'better' : 'worse';
}

const honest: Judge = (first, second) => (first > second ? 'first' : first < second ? 'second' : 'equal');
const worths = fc.array(fc.nat(50), { maxLength: 40 });

describe('with a judge who is right', () => {
  test('the list is the true order, its tail cut, within the comparisons of a binary search', () => {
    fc.assert(
      fc.property(worths, fc.integer({ min: 1, max: 45 }), (list, keep) => {
        const { order, comparisons } = rankAll(list, keep, honest);
        expect(order).toEqual(list.toSorted((a, b) => b - a).slice(0, keep));
        expect(comparisons).toBeLessThanOrEqual(
          list.length * Math.ceil(Math.log2(Math.min(list.length, keep) + 1)),
        );
      }),
    );
  });

  test('what an existing ranker does not do: the best stays when a worse one comes to a full list', () => {
    expect(rankAll([5, 4, 3, 1], 3, honest).order).toEqual([5, 4, 3]);
  });
});

test('a judge who always prefers a place changes nothing: the older stays above', () => {
  for (const place of ['first', 'second'] as const) {
    expect(rankAll([1, 2, 3, 4], 10, () => place).order).toEqual([1, 2, 3, 4]);
  }
});

/** Wrong with a probability, each time anew. */
function noisy(error: number, random: () => number): Judge {
  return (first, second) => {
    const right = honest(first, second);
    if (random() >= error || right === 'equal') return right;
    return right === 'first' ? 'second' : 'first';
  };
}

/** The share of pairs that stand in the wrong order. */
function disorder(order: readonly number[]): number {
  const pairs = order.flatMap((a, at) => order.slice(at + 1).map((b) => (b > a ? 1 : 0)));
  return pairs.reduce<number>((sum, one) => sum + one, 0) / Math.max(1, pairs.length);
}

function meanDisorder(error: number, compare: typeof askBoth): number {
  const random = seeded(7);
  const judge = noisy(error, random);
  const runs = Array.from({ length: 300 }, () => {
    const list = Array.from({ length: 12 }, (_, at) => ({ at, key: random() })).sort((a, b) => a.key - b.key);
    return disorder(
      rankAll(
        list.map(({ at }) => at),
        12,
        judge,
        compare,
      ).order,
    );
  });
  return runs.reduce((sum, one) => sum + one, 0) / runs.length;
}

describe('with a judge who errs', () => {
  test('nothing is lost or doubled', () => {
    fc.assert(
      fc.property(worths, fc.integer(), (list, seed) => {
        const { order } = rankAll(list, 100, noisy(0.4, seeded(seed)));
        expect(order.toSorted((a, b) => a - b)).toEqual(list.toSorted((a, b) => a - b));
      }),
    );
  });

  test('the order is near the true one, and the nearer the better the judge', () => {
    const [none, little, much] = [0, 0.05, 0.2].map((error) => meanDisorder(error, askBoth));
    expect(none).toBe(0);
    expect(little).toBeLessThan(0.08);
    expect(much).toBeLessThan(0.3);
    expect(little).toBeLessThan(much ?? 0);
  });

  test('asked both ways, a worse version is seldom taken for a better one', () => {
    const random = seeded(3);
    const judge = noisy(0.2, random);
    const wrong = (compare: typeof askBoth) =>
      Array.from({ length: 4_000 }, () => compare(1, 2, judge)).filter((verdict) => verdict === 'better')
        .length / 4_000;
    expect(wrong(askOnce)).toBeGreaterThan(0.17);
    expect(wrong(askBoth)).toBeLessThan(0.06);
  });
});

test.each([
  [{ passed: true, score: null }, { passed: false, score: 9 }, 'better'],
  [{ passed: false, score: 2 }, { passed: false, score: 1 }, 'better'],
  [{ passed: true, score: 1 }, { passed: true, score: 3 }, 'worse'],
  [{ passed: true, score: null }, { passed: true, score: 3 }, null],
  [null, { passed: true, score: 3 }, null],
  // What could not be judged is below what passed, above what failed, and for the judge among its like.
  [{ passed: null, score: null }, { passed: true, score: 0 }, 'worse'],
  [{ passed: null, score: null }, { passed: false, score: 1 }, 'better'],
  [{ passed: null, score: null }, { passed: null, score: null }, null],
] as const)('checks %j and %j', (newcomer, other, verdict) => expect(byCheck(newcomer, other)).toBe(verdict));
