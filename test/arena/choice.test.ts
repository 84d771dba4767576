/**
 * Goal: who gets an open job. Never an unqualified agent where any is qualified, never one below the bound that is asked
 * for; otherwise the better, cheaper and quicker ones more often, the unknown now and then.
 * Method: random ratings and qualifications against a plain restatement of the two filters; shares over a thousand job ids.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Applicant, type Choice, choose, type Known, modesOf } from '../../src/arena/choice.ts';
import { wilson } from '../../src/arena/interval.ts';
import type { Rating } from '../../src/arena/rating.ts';
import { MODES, type Mode } from '../../src/arena/settings.ts';
import type { Json } from '../../src/errors.ts';
import type { Reputation } from '../../src/store/reputation.ts';
import { hexOf } from '../support/records.ts';

const rated = (count: number, passed: number, sumAdvantage = 0): Rating => ({
  count,
  passed,
  sumAdvantage,
  ema: 0,
});
const known = (over: Partial<Known> = {}): Known => ({
  reputation: null,
  ratings: new Map(),
  qualified: new Set(),
  ...over,
});
const record = (jobs: number, delivered: number, median_latency_ms: number | null = null): Known =>
  known({ reputation: { jobs, success_rate: jobs === 0 ? null : delivered / jobs, median_latency_ms } });
const applicants = (...names: string[]): Applicant[] => names.map((agent) => ({ agent, price_msats: 0 }));
const checked = (mode: string | null, minRating?: Json) => ({ mode, minRating });
const idOf = (n: number) =>
  Math.imul(n + 1, 0x9e3779b1)
    .toString(16)
    .replace('-', 'f')
    .padStart(8, '0') + hexOf(n).slice(8);

/** How many of a thousand jobs each gets. */
function shares(
  of: readonly Applicant[],
  about: Readonly<Record<string, Known>>,
  check: ReturnType<typeof checked> | null,
): Readonly<Record<string, number>> {
  const count: Record<string, number> = {};
  for (let n = 0; n < 1_000; n++) {
    const choice = choose({ id: idOf(n), check, turn: 0 }, of, new Map(Object.entries(about)));
    const name = choice.type === 'agent' ? choice.agent : choice.failure.code;
    count[name] = (count[name] ?? 0) + 1;
  }
  return count;
}

