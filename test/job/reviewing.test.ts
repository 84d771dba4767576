/**
 * Goal: a review counts when the client of a delivered and settled (or free) job signed it, once for each job, the newest,
 * until its author takes it back; nothing anybody else signs changes anything. Method: signed events into the decision,
 * over the real database in memory. Does not prove how the events come in (test/workers, test/e2e/panels.test.ts).
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { ReviewTooEarly, takeBackReviews, takeReview } from '../../src/job/reviewing.ts';
import { REVIEW_MAX_EVENT_BYTES, REVIEW_PATIENCE_MS } from '../../src/limits.ts';
import type { Tag } from '../../src/nostr/event.ts';
import { KIND } from '../../src/nostr/kinds.ts';
import { readReview, reviewTemplate } from '../../src/protocol/review.ts';
import type { JobRecord } from '../../src/store/job-record.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { insertLedgerLines } from '../../src/store/ledger.ts';
import { listReviews, reviewSummary } from '../../src/store/reviews.ts';
import { person, signedBy } from '../support/events.ts';
import { httpFixture } from '../support/http.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const CLIENT = person('client').publicKey;
const FREE = discover();
const PRICED = {
  ...FREE,
  slug: 'priced',
  pubkey: person('priced').publicKey,
  prices: { ...FREE.prices, perJob_msats: 21_000 },
};
const agents = [FREE, PRICED];
/** Unix ms: a while after the jobs of these tests. */
const NOW_MS = 1_790_000_500_000;
const NOW_S = NOW_MS / 1_000;

function discover() {
  const agent = httpFixture().ports.agents.find(({ slug }) => slug === 'discover');
  if (agent === undefined) throw new Error('there is no agent discover');
  return agent;
}

let d1: ReturnType<typeof nodeD1>;
beforeEach(() => {
  d1 = nodeD1();
});

const ports = (now_ms = NOW_MS) => ({
  db: d1.db,
  now_ms,
  agentBySlug: (slug: string) => agents.find((agent) => agent.slug === slug),
});

async function job(n: number, over: Partial<JobRecord> = {}): Promise<JobRecord> {
  const record = jobRecord(n, { client: CLIENT, ...over });
  await upsertJobs(d1.db, [record]);
  return record;
}

interface Said {
  readonly by?: string;
  readonly rating?: number;
  readonly text?: string;
  readonly at_s?: number;
  readonly agent?: string;
  readonly tags?: readonly Tag[];
}

function review(jobId: string, said: Said = {}) {
  const { by = 'client', rating = 5, text = 'well done', at_s = NOW_S, agent = FREE.pubkey } = said;
  const template = reviewTemplate({ jobId, agentPubkey: agent, rating, text }, 7001, at_s);
  return signedBy(by, { ...template, tags: said.tags ?? template.tags });
}

const summary = (agent = 'discover') => reviewSummary(d1.db, agent);
const deletion = (by: string, at_s: number, ...tags: Tag[]) =>
  signedBy(by, { kind: KIND.deletion, created_at: at_s, tags });

