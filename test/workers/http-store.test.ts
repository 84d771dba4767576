import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { openDb } from '../../src/store/db.ts';
import { findJob, upsertJobs } from '../../src/store/jobs.ts';
import { jobRecord } from '../support/records.ts';

/**
 * Goal: what D1 bills for a job is what the schema promises: four rows when it opens, one for every later state,
 * none for a state that is already recorded. Method: the statements drizzle sends, counted by D1's own meter in
 * workerd. Does not prove the deployed meter counts the same.
 */
test('a job costs four written rows to open and one for each later state', async () => {
  let written = 0;
  const metered = new Proxy(env.DB, {
    get(target, name) {
      if (name !== 'batch') return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements);
        for (const { meta } of results) written += meta.rows_written;
        return results;
      };
    },
  });
  const db = openDb(metered);
  const rowsOf = async (work: Promise<void>) => {
    written = 0;
    await work;
    return written;
  };
  const opened = jobRecord(1, { revision: 1, phase: 'running', closedAt_ms: null, resultEventId: null });
  const closed = { ...opened, revision: 2, phase: 'delivered', closedAt_ms: opened.openedAt_ms + 5 } as const;

  expect(await rowsOf(upsertJobs(db, [opened]))).toBe(4);
  expect(await rowsOf(upsertJobs(db, [closed]))).toBe(1);
  expect(await rowsOf(upsertJobs(db, [closed]))).toBe(0);
  expect(await rowsOf(upsertJobs(db, [opened]))).toBe(0);
  expect(await findJob(db, opened.id)).toEqual(closed);
});
