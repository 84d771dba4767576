import { expect, test } from 'vitest';
import type { AssignmentRecord } from '../../src/store/assignment-record.ts';
import { assign, findAssignment, passOn } from '../../src/store/assignments.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { reputationOf } from '../../src/store/reputation.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const given = (agent: string, over: Partial<AssignmentRecord> = {}): AssignmentRecord => ({
  jobId: hexOf(1),
  agent,
  session: `session of ${agent}`,
  tried: [],
  state: 'assigned',
  failure: null,
  createdAt_ms: 5,
  ...over,
});

test('assign() keeps the first, whoever comes later with whatever', async () => {
  const { db } = nodeD1();
  const refused = given('a', {
    state: 'refused',
    failure: { code: 'NOT_FOUND', message: 'nobody', details: { modes: ['deduction'], best_rating: 0.5 } },
  });
  expect(await findAssignment(db, hexOf(1))).toBeUndefined();
  expect(await assign(db, refused)).toEqual(refused);
  expect(await assign(db, given('b'))).toEqual(refused);
  expect(await findAssignment(db, hexOf(1))).toEqual(refused);
  expect(await assign(db, given('b', { jobId: hexOf(2) }))).toMatchObject({ agent: 'b' });
});

test('passOn() moves it once, and only from where it was', async () => {
  const d1 = nodeD1();
  const { db } = d1;
  const first = await assign(db, given('a'));
  const toB = given('b', { tried: ['a'] });
  expect(await passOn(db, first, toB, 10)).toEqual(toB);
  // The same again, and one that chose otherwise meanwhile.
  expect(await passOn(db, first, toB, 11)).toEqual(toB);
  expect(await passOn(db, first, given('c', { tried: ['a'] }), 12)).toEqual(toB);
  expect(d1.rows('SELECT * FROM passed_on')).toEqual([{ agent: 'a', at_ms: 10, job_id: hexOf(1) }]);

  const last = { ...toB, tried: ['a', 'b'], state: 'nobody_left' } as const;
  expect(await passOn(db, toB, last, 20)).toEqual(last);
  expect(await passOn(db, toB, given('c', { tried: ['a', 'b'] }), 21)).toEqual(last);
  // That the last one failed is said by the job's own record.
  expect(d1.rows('SELECT agent FROM passed_on')).toEqual([{ agent: 'a' }]);
});

test('a job that went on to another agent counts against the one that failed', async () => {
  const { db } = nodeD1();
  await upsertJobs(db, [
    jobRecord(1, { agent: 'a', phase: 'running', closedAt_ms: null }),
    jobRecord(2, { agent: 'a' }),
  ]);
  await passOn(db, await assign(db, given('a')), given('b', { tried: ['a'] }), 10);
  await upsertJobs(db, [jobRecord(1, { agent: 'b', turn: 1, revision: 1 })]);
  expect(await reputationOf(db, 'a')).toMatchObject({ jobs: 2, success_rate: 0.5 });
  expect(await reputationOf(db, 'b')).toMatchObject({ jobs: 1, success_rate: 1 });
  expect(await reputationOf(db, 'a', 1)).toMatchObject({ jobs: 1, success_rate: 1 });
});
