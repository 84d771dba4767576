import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor, type Position } from '../../src/store/cursor.ts';
import type { Db } from '../../src/store/db.ts';
import { JOB_PHASES, type JobRecord } from '../../src/store/job-record.ts';
import {
  agentOutcomes,
  findJob,
  findJobByPrefix,
  type JobFilter,
  type JobPage,
  listJobs,
  recentOutcomes,
  upsertJobs,
} from '../../src/store/jobs.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf, jobRecord } from '../support/records.ts';

describe('upsertJobs', () => {
  test('keeps the highest revision of each job, in whatever order, batches and repetitions states arrive', async () => {
    const states = fc.array(fc.record({ job: fc.nat(4), revision: fc.integer({ min: 1, max: 6 }) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(states, fc.integer({ min: 1, max: 12 }), async (arrivals, batch) => {
        const { db } = nodeD1();
        const records = arrivals.map(({ job, revision }) => stateOf(job, revision));
        for (let from = 0; from < records.length; from += batch) {
          await upsertJobs(db, records.slice(from, from + batch));
        }
        for (const job of new Set(arrivals.map((arrival) => arrival.job))) {
          const newest = Math.max(...arrivals.flatMap((a) => (a.job === job ? [a.revision] : [])));
          expect(await findJob(db, hexOf(job))).toEqual(stateOf(job, newest));
        }
      }),
      { seed: 10 },
    );
  });

  test('keeps what the last of several agents says of a job, in whatever order they say it', async () => {
    const states = fc.array(
      fc.record({ job: fc.nat(2), turn: fc.nat(2), revision: fc.integer({ min: 1, max: 4 }) }),
      { minLength: 1, maxLength: 30 },
    );
    const said = (job: number, turn: number, revision: number) => ({
      ...stateOf(job, revision),
      turn,
      agent: `agent-${turn}`,
      session: `session-${turn}`,
      openedAt_ms: 1_000 * turn,
    });
    await fc.assert(
      fc.asyncProperty(states, fc.integer({ min: 1, max: 12 }), async (arrivals, batch) => {
        const { db } = nodeD1();
        const records = arrivals.map(({ job, turn, revision }) => said(job, turn, revision));
        for (let from = 0; from < records.length; from += batch) {
          await upsertJobs(db, records.slice(from, from + batch));
        }
        for (const job of new Set(arrivals.map((arrival) => arrival.job))) {
          const of = arrivals.filter((arrival) => arrival.job === job);
          const turn = Math.max(...of.map((one) => one.turn));
          const revision = Math.max(...of.flatMap((one) => (one.turn === turn ? [one.revision] : [])));
          expect(await findJob(db, hexOf(job))).toEqual(said(job, turn, revision));
        }
      }),
      { seed: 11 },
    );
  });

  test('takes more records than one statement has parameters for, all or none', async () => {
    const d1 = nodeD1();
    const records = Array.from({ length: 37 }, (_, n) => jobRecord(n));
    await upsertJobs(d1.db, records);
    expect((await listJobs(d1.db, {}, null, 50)).jobs).toEqual(records.toReversed());

    const unwritable = [
      jobRecord(100),
      ...Array.from({ length: 9 }, (_, n) => jobRecord(101 + n, { revision: Number.NaN })),
    ];
    await expect(upsertJobs(d1.db, unwritable)).rejects.toThrow();
    expect(await findJob(d1.db, hexOf(100))).toBeUndefined();
  });

  test('does nothing when there is nothing to write', async () => {
    const d1 = nodeD1();
    await upsertJobs(d1.db, []);
    expect(d1.statements).toEqual([]);
  });
});

describe('listJobs', () => {
  /**
   * Goal: a walk over the pages meets every job that fits the filter exactly once, newest first, whatever the page
   * size, the bound on rows looked at, and the jobs opened meanwhile. Method: random records with many equal times,
   * some gift-wrapped; while each page is read, new jobs with random times are inserted; the walk is compared with a sort of the
   * jobs there were at its beginning. Does not prove anything of a filter by phase while phases change.
   */
  test('a walk over all pages visits every matching job once and in order', async () => {
    const times = fc.array(fc.nat(6), { maxLength: 40 });
    const filter: fc.Arbitrary<JobFilter> = fc.record({
      agent: fc.option(fc.constantFrom('discover', 'chat'), { nil: undefined }),
      client: fc.option(fc.constantFrom(hexOf(1), hexOf(2)), { nil: undefined }),
      phase: fc.option(fc.constantFrom('delivered', 'failed'), { nil: undefined }),
    });
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        times,
        times,
        filter,
        size,
        size,
        fc.nat(20),
        async (before, during, wanted, limit, scan, delay) => {
          const { db } = nodeD1();
          const there = before.map((time, n) => variedRecord(n, time));
          await upsertJobs(db, there);
          const arriving = during.map((time, n) => variedRecord(1000 + n, time));

          const met: JobRecord[] = [];
          let after: Position | null = null;
          do {
            const [page]: [JobPage, unknown] = await Promise.all([
              listJobs(db, wanted, after, limit, Math.max(scan, limit)),
              turns(delay).then(() => upsertJobs(db, arriving.splice(0, 2))),
            ]);
            expect(page.jobs.length).toBeLessThanOrEqual(limit);
            met.push(...page.jobs);
            after = page.next;
          } while (after !== null);

          const old = new Set(there.map(({ id }) => id));
          expect(met.filter(({ id }) => old.has(id))).toEqual(
            there.filter((job) => fits(job, wanted)).sort(newestFirst),
          );
          expect(new Set(met.map(({ id }) => id)).size).toBe(met.length);
          expect(met).toEqual(met.toSorted(newestFirst));
        },
      ),
      { seed: 10 },
    );
  });

  test('looks at no more rows than its bound, and says where to go on', async () => {
    const { db } = nodeD1();
    await upsertJobs(db, [jobRecord(1, { phase: 'failed' }), ...[2, 3, 4, 5].map((n) => jobRecord(n))]);
    const first = await listJobs(db, { phase: 'failed' }, null, 2, 3);
    expect(first).toEqual({ jobs: [], next: { openedAt_ms: jobRecord(3).openedAt_ms, id: hexOf(3) } });
    const second = await listJobs(db, { phase: 'failed' }, first.next, 2, 3);
    expect(second).toEqual({ jobs: [jobRecord(1, { phase: 'failed' })], next: null });
  });

  test('never shows a gift-wrapped job', async () => {
    const { db } = nodeD1();
    await upsertJobs(db, [jobRecord(1, { sealing: 'giftwrap' }), jobRecord(2, { sealing: 'nip44' })]);
    const filters: JobFilter[] = [
      {},
      { agent: 'discover' },
      { client: jobRecord(1).client },
      { phase: 'delivered' },
    ];
    for (const filter of filters) {
      expect((await listJobs(db, filter, null, 10)).jobs.map(({ id }) => id)).toEqual([hexOf(2)]);
    }
  });

  test('every query over many jobs walks an index and sorts no more than its bounded stretch', async () => {
    const d1 = nodeD1();
    const after = { openedAt_ms: 1, id: hexOf(1) };
    const queries: [(db: Db) => Promise<unknown>, string][] = [
      [(db) => listJobs(db, {}, after, 10), 'jobs_by_time'],
      [(db) => listJobs(db, { agent: 'chat', phase: 'failed' }, after, 10), 'jobs_by_agent'],
      [(db) => listJobs(db, { client: hexOf(1), agent: 'chat' }, after, 10), 'jobs_by_client'],
      [(db) => agentOutcomes(db, 'chat', 10), 'jobs_by_agent'],
      [(db) => recentOutcomes(db, 1, 10), 'jobs_by_time'],
    ];
    for (const [ask, index] of queries) {
      d1.statements.length = 0;
      await ask(d1.db);
      expect(d1.statements.length).toBeGreaterThan(0);
      for (const statement of d1.statements) {
        const plan = d1.plan(statement).join('\n');
        if (plan.includes('passed_on')) {
          expect(plan).toMatch(/^SEARCH passed_on USING COVERING INDEX \S+ \(agent=\?\)$/);
          continue;
        }
        expect(plan).toContain(`SEARCH jobs USING`);
        expect(plan).toContain(index);
        expect(plan).not.toContain('SCAN jobs');
      }
    }
  });
});

