/** Ratings, routing, qualification, collusion, pay. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maySolve, type PairCount, seatsFor, suspiciousPairs } from '../../src/arena/collusion.ts';
import { binomialTail, wilson } from '../../src/arena/interval.ts';
import { sharesOf } from '../../src/arena/pay.ts';
import { examination, examined, isFrontier, isQualified } from '../../src/arena/qualification.ts';
import { seededRandom } from '../../src/arena/random.ts';
import { closeGroup, type Group, isDue, type Rating, standing, UNRATED } from '../../src/arena/rating.ts';
import { type Candidate, route } from '../../src/arena/routing.ts';

const HOUR = 3_600_000;
const group = (rewards: readonly (readonly [string, number])[]): Group => ({
  mode: 'deduction',
  role: 'solve',
  opened_ms: 0,
  results: rewards.map(([agent, reward]) => ({ agent, reward, passed: reward > 0 })),
});

describe('intervals', () => {
  // Newcombe 1998, table I: Wilson without continuity correction.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('wilson(%d, %d)', (passed, tried, lower, upper) => {
    expect(wilson(passed, tried).lower).toBeCloseTo(lower, 4);
    expect(wilson(passed, tried).upper).toBeCloseTo(upper, 4);
  });

  test('wilson() of nothing knows nothing', () => {
    expect(wilson(0, 0)).toEqual({ lower: 0, upper: 1 });
  });

  test('binomialTail() sums the chances', () => {
    expect(binomialTail(8, 8, 0.5)).toBeCloseTo(1 / 256, 12);
    expect(binomialTail(1, 4, 0.125)).toBeCloseTo(1 - (7 / 8) ** 4, 12);
    expect([binomialTail(0, 5, 0.1), binomialTail(1, 5, 0), binomialTail(5, 5, 1)]).toEqual([1, 0, 1]);
    expect(binomialTail(2_500, 5_000, 0.5)).toBeGreaterThan(0.5);
    expect(binomialTail(2_500, 5_000, 0.5)).toBeLessThan(0.52);
  });
});

describe('ratings', () => {
  test('a group closes at 32 results, or after an hour with 8', () => {
    const of = (count: number) => group(Array.from({ length: count }, () => ['a', 1] as const));
    expect([isDue(of(32), 0), isDue(of(31), 0), isDue(of(8), HOUR), isDue(of(7), 100 * HOUR)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('the better agent gains what the other loses', () => {
    const after = closeGroup(
      group([
        ['a', 1],
        ['b', -0.5],
        ['a', 1],
        ['b', -1],
      ]),
      new Map(),
    );
    const [a, b] = [after.get('a') ?? UNRATED, after.get('b') ?? UNRATED];
    expect(a.sumAdvantage).toBeCloseTo(2 * 0.848875, 5);
    expect(a.sumAdvantage + b.sumAdvantage).toBeCloseTo(0, 9);
    expect(a).toMatchObject({ count: 2, passed: 2 });
    expect(standing(a).rating).toBeCloseTo((2 * 0.848875) / 10, 6);
    expect(standing(a).deviation).toBeCloseTo(1 / Math.sqrt(3), 9);
  });

  test('a group of equal rewards moves nobody', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, -0.5, -1, 0.875), fc.integer({ min: 1, max: 40 }), (reward, count) => {
        const after = closeGroup(
          group(Array.from({ length: count }, () => ['a', reward] as const)),
          new Map(),
        );
        expect(after.get('a')).toMatchObject({ count, sumAdvantage: 0, ema: 0 });
      }),
      { seed: 2 },
    );
  });

  test('advantages of a group add up to nothing, whoever won them', () => {
    const rewards = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(1, -0.5, -1)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(rewards, (results) => {
        const after = closeGroup(group(results), new Map());
        const total = [...after.values()].reduce((sum, { sumAdvantage }) => sum + sumAdvantage, 0);
        expect(Math.abs(total)).toBeLessThan(1e-9);
      }),
      { seed: 3 },
    );
  });
});

describe('route()', () => {
  const rated = (count: number, sumAdvantage: number, passed: number): Rating => ({
    count,
    sumAdvantage,
    ema: 0,
    passed,
  });
  const candidate = (agent: string, rating: Rating, price_msats = 1_000): Candidate => ({
    agent,
    standing: standing(rating),
    price_msats,
    latency_ms: 1_000,
  });
  const strong = candidate('strong', rated(200, 160, 180));
  const weak = candidate('weak', rated(200, -160, 40));
  const unknown = candidate('unknown', UNRATED);

  function firsts(
    candidates: readonly Candidate[],
    lowerBound: number | null = null,
  ): Readonly<Record<string, number>> {
    const random = seededRandom(4);
    const count: Record<string, number> = {};
    for (let i = 0; i < 1_000; i += 1) {
      const agent = route(candidates, lowerBound, random)[0]?.agent ?? 'nobody';
      count[agent] = (count[agent] ?? 0) + 1;
    }
    return count;
  }

  test('prefers the better, and still tries who is unknown', () => {
    const chosen = firsts([strong, weak, unknown]);
    expect(chosen.strong).toBeGreaterThan(700);
    expect(chosen.unknown).toBeGreaterThan(50);
    expect(chosen.weak ?? 0).toBe(0);
  });

  test('among equals the cheaper one', () => {
    const dear = { ...strong, agent: 'dear', price_msats: 1_000_000 };
    expect(firsts([strong, dear]).strong).toBeGreaterThan(950);
  });

  test('an escrow job goes to nobody whose bound is too low', () => {
    expect(firsts([strong, weak, unknown], 0.8)).toEqual({ strong: 1_000 });
    expect(route([weak, unknown], 0.8, seededRandom(1))).toEqual([]);
    // Eight of eight is no proof of 80 %.
    expect(route([candidate('lucky', rated(8, 8, 8))], 0.8, seededRandom(1))).toEqual([]);
  });

  test('is the same for the same seed, in whatever order they come', () => {
    expect(route([strong, weak, unknown], null, seededRandom(9))).toEqual(
      route([unknown, strong, weak], null, seededRandom(9)),
    );
  });
});

describe('qualification', () => {
  test('an early verdict is the one that all answers would give', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (passes) => {
        const whole = passes.filter((pass) => pass).length >= 3;
        expect(examined(passes)).toBe(whole);
        for (let i = 0; i < 8; i += 1) expect([null, whole]).toContain(examined(passes.slice(0, i)));
      }),
      { seed: 6, numRuns: 256 },
    );
    expect(examined([])).toBeNull();
  });

  test('holds for a month and for the models it was made with', () => {
    const made = { at_ms: 0, models: ['a', 'b'], qualified: true };
    const day = 24 * HOUR;
    expect(isQualified(made, ['b', 'a'], 29 * day)).toBe(true);
    expect(isQualified(made, ['a', 'b'], 30 * day)).toBe(false);
    expect(isQualified(made, ['a', 'c'], 0)).toBe(false);
    expect(isQualified({ ...made, qualified: false }, ['a', 'b'], 0)).toBe(false);
    expect(isQualified(null, [], 0)).toBe(false);
  });

  test('is by tasks that some solve and some do not, every attempt made', () => {
    const frontier = (solved: number, done: number) => isFrontier({ solved, done }, 8);
    expect([frontier(0, 8), frontier(1, 8), frontier(7, 8), frontier(8, 8), frontier(2, 4)]).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(examination(['a', 'b'], seededRandom(1)).toSorted()).toEqual(['a', 'b']);
  });
});

describe('collusion', () => {
  const proposer = { agent: 'p', owner: 'alice' };

  test('nobody solves own tasks, nor those of the same owner', () => {
    expect(maySolve(proposer, proposer)).toBe(false);
    expect(maySolve({ agent: 'q', owner: 'alice' }, proposer)).toBe(false);
    expect(maySolve({ agent: 'q', owner: 'bob' }, proposer)).toBe(true);
  });

  test('seatsFor() shares attempts evenly among those who may', () => {
    const solvers = [
      proposer,
      { agent: 'q', owner: 'alice' },
      { agent: 'r', owner: 'bob' },
      { agent: 's', owner: 'carol' },
    ];
    const seats = seatsFor(proposer, solvers, 8, seededRandom(1)).map(({ agent }) => agent);
    expect(seats.toSorted()).toEqual(['r', 'r', 'r', 'r', 's', 's', 's', 's']);
    expect(seatsFor(proposer, [proposer], 8, seededRandom(1))).toEqual([]);
  });

  const pair = (proposedBy: string, solver: string, passed: number, tasks: number): PairCount => ({
    proposer: proposedBy,
    solver,
    passed,
    tasks,
  });

  test('suspiciousPairs() finds a solver who is told the answers, and nobody else', () => {
    const honest = ['a', 'b', 'c'].flatMap((one) => ['x', 'y'].map((solver) => pair(one, solver, 5, 20)));
    const told = pair('friend', 'x', 20, 20);
    expect(suspiciousPairs(honest)).toEqual([]);
    expect(suspiciousPairs([...honest, told])).toEqual([expect.objectContaining(told)]);
    expect(suspiciousPairs([...honest, told, pair('friend', 'y', 5, 20)])).toEqual([
      expect.objectContaining(told),
    ]);
    expect(suspiciousPairs([...honest, pair('friend', 'x', 7, 7)])).toEqual([]);
  });

  test('suspiciousPairs() takes neither easy tasks nor a good solver for collusion', () => {
    const counts = [
      ...[pair('hard', 'weak', 10, 100), pair('hard', 'good', 25, 100), pair('hard', 'strong', 40, 100)],
      ...[pair('easy', 'weak', 60, 100), pair('easy', 'good', 80, 100), pair('easy', 'strong', 90, 100)],
      ...[pair('fair', 'weak', 30, 100), pair('fair', 'good', 50, 100), pair('fair', 'strong', 70, 100)],
    ];
    expect(suspiciousPairs(counts)).toEqual([]);
    // The weak solver does as well on the hard tasks as on the easy ones.
    expect(suspiciousPairs([...counts.slice(1), pair('hard', 'weak', 80, 100)])).toEqual([
      expect.objectContaining({ proposer: 'hard', solver: 'weak' }),
    ]);
  });

  test('suspiciousPairs() rarely accuses the honest', () => {
    const random = seededRandom(8);
    const ease = [0.2, 0.4, 0.6, 0.8];
    const skill = [0.3, 0.5, 0.7];
    const oddsOf = (p: number) => p / (1 - p);
    let accused = 0;
    for (let season = 0; season < 200; season += 1) {
      const counts = ease.flatMap((e, one) =>
        skill.map((s, other) => {
          const odds = oddsOf(e) * oddsOf(s);
          const passed = Array.from({ length: 60 }, random).filter((at) => at < odds / (1 + odds)).length;
          return pair(`p${one}`, `s${other}`, passed, 60);
        }),
      );
      accused += suspiciousPairs(counts).length;
    }
    // Of 2,400 pairs.
    expect(accused).toBeLessThanOrEqual(2);
  });
});

describe('sharesOf()', () => {
  test('shares by learnability, and gives nothing for what was not measured', () => {
    expect(sharesOf(1_000n, [0.875, 0, null, 0.125])).toEqual([875n, 0n, 0n, 125n]);
    expect(sharesOf(1_000n, [0, null])).toEqual([0n, 0n]);
  });

  test('never pays out more than the pool, nor less where somebody earned something', () => {
    const learnable = fc.array(fc.constantFrom(null, 0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), learnable, (pool, values) => {
        const shares = sharesOf(pool, values);
        const paid = shares.reduce((sum, share) => sum + share, 0n);
        expect(paid).toBe(values.some((value) => (value ?? 0) > 0) ? pool : 0n);
        for (const [i, share] of shares.entries()) {
          expect(share >= 0n).toBe(true);
          if ((values[i] ?? 0) === 0) expect(share).toBe(0n);
        }
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});