describe('takeReview()', () => {
  test('counts what the client of a delivered free job says, and shows it as it was signed', async () => {
    const { id } = await job(1);
    const event = review(id, { rating: 4 });
    await takeReview(event, ports());
    expect(await summary()).toEqual({
      count: 1,
      mean: 4,
      ratings: [0, 0, 0, 1, 0],
      clients: 1,
      paid: { count: 0, mean: null },
    });
    const { reviews } = await listReviews(d1.db, 'discover', null, 10);
    expect(reviews).toMatchObject([{ jobId: id, client: CLIENT, rating: 4, paid: false }]);
    expect(JSON.parse(reviews[0]?.eventJson ?? '')).toEqual(JSON.parse(JSON.stringify(event)));
  });

  test('counts one review a job, the newest, in whatever order they come', async () => {
    const { id } = await job(1);
    const [old, young] = [review(id, { rating: 1, at_s: NOW_S - 9 }), review(id, { rating: 3 })];
    for (const event of [old, young, old, young]) await takeReview(event, ports());
    expect(await summary()).toMatchObject({ count: 1, mean: 3 });
  });

  test.each<[string, Partial<JobRecord>, Said]>([
    ['somebody who was not its client', {}, { by: 'stranger' }],
    ['the client of a job that failed', { phase: 'failed', error: 'AGENT_ERROR' }, {}],
    ['the client of a job that was called off', { phase: 'cancelled' }, {}],
    ['who names another agent', {}, { agent: PRICED.pubkey }],
    ['whose clock is far ahead', {}, { at_s: NOW_S + 3_600 }],
  ])('drops that of %s', async (_whose, over, said) => {
    const { id } = await job(1, over);
    await takeReview(review(id, said), ports());
    expect(await summary()).toMatchObject({ count: 0, mean: null });
  });

  test('drops that of a job nobody knows, once it cannot be on its way any more', async () => {
    await expect(takeReview(review(hexOf(9)), ports())).rejects.toThrow(ReviewTooEarly);
    await takeReview(review(hexOf(9)), ports(NOW_MS + REVIEW_PATIENCE_MS));
    expect(await summary()).toMatchObject({ count: 0 });
  });

  test('waits for a job that is not over', async () => {
    const { id } = await job(1, { revision: 1, phase: 'running', closedAt_ms: null });
    await expect(takeReview(review(id), ports())).rejects.toThrow(ReviewTooEarly);
    await job(1, { revision: 2 });
    await takeReview(review(id), ports());
    expect(await summary()).toMatchObject({ count: 1 });
  });

  test('counts a gift-wrapped job, and does not list it', async () => {
    const { id } = await job(1, { sealing: 'giftwrap' });
    await takeReview(review(id), ports());
    expect(await summary()).toMatchObject({ count: 1 });
    expect((await listReviews(d1.db, 'discover', null, 10)).reviews).toEqual([]);
  });
});

describe('of a job with a price', () => {
  const agent = PRICED.pubkey;
  const name = (id: string) => `priced:${id}`;
  const lines = (key: string, ...accounts: readonly [string, number][]) =>
    insertLedgerLines(
      d1.db,
      accounts.map(([account, amount_msats]) => ({ key, account, amount_msats, at_ms: NOW_MS })),
    );

  test('a review counts when its money was divided, as that of a paid job', async () => {
    const { id } = await job(1, { agent: 'priced' });
    await lines(`lend:${name(id)}`, [`owing:${CLIENT}`, 21_000], [`job:${name(id)}`, -21_000]);
    // Delivered on trust and not paid yet.
    await expect(takeReview(review(id, { agent }), ports())).rejects.toThrow(ReviewTooEarly);
    await takeReview(review(id, { agent, at_s: NOW_S - 100 }), ports());
    expect(await summary('priced')).toMatchObject({ count: 0 });
    await lines(`end:${name(id)}`, [`job:${name(id)}`, 21_000], ['revenue', -21_000]);
    await takeReview(review(id, { agent, rating: 2 }), ports());
    expect(await summary('priced')).toMatchObject({ count: 1, paid: { count: 1, mean: 2 } });
  });

  test('a job that cost nothing in the end counts as a free one', async () => {
    const { id } = await job(1, { agent: 'priced' });
    await lines(`end:${name(id)}`, [`job:${name(id)}`, 21_000], [`credit:${CLIENT}`, -21_000]);
    await takeReview(review(id, { agent }), ports());
    expect(await summary('priced')).toMatchObject({ count: 1, paid: { count: 0 } });
  });

  test('a review waits for books that are on their way to the record', async () => {
    const { id } = await job(1, { agent: 'priced', closedAt_ms: NOW_MS - 1_000 });
    await expect(takeReview(review(id, { agent }), ports())).rejects.toThrow(ReviewTooEarly);
  });
});