describe('cursors', () => {
  test('decodeCursor gives back what encodeCursor took', () => {
    const position = fc.record({ openedAt_ms: fc.nat(8_640_000_000_000_000 / 10), id: fc.nat().map(hexOf) });
    fc.assert(
      fc.property(position, (at) => {
        const cursor = encodeCursor(at);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(cursor)).toEqual(at);
      }),
      { seed: 10 },
    );
  });

  test('decodeCursor refuses everything else without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => decodeCursor(text) === undefined),
      { seed: 10 },
    );
    fc.assert(
      fc.property(fc.base64String(), (text) => decodeCursor(text) === undefined),
      { seed: 10 },
    );
    const forged = [
      `1.${hexOf(1)}.x`,
      `-1.${hexOf(1)}`,
      `1.5.${hexOf(1)}`,
      '1.',
      `.${hexOf(1)}`,
      `1e3.${hexOf(1)}`,
    ];
    for (const text of forged) expect(decodeCursor(btoa(text).replaceAll('=', ''))).toBeUndefined();
  });
});

/** Lets `count` turns of the microtask queue pass, so that what follows falls between two steps of something else. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await null;
}

/** State number `revision` of a job: told apart from its other states in every column that may change. */
function stateOf(job: number, revision: number): JobRecord {
  return jobRecord(job, {
    revision,
    phase: JOB_PHASES[revision] ?? 'failed',
    error: revision === 6 ? 'TIMEOUT' : null,
    startedAt_ms: revision > 1 ? revision : null,
    closedAt_ms: revision > 2 ? revision : null,
    resultEventId: revision > 3 ? hexOf(revision) : null,
    attempts: revision,
  });
}

