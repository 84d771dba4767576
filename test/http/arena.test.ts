/** GET /arena over a record: what is shown of tasks, how standings are told. */
import { expect, test } from 'vitest';
import { overallRating } from '../../src/arena/report.ts';
import { standingEvent } from '../../src/arena/standing-event.ts';
import { ArenaReport } from '../../src/http/schemas-arena.ts';
import { type ArenaNews, type ArenaTaskRecord, recordArena } from '../../src/store/arena.ts';
import type { RatingRecord } from '../../src/store/arena-record.ts';
import { httpFixture, NOW_MS } from '../support/http.ts';
import { hexOf } from '../support/records.ts';

const NOTHING: ArenaNews = {
  ...{ tasks: [], attempts: [], advantages: [], groups: [], ratings: [], qualifications: [], frontier: [] },
};
const SECRET = {
  program: 'def f(a): return 3333',
  input: '4444',
  output: '5555',
  hidden: '6666',
  given: '7777',
};

function task(round: number, mode: 'deduction' | 'abduction' | 'induction'): ArenaTaskRecord {
  const example = (input: string) => JSON.stringify([{ input, output: '0' }]);
  return {
    ...{ round, id: hexOf(round), mode, language: 'python', program: SECRET.program, programId: hexOf(2) },
    ...(mode === 'induction'
      ? { given: example(SECRET.given), hidden: example(SECRET.hidden), message: 'a hint' }
      : { input: SECRET.input, output: SECRET.output }),
    ...{ proposer: 'x', refs: '[]', attempts: 8, solved: 1, learnability: 0.875, executor: 'e' },
    createdAt_ms: NOW_MS,
  };
}

/** So many rounds, a third of each mode. */
const frontier = (rounds: number): ArenaNews['frontier'] =>
  (['deduction', 'abduction', 'induction'] as const).map((mode) => ({
    ...{ stretch: 0, mode, rounds: rounds / 3, tasks: 2, attempts: 16, solved: 4, learnability: 1 },
    ...{ frontier: 1, frontierChars: 50 },
  }));

function rating(agent: string, change: Partial<RatingRecord> = {}): RatingRecord {
  return {
    ...{ agent, mode: 'deduction', role: 'solve', count: 24, sumAdvantage: 16, ema: 0.25, passed: 12 },
    updatedAt_ms: NOW_MS,
    ...change,
  };
}

async function arena(news: Partial<ArenaNews>) {
  const { app, d1 } = httpFixture();
  await recordArena(d1.db, { ...NOTHING, ...news });
  const response = await app.request('/arena');
  expect(response.status).toBe(200);
  const text = await response.text();
  return { text, report: ArenaReport.parse(JSON.parse(text)) };
}

test('an arena without a round says so', async () => {
  const { report } = await arena({});
  expect(report).toMatchObject({ rounds: 0, frontier: [], standings: [], task: null, published: null });
  expect(report.settings).toMatchObject({ attempts: 8, references: 6, malformed: -1, worthless: -0.5 });
});

test.each([
  ['deduction', [SECRET.input], ['3333', SECRET.output]],
  ['abduction', [SECRET.output], ['3333', SECRET.input]],
  ['induction', [SECRET.given, 'a hint'], ['3333', SECRET.hidden]],
] as const)(
  'of a young %s it shows the question, and neither program nor answer',
  async (mode, shown, unseen) => {
    const { text, report } = await arena({ tasks: [task(63, mode)], frontier: frontier(66) });
    expect(report.rounds).toBe(66);
    expect(report.task).toMatchObject({ round: 63, mode });
    for (const part of shown) expect(text).toContain(part);
    for (const part of unseen) expect(text).not.toContain(part);
    expect(report.published).toBeNull();
  },
);

test('a task is shown whole 64 rounds later, and not a round before', async () => {
  const young = await arena({ tasks: [task(3, 'deduction')], frontier: frontier(66) });
  expect(young.report.task?.program).toBeNull();
  const old = await arena({ tasks: [task(2, 'deduction')], frontier: frontier(66) });
  expect(old.report.task?.program).toBe(SECRET.program);
  expect(old.report.published).toMatchObject({ round: 2, output: SECRET.output });
});

test('standings have intervals, best first, and tell who is qualified', async () => {
  const ratings = [
    rating('worse', { sumAdvantage: -16 }),
    rating('better'),
    rating('better', { role: 'propose' }),
  ];
  const qualifications = [
    { agent: 'better', mode: 'deduction', qualified: true, at_ms: 5, models: ['m'] } as const,
  ];
  const { report } = await arena({ ratings, qualifications });
  expect(report.standings.map(({ agent, role }) => [agent, role])).toEqual([
    ['better', 'propose'],
    ['better', 'solve'],
    ['worse', 'solve'],
  ]);
  // 16 / (24 + 8), and 1 / sqrt(25).
  expect(report.standings[1]).toMatchObject({
    rating: 0.5,
    deviation: 0.2,
    interval: { lower: 0.108, upper: 0.892 },
    results: 24,
    passed: 12,
    pass_rate: { lower: 0.314, upper: 0.686 },
    qualified: { passed: true, at_ms: 5 },
  });
  expect([report.standings[0]?.qualified, report.standings[2]?.qualified]).toEqual([null, null]);
});

test('the course of the frontier is told in means', async () => {
  const { report } = await arena({ frontier: frontier(6) });
  expect(report.frontier[0]).toMatchObject({
    ...{ tasks: 2, solve_rate: 0.25, learnability: 0.5, frontier_tasks: 1, frontier_chars: 50 },
  });
});

test('one rating for the card: that of all modes together, as a solver', () => {
  expect(overallRating([])).toBeNull();
  expect(overallRating([rating('x', { role: 'propose' })])).toBeNull();
  const both = [
    rating('x'),
    rating('x', { mode: 'induction', sumAdvantage: -16 }),
    rating('x', { role: 'propose' }),
  ];
  expect(overallRating(both)).toBe(0);
  expect(overallRating(both.slice(0, 1))).toBe(0.5);
});

test('the standing event names our agents by key, and is new only when the standings are', () => {
  const facts = { kind: 37_002, publicUrl: 'https://market.example', rows: [] };
  const pubkeyOf = (agent: string) => (agent === 'chat' ? hexOf(9) : undefined);
  const event = (now_s: number, sumAdvantage: number) =>
    standingEvent(
      {
        ...facts,
        pubkeyOf,
        rows: ['baseline:quick', 'chat'].map((agent) => ({
          ...{
            agent,
            mode: 'deduction',
            role: 'solve',
            rating: sumAdvantage,
            deviation: 0.2,
            results: 24,
            passed: 12,
          },
          ...{
            interval: { lower: 0, upper: 1 },
            pass_rate: { lower: 0, upper: 1 },
            recent: 0,
            qualified: null,
          },
        })),
      },
      now_s,
    );
  const { template, fingerprint } = event(1, 0.5);
  expect(template.tags).toEqual([
    ['d', 'arena'],
    ['url', 'https://market.example/arena'],
    ['p', hexOf(9)],
  ]);
  expect(JSON.parse(template.content).standings).toMatchObject([
    { agent: 'baseline:quick', pubkey: null, rating: 0.5 },
    { agent: 'chat', pubkey: hexOf(9), rating: 0.5 },
  ]);
  expect(event(2, 0.5).fingerprint).toBe(fingerprint);
  expect(event(1, 0.6).fingerprint).not.toBe(fingerprint);
});
