import { expect, test } from 'vitest';
import type { JobRecord } from '../../src/store/job-record.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { runsUnderWay } from '../../src/store/runs.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const client = jobRecord(0).client;
const run = (n: number, over: Partial<JobRecord> = {}) =>
  jobRecord(n, { agent: 'crew', phase: 'running', closedAt_ms: null, ...over });

test('runsUnderWay() finds the unfinished jobs of one client with one agent, newest first', async () => {
  const { db } = nodeD1();
  await upsertJobs(db, [
    run(1),
    run(2, { phase: 'delivered' }),
    run(3, { client: hexOf(77) }),
    run(4, { agent: 'chat' }),
    run(5, { phase: 'waiting', sealing: 'giftwrap' }),
    run(6, { phase: 'cancelled' }),
  ]);
  const found = await runsUnderWay(db, 'crew', client, 10);
  expect(found).toEqual(
    [5, 1].map((n) => ({ id: hexOf(n), session: `discover:${n}`, openedAt_ms: jobRecord(n).openedAt_ms })),
  );
  expect(await runsUnderWay(db, 'crew', client, 1)).toEqual(found.slice(0, 1));
});

test("runsUnderWay() reads a bounded stretch of the client's own jobs, by an index", async () => {
  const d1 = nodeD1();
  await upsertJobs(d1.db, [run(1), ...[2, 3, 4].map((n) => jobRecord(n))]);
  expect(await runsUnderWay(d1.db, 'crew', client, 10, 3)).toEqual([]);
  expect(await runsUnderWay(d1.db, 'crew', client, 10, 4)).toHaveLength(1);
  const plan = d1.plan(d1.statements.at(-1) ?? '').join('\n');
  expect(plan).toContain('USING INDEX jobs_by_client (client=?)');
  expect(plan).not.toMatch(/SCAN jobs\b/);
});