/** A record whose agent, client, phase and sealing follow from its number, so that every mixture occurs. */
function variedRecord(n: number, time: number): JobRecord {
  return jobRecord(n, {
    id: hexOf((n * 7919) % 10_007),
    openedAt_ms: 1_790_000_000_000 + time,
    agent: n % 3 === 0 ? 'chat' : 'discover',
    client: hexOf(1 + (n % 2)),
    phase: n % 5 < 2 ? 'failed' : 'delivered',
    sealing: n % 7 === 3 ? 'giftwrap' : 'none',
  });
}

function fits(job: JobRecord, filter: JobFilter): boolean {
  return (
    job.sealing !== 'giftwrap' &&
    (filter.agent === undefined || job.agent === filter.agent) &&
    (filter.client === undefined || job.client === filter.client) &&
    (filter.phase === undefined || job.phase === filter.phase)
  );
}

function newestFirst(a: JobRecord, b: JobRecord): number {
  return b.openedAt_ms - a.openedAt_ms || (a.id < b.id ? 1 : -1);
}

describe('findJobByPrefix', () => {
  test('finds the one job whose id begins so, over the primary key, and none where two do', async () => {
    const d1 = nodeD1();
    const id = (start: string, rest: string) => start.padEnd(64, rest);
    const ids = [id('00aa00aa00aa00aa', '1'), id('00aa00aa00aa00ab', 'f'), id('00aa00aa00aa00ac', '0')];
    await upsertJobs(
      d1.db,
      [...ids, id('00aa00aa00aa00ac', '1')].map((one, n) => jobRecord(n, { id: one })),
    );
    expect((await findJobByPrefix(d1.db, '00aa00aa00aa00aa'))?.id).toBe(ids[0]);
    expect((await findJobByPrefix(d1.db, '00aa00aa00aa00ab'))?.id).toBe(ids[1]);
    expect(await findJobByPrefix(d1.db, '00aa00aa00aa00ac')).toBeUndefined();
    expect(await findJobByPrefix(d1.db, '00aa00aa00aa00ad')).toBeUndefined();
    expect(await findJobByPrefix(d1.db, '00aa00aa00aa00a9')).toBeUndefined();
    expect(d1.plan(d1.statements.at(-1) ?? '').join()).toMatch(
      /^SEARCH jobs USING PRIMARY KEY \(id>\? AND id<\?\)$/,
    );
  });
});
