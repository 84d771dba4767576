import { expect, test } from 'vitest';
import type { Known } from '../../src/arena/choice.ts';
import { Knowledge, readKnown } from '../../src/arena/knowledge.ts';
import { BROKER_JOBS, BROKER_KNOWS_MS } from '../../src/limits.ts';
import { recordArena } from '../../src/store/arena.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { chat, discover } from '../protocol/fixtures.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { jobRecord } from '../support/records.ts';

test('readKnown() reads reputation, ratings as a solver, and qualifications that hold', async () => {
  const { db } = nodeD1();
  const now_ms = 1_000_000;
  const rating = {
    mode: 'deduction',
    count: 9,
    sumAdvantage: 3,
    ema: 0.1,
    passed: 7,
    updatedAt_ms: 1,
  } as const;
  const verdict = { agent: 'chat', qualified: true, at_ms: now_ms - 1, models: chat.models } as const;
  await recordArena(db, {
    tasks: [],
    attempts: [],
    advantages: [],
    groups: [],
    ratings: [
      { ...rating, agent: 'chat', role: 'solve' },
      { ...rating, agent: 'chat', role: 'propose', mode: 'abduction' },
      { ...rating, agent: 'enumerative:solver', role: 'solve' },
    ],
    qualifications: [
      { ...verdict, mode: 'deduction' },
      { ...verdict, mode: 'abduction', models: ['another'] },
      { ...verdict, mode: 'induction', qualified: false },
    ],
    frontier: [],
  });
  const jobs = Array.from({ length: BROKER_JOBS + 5 }, (_, n) =>
    jobRecord(n, { agent: 'chat', ...(n < 5 || n % 2 === 0 ? { phase: 'failed' } : {}) }),
  );
  await upsertJobs(db, jobs);

  const known = await readKnown(db, [discover, chat], now_ms);
  expect(known.get('discover')).toEqual({
    reputation: { jobs: 0, success_rate: null, median_latency_ms: null },
    ratings: new Map(),
    qualified: new Set(),
  });
  const { reputation, ratings, qualified } = known.get('chat') ?? {};
  expect(reputation).toEqual({ jobs: BROKER_JOBS, success_rate: 0.5, median_latency_ms: 40 });
  expect([...(ratings ?? [])]).toEqual([['deduction', expect.objectContaining({ count: 9, passed: 7 })]]);
  expect([...(qualified ?? [])]).toEqual(['deduction']);
});

test('Knowledge is read once in a while, and by one at a time once there is something', async () => {
  let now_ms = 0;
  const readings: PromiseWithResolvers<ReadonlyMap<string, Known>>[] = [];
  const knowledge = new Knowledge(
    () => {
      const reading = Promise.withResolvers<ReadonlyMap<string, Known>>();
      readings.push(reading);
      return reading.promise;
    },
    () => now_ms,
  );
  const [early, other] = [knowledge.get(), knowledge.get()];
  const first = new Map<string, Known>();
  for (const reading of readings) reading.resolve(first);
  expect([await early, await other]).toEqual([first, first]);
  // Nobody waits for what another has begun, and there was nothing yet.
  expect(readings).toHaveLength(2);

  now_ms = BROKER_KNOWS_MS - 1;
  expect(await knowledge.get()).toBe(first);
  expect(readings).toHaveLength(2);

  now_ms = BROKER_KNOWS_MS;
  const renewed = knowledge.get();
  expect(readings).toHaveLength(3);
  expect(await knowledge.get()).toBe(first);
  expect(readings).toHaveLength(3);
  const second = new Map<string, Known>();
  readings[2]?.resolve(second);
  expect(await renewed).toBe(second);
  expect(await knowledge.get()).toBe(second);

  now_ms *= 2;
  const failing = knowledge.get();
  readings[3]?.reject(new Error('away'));
  await expect(failing).rejects.toThrow('away');
  const again = knowledge.get();
  readings[4]?.resolve(first);
  expect(await again).toBe(first);
});
