/**
 * Goal: an agent's past is told as the record has it, in stretches that begin and end where they say, for a bounded number of
 * rows. Method: the app over a real database in memory. Does not prove which reviews are taken (test/job/reviewing.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { AgentFigures, ReviewList } from '../../src/http/schemas-reviews.ts';
import { FIGURES_ARENA_STRETCH_ROUNDS, FIGURES_DAYS, FIGURES_HOURS } from '../../src/limits.ts';
import { recordArena } from '../../src/store/arena.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { putReview } from '../../src/store/reviews.ts';
import { httpFixture, NOW_MS } from '../support/http.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** A job of the agent `discover` that was taken in so long ago and done in so many ms. */
const past = (n: number, ago_ms: number, took_ms: number, over: Parameters<typeof jobRecord>[1] = {}) => {
  const openedAt_ms = NOW_MS - ago_ms;
  return jobRecord(n, {
    openedAt_ms,
    startedAt_ms: openedAt_ms,
    closedAt_ms: openedAt_ms + took_ms,
    ...over,
  });
};

async function figures(fixture: ReturnType<typeof httpFixture>, query = '') {
  const response = await fixture.app.request(`/agents/discover/figures${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
  return AgentFigures.parse(await response.json());
}

describe('GET /agents/<slug>/figures', () => {
  test('tells each day of the last thirty, also those on which nothing was done', async () => {
    const fixture = httpFixture();
    await upsertJobs(fixture.d1.db, [
      past(1, 0, 100),
      past(2, 1, 300),
      past(3, 2, 900, { phase: 'failed', error: 'MODEL_ERROR' }),
      past(4, 2, 5, { phase: 'cancelled', attempts: 0 }),
      past(5, 3 * DAY_MS, 70),
      past(6, 40 * DAY_MS, 1),
      past(7, 0, 1, { agent: 'chat' }),
      past(8, 0, 0, { phase: 'running', closedAt_ms: null }),
    ]);
    const { points, complete, stretch_ms } = await figures(fixture);
    expect({ complete, stretch_ms }).toEqual({ complete: true, stretch_ms: DAY_MS });
    expect(points).toHaveLength(FIGURES_DAYS);
    const today = Math.floor(NOW_MS / DAY_MS) * DAY_MS;
    expect(points.map(({ at_ms }) => (today - at_ms) / DAY_MS)).toEqual(
      Array.from({ length: FIGURES_DAYS }, (_, index) => FIGURES_DAYS - 1 - index),
    );
    const nothing = { jobs: 0, success_rate: null, latency_p50_ms: null, latency_p90_ms: null };
    expect(points.at(-1)).toMatchObject({
      jobs: 3,
      success_rate: 2 / 3,
      latency_p50_ms: 100,
      latency_p90_ms: 300,
    });
    expect(points.at(-2)).toMatchObject(nothing);
    expect(points.at(-4)).toMatchObject({ jobs: 1, success_rate: 1, latency_p50_ms: 70 });
    expect(points.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(4);
  });

  test('tells hours, and what jobs of each brought to owners and operator', async () => {
    const fixture = httpFixture();
    const jobs = [past(1, 0, 1), past(2, 0, 1), past(3, 2 * HOUR_MS, 1)];
    await upsertJobs(fixture.d1.db, jobs);
    const earned = (n: number, ...lines: readonly [string, number][]) =>
      insertLedgerLines(
        fixture.d1.db,
        lines.map(([account, amount_msats]) => ({
          key: `end:discover:${hexOf(n)}`,
          account,
          amount_msats,
          at_ms: NOW_MS,
        })),
      );
    await earned(
      1,
      [`job:discover:${hexOf(1)}`, 21_000],
      ['transit:a@b.example', -18_900],
      ['revenue', -2_100],
    );
    await earned(2, [`job:discover:${hexOf(2)}`, 21_000], [`credit:${hexOf(9)}`, -21_000]);
    await earned(3, [`job:discover:${hexOf(3)}`, 5_000], ['revenue', -4_000], [`credit:${hexOf(9)}`, -1_000]);
    const { points, by } = await figures(fixture, '?by=hour');
    expect(by).toBe('hour');
    expect(points).toHaveLength(FIGURES_HOURS);
    expect(points.at(-1)).toMatchObject({ jobs: 2, earned_msats: 21_000, owners_msats: 18_900 });
    expect(points.at(-3)).toMatchObject({ jobs: 1, earned_msats: 4_000, owners_msats: 0 });
    const plans = fixture.d1.statements
      .filter((one) => one.includes('"newest"'))
      .map((one) => fixture.d1.plan(one).join('; '));
    expect(plans.length).toBeGreaterThan(0);
    for (const plan of plans) {
      expect(plan).toContain('jobs_by_agent');
      expect(plan).not.toContain('SCAN ledger');
    }
  });

  test('tells how an agent did in the arena lately', async () => {
    const fixture = httpFixture();
    const attempt = (round: number, at: number, accuracy: number | null, agent = 'discover') => ({
      ...{ round, at, mode: 'deduction' as const, role: 'solve' as const, agent, owner: agent, model: null },
      ...{ promptHash: null, answerHash: hexOf(1), answer: null, problem: null, formatOk: true, accuracy },
      ...{ reward: accuracy, group: null, advantage: null, tokens: 0, took_ms: 1, at_ms: NOW_MS },
    });
    await recordArena(fixture.d1.db, {
      ...{ tasks: [], advantages: [], groups: [], ratings: [], qualifications: [], frontier: [] },
      attempts: [
        attempt(1, 1, 1),
        attempt(2, 1, 0),
        attempt(3, 1, null),
        attempt(4, 1, 1, 'chat'),
        attempt(FIGURES_ARENA_STRETCH_ROUNDS, 1, 1),
      ],
    });
    expect((await figures(fixture)).arena).toEqual([
      { round: 0, mode: 'deduction', role: 'solve', results: 2, score: 0.5 },
      { round: FIGURES_ARENA_STRETCH_ROUNDS, mode: 'deduction', role: 'solve', results: 1, score: 1 },
    ]);
  });

  test('refuses what it does not know', async () => {
    const { app } = httpFixture();
    expect((await app.request('/agents/nobody/figures')).status).toBe(404);
    expect((await app.request('/agents/discover/figures?by=year')).status).toBe(400);
    expect((await app.request('/agents/discover/figures?for=ever')).status).toBe(400);
  });
});

test('GET /agents/<slug>/reviews pages through them, and the profile sums them up', async () => {
  const { app, d1 } = httpFixture();
  const event = { kind: 31_117, content: 'x'.repeat(3_000) };
  for (const n of [1, 2, 3])
    await putReview(d1.db, {
      ...{ jobId: hexOf(n), agent: 'discover', client: hexOf(7), rating: n + 2, eventId: hexOf(n) },
      ...{ eventJson: JSON.stringify(event), createdAt_s: 1, takenAt_ms: n, paid: n === 3, listed: true },
    });
  const first = await app.request('/agents/discover/reviews?limit=2');
  const page = ReviewList.parse(await first.json());
  expect(page.reviews.map(({ rating }) => rating)).toEqual([5, 4]);
  expect(page.reviews[0]).toMatchObject({ job: hexOf(3), client: hexOf(7), paid: true, event });
  expect(page.reviews[0]?.text).toHaveLength(2_000);
  const link = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  const rest = ReviewList.parse(await (await app.request(link)).json());
  expect(rest.reviews.map(({ rating }) => rating)).toEqual([3]);
  expect(rest.next).toBeNull();
  expect(await (await app.request('/agents/discover')).json()).toMatchObject({
    reviews: { count: 3, mean: 4, ratings: [0, 0, 1, 1, 1], clients: 1, paid: { count: 1, mean: 5 } },
  });
  expect((await app.request('/agents/discover/reviews?cursor=x')).status).toBe(400);
  expect((await app.request('/agents/nobody/reviews')).status).toBe(404);
});