describe('takeBackReviews()', () => {
  test('takes back what its author said, by event or by address, and what is older stays away', async () => {
    const [one, two] = [await job(1), await job(2)];
    const first = review(one.id, { at_s: NOW_S - 20 });
    const second = review(two.id, { at_s: NOW_S - 20 });
    for (const event of [first, second]) await takeReview(event, ports());
    await takeBackReviews(deletion('stranger', NOW_S, ['e', first.id]), ports(), 10);
    await takeBackReviews(deletion('client', NOW_S, ['e', first.id], ['k', '1']), ports(), 10);
    expect(await summary()).toMatchObject({ count: 2 });
    await takeBackReviews(deletion('client', NOW_S - 9, ['e', first.id]), ports(), 10);
    await takeBackReviews(deletion('client', NOW_S - 9, ['a', `31117:${CLIENT}:${two.id}`]), ports(), 10);
    for (const event of [first, second]) await takeReview(event, ports());
    expect(await summary()).toMatchObject({ count: 0 });
    expect((await listReviews(d1.db, 'discover', null, 10)).reviews).toEqual([]);
    await takeReview(review(two.id, { rating: 1 }), ports());
    expect(await summary()).toMatchObject({ count: 1, mean: 1 });
  });

  test('counts although it comes before the review', async () => {
    const { id } = await job(1);
    const address = `31117:${CLIENT}:${id}`;
    await takeBackReviews(deletion('stranger', NOW_S, ['a', address]), ports(), 10);
    await takeBackReviews(deletion('client', NOW_S, ['a', address]), ports(), 10);
    await takeReview(review(id, { at_s: NOW_S - 1 }), ports());
    await takeReview(review(id, { at_s: NOW_S }), ports());
    expect(await summary()).toMatchObject({ count: 0 });
    // A stranger's changed nothing, else no row would be the client's.
    await takeReview(review(id, { at_s: NOW_S + 1 }), ports());
    expect(await summary()).toMatchObject({ count: 1 });
  });
});

test('lists an agent’s reviews newest first, page by page, and asks an index for them', async () => {
  for (const n of [1, 2, 3]) {
    const { id } = await job(n);
    await takeReview(review(id, { rating: n }), ports(NOW_MS + n));
  }
  const first = await listReviews(d1.db, 'discover', null, 2);
  const rest = await listReviews(d1.db, 'discover', first.next, 2);
  expect([...first.reviews, ...rest.reviews].map(({ rating }) => rating)).toEqual([3, 2, 1]);
  expect(rest.next).toBeNull();
  const asked = d1.statements.filter((statement) => statement.includes('order by "review"'));
  expect(asked.length).toBeGreaterThan(0);
  for (const statement of asked) expect(d1.plan(statement).join()).toContain('review_by_agent');
});

describe('readReview()', () => {
  const tags: readonly Tag[] = [
    ['d', hexOf(1)],
    ['p', FREE.pubkey],
    ['rating', '3'],
  ];
  const said = (...changed: Tag[]) =>
    signedBy('client', {
      kind: KIND.jobReview,
      tags: [...changed, ...tags.filter(([name]) => !changed.some(([other]) => other === name))],
      content: 'x',
    });

  test('reads the least there has to be', () => {
    expect(readReview(said())).toEqual({ jobId: hexOf(1), agentPubkey: FREE.pubkey, rating: 3, text: 'x' });
  });

  test.each<Tag>([
    ['rating', '0'],
    ['rating', '6'],
    ['rating', '4.5'],
    ['rating', ''],
    ['d', 'x'],
    ['p', 'x'],
    ['role', 'provider'],
  ])('takes none with %s %s', (...tag) => {
    expect(readReview(said(tag))).toBeNull();
  });

  test('takes none that is larger than the record keeps', () => {
    const content = 'x'.repeat(REVIEW_MAX_EVENT_BYTES);
    expect(readReview(signedBy('client', { kind: KIND.jobReview, tags: [...tags], content }))).toBeNull();
  });
});