describe('a job with a check', () => {
  const some = fc.record({
    count: fc.nat(60),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    advantage: fc.double({ min: -1, max: 1, noNaN: true }),
    modes: fc.subarray([...MODES]),
  });

  test('goes to nobody unqualified where any agent is qualified, and to nobody below the bound', () => {
    let seen = { agent: 0, SERVICE_UNAVAILABLE: 0, NOT_FOUND: 0 };
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 1, maxLength: 6 }),
        fc.array(some, { maxLength: 2 }),
        fc.constantFrom('deduction', 'abduction', 'induction', 'tests', 'verifier', 'schema', null),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.nat(),
        (applying, others, mode, bound, n) => {
          const about = (
            name: string,
            i: number,
            { count, share, advantage, modes }: (typeof applying)[number],
          ) => {
            const rating = rated(count, Math.round(share * count), advantage * count);
            const ratings = new Map(MODES.map((one) => [one, rating]));
            const entry: [string, Known] = [`${name}${i}`, known({ ratings, qualified: new Set(modes) })];
            return entry;
          };
          const all = new Map([
            ...applying.map((one, i) => about('a', i, one)),
            ...others.map((one, i) => about('other', i, one)),
          ]);
          const of = applicants(...applying.map((_, i) => `a${i}`));
          const choice = choose({ id: idOf(n), check: checked(mode, bound), turn: 0 }, of, all);

          const modes = modesOf(checked(mode));
          const isQualified = (one: Known | undefined) => modes.some((m) => one?.qualified.has(m));
          const anyone = [...all.values()].some(isQualified);
          const reaches = (one: Known | undefined) => {
            const { passed = 0, count = 0 } = one?.ratings.get('deduction') ?? {};
            return bound === null || wilson(passed, count).lower >= bound - 1e-12;
          };
          const may = of.filter(({ agent }) => !anyone || isQualified(all.get(agent)));
          if (choice.type === 'agent') {
            seen = { ...seen, agent: seen.agent + 1 };
            expect(may.some(({ agent }) => agent === choice.agent)).toBe(true);
            expect(reaches(all.get(choice.agent))).toBe(true);
          } else {
            const code = may.length === 0 ? 'SERVICE_UNAVAILABLE' : 'NOT_FOUND';
            expect(choice.failure.code).toBe(code);
            seen = { ...seen, [code]: seen[code] + 1 };
            if (code === 'NOT_FOUND') expect(bound).not.toBeNull();
          }
        },
      ),
      { seed: 13, numRuns: 500 },
    );
    // It met all three.
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
  });

  const mode = (rating: Rating, of: Mode = 'deduction') => known({ ratings: new Map([[of, rating]]) });
  const strong = mode(rated(200, 180, 160));
  const weak = mode(rated(200, 40, -160));

  test('goes to the better more often, and now and then to who is unknown', () => {
    const chosen = shares(
      applicants('weak', 'strong', 'new'),
      { strong, weak, new: known() },
      checked('deduction'),
    );
    expect(chosen.strong).toBeGreaterThan(600);
    expect(chosen.new).toBeGreaterThan(50);
    expect(chosen.weak ?? 0).toBe(0);
    const close = {
      a: mode(rated(30, 20, 6)),
      b: mode(rated(30, 20, 3)),
      c: mode(rated(30, 20, 0)),
    };
    const { a = 0, b = 0, c = 0 } = shares(applicants('c', 'b', 'a'), close, checked('deduction'));
    expect(a).toBeGreaterThan(b);
    expect(b).toBeGreaterThan(c);
    expect(c).toBeGreaterThan(50);
  });

  test('is drawn more widely the less is known', () => {
    const fewer = shares(
      applicants('a', 'b'),
      { a: mode(rated(4, 3, 2)), b: mode(rated(4, 1, -2)) },
      checked('deduction'),
    );
    const more = shares(
      applicants('a', 'b'),
      { a: mode(rated(64, 48, 12)), b: mode(rated(64, 16, -12)) },
      checked('deduction'),
    );
    expect(fewer.b ?? 0).toBeGreaterThan(2 * (more.b ?? 0));
  });

  test('goes by the rating of its own mode; tests are induction, and the rest the mean of all', () => {
    const one = {
      strong: mode(rated(200, 180, 160), 'induction'),
      other: mode(rated(200, 180, 160), 'abduction'),
    };
    const of = applicants('strong', 'other');
    for (const name of ['induction', 'tests'])
      expect(shares(of, one, checked(name)).strong).toBeGreaterThan(700);
    expect(shares(of, one, checked('abduction')).other).toBeGreaterThan(700);
    const { strong: half = 0 } = shares(of, one, checked('verifier'));
    expect(half).toBeGreaterThan(400);
    expect(half).toBeLessThan(600);
  });

  test('goes to the cheaper and to the quicker of two equals', () => {
    const equal = mode(rated(200, 180, 160));
    const cheap = shares(
      [
        { agent: 'dear', price_msats: 1_000_000 },
        { agent: 'cheap', price_msats: 1_000 },
      ],
      { dear: equal, cheap: equal },
      checked('deduction'),
    );
    expect(cheap.cheap).toBeGreaterThan(950);
    const timed = (median_latency_ms: number): Known => ({
      ...equal,
      reputation: { jobs: 9, success_rate: 1, median_latency_ms },
    });
    const quick = shares(
      applicants('slow', 'quick'),
      { slow: timed(600_000), quick: timed(1_000) },
      checked('deduction'),
    );
    expect(quick.quick).toBeGreaterThan(900);
  });

  test('is refused with the reason', () => {
    const refused = (of: Applicant[], about: Readonly<Record<string, Known>>, minRating?: Json): Choice =>
      choose(
        { id: idOf(1), check: checked('deduction', minRating), turn: 0 },
        of,
        new Map(Object.entries(about)),
      );
    expect(refused([], {})).toMatchObject({ failure: { code: 'NOT_FOUND' } });
    const qualified = known({ qualified: new Set(['deduction']) });
    expect(refused(applicants('a'), { b: qualified })).toMatchObject({
      failure: { code: 'SERVICE_UNAVAILABLE', details: { modes: ['deduction'] } },
    });
    // Qualified in another mode is not qualified in this one, for nobody.
    expect(refused(applicants('a'), { b: known({ qualified: new Set(['abduction']) }) })).toEqual({
      type: 'agent',
      agent: 'a',
    });
    expect(refused(applicants('strong', 'new'), { strong }, 0.9)).toMatchObject({
      failure: {
        code: 'NOT_FOUND',
        details: { min_rating: 0.9, best_rating: expect.closeTo(wilson(180, 200).lower, 9) },
      },
    });
    for (const odd of ['0.5', -0.1, 1.1, [0.5]])
      expect(refused(applicants('strong'), { strong }, odd)).toMatchObject({
        failure: { code: 'BAD_REQUEST', details: { path: 'contract.min_rating' } },
      });
    expect(refused(applicants('new'), {}, 0)).toEqual({ type: 'agent', agent: 'new' });
  });

  test('is drawn the same again with the same knowledge, and anew at each turn', () => {
    const about = new Map([
      ['a', known()],
      ['b', known()],
      ['c', known()],
    ]);
    const chosen = (n: number, turn: number, of = applicants('a', 'b', 'c')) =>
      choose({ id: idOf(n), check: checked('deduction'), turn }, of, about);
    const ids = Array.from({ length: 50 }, (_, n) => n);
    expect(ids.map((n) => chosen(n, 0))).toEqual(ids.map((n) => chosen(n, 0, applicants('c', 'a', 'b'))));
    expect(ids.map((n) => chosen(n, 0))).not.toEqual(ids.map((n) => chosen(n, 1)));
  });
});

describe('a job without a check', () => {
  const first = (of: readonly Applicant[], about: Readonly<Record<string, Known>> = {}) => {
    const chosen = shares(of, about, null);
    const [name] = Object.keys(chosen);
    // Nothing is drawn.
    expect(Object.keys(chosen)).toHaveLength(1);
    return name;
  };

  test('goes by the order of the list while nothing is known', () => {
    expect(first(applicants('a', 'b', 'c'))).toBe('a');
    expect(first(applicants('b', 'a'), { a: record(0, 0), b: known() })).toBe('b');
    expect(first([])).toBe('NOT_FOUND');
  });

  test('leaves an agent that fails: a new one after four failures, an old one later', () => {
    const having = (jobs: number, delivered: number) =>
      first(applicants('a', 'b'), { a: record(jobs, delivered) });
    expect([having(3, 0), having(4, 0)]).toEqual(['a', 'b']);
    expect([having(50, 40), having(50, 20)]).toEqual(['a', 'b']);
  });

  test('goes to the cheaper and to the quicker, where the difference is large', () => {
    const [a, b] = [
      { agent: 'a', price_msats: 100_000 },
      { agent: 'b', price_msats: 0 },
    ];
    expect(first([a, b])).toBe('b');
    expect(first([{ ...a, price_msats: 1_000 }, b])).toBe('a');
    const timed = (median_latency_ms: number): Known =>
      known({ reputation: { jobs: 20, success_rate: 1, median_latency_ms } });
    expect(first(applicants('a', 'b'), { a: timed(600_000), b: timed(500) })).toBe('b');
    expect(first(applicants('a', 'b'), { a: timed(5_000), b: timed(500) })).toBe('a');
    // What is not known of the other is no merit.
    expect(first(applicants('a', 'b'), { a: timed(600_000) })).toBe('a');
  });

  test('never goes to a worse one of two that are alike otherwise', () => {
    const rep = fc.record({ jobs: fc.nat(50), share: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(rep, fc.nat(5), ({ jobs, share }, more) => {
        const reputation = (success_rate: number): Reputation => ({
          jobs: jobs + 1,
          success_rate,
          median_latency_ms: 1_000,
        });
        const better = known({ reputation: reputation(Math.min(1, share + more / 10)) });
        const worse = known({ reputation: reputation(share) });
        expect(first(applicants('better', 'worse'), { better, worse })).toBe('better');
      }),
      { seed: 14, numRuns: 20 },
    );
  });
});
