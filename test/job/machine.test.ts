/**
 * Goal: DESIGN §4's invariants of a job (those without money) hold whatever happens in whatever order.
 * Method: fast-check draws schedules of inputs, among them duplicates, news of old attempts and jumps of time, and
 * every step of every schedule is checked. Does not prove: that the session feeds the machine what really happened
 * (test/job/session.test.ts does).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, begunHere, nextTick, type Opening, openJob, rejectJob } from '../../src/job/machine.ts';
import { isFinal, JOB_PHASES, type Job, type JobEffect, type JobInput } from '../../src/job/types.ts';
import { JOB_PROGRESS_INTERVAL_MS, STEP_LEASE_MS, STEP_MAX_ATTEMPTS } from '../../src/limits.ts';
import type { JobOutput } from '../../src/protocol/model.ts';

const output: JobOutput = {
  content: 'done',
  finishReason: 'stop',
  model: 'm',
  usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
};
const cost = { input_tokens: 3, output_tokens: 4, price_msats: 0, breakdown: [] };
const WRONG = {
  code: 'wrong',
  passed: false,
  score: 0,
  detail: 'no',
  answer: 'a',
  receipts: [],
  ms: 1,
} as const;
const PASSED = { ...WRONG, code: 'passed', passed: true, score: 1, detail: '' } as const;
const failure = { code: 'MODEL_ERROR', message: 'busy' } as const;
const opening: Opening = { id: 'a'.repeat(64), startBy_ms: null, timeLimit_ms: 60_000, waitingFor: [] };

const attempts = fc.integer({ min: 0, max: STEP_MAX_ATTEMPTS + 1 });
const inputs: fc.Arbitrary<JobInput> = fc.oneof(
  fc.constantFrom('x', 'y', 'z').map((key): JobInput => ({ type: 'ready', key })),
  fc.constant<JobInput>({ type: 'unready', failure }),
  attempts.map((attempt): JobInput => ({ type: 'begun', attempt })),
  fc.tuple(attempts, fc.boolean(), fc.nat(9)).map(
    ([attempt, news, done]): JobInput => ({
      type: 'alive',
      attempt,
      news: news ? { type: 'progress', done, total: 9, note: 'n' } : null,
    }),
  ),
  fc
    .tuple(attempts, fc.boolean(), fc.boolean())
    .map(
      ([attempt, prove, checkout]): JobInput => ({ type: 'output', attempt, output, cost, prove, checkout }),
    ),
  fc.boolean().map((checkout): JobInput => ({ type: 'proved', proof: PASSED, checkout })),
  fc
    .constantFrom('answer' as const, 'agent' as const, 'end' as const)
    .map((next): JobInput => ({ type: 'disproved', proof: WRONG, next })),
  fc.constantFrom<JobInput>(
    { type: 'cleared', demand: null },
    { type: 'defunded', failure },
    { type: 'sameAs', output, cost },
  ),
  fc
    .tuple(attempts, fc.boolean())
    .map(([attempt, retry]): JobInput => ({ type: 'stepFailed', attempt, failure, retry })),
  fc.constantFrom<JobInput>(
    { type: 'lost' },
    { type: 'lapse' },
    { type: 'cancel' },
    { type: 'tick' },
    { type: 'tick' },
  ),
);
const openings: fc.Arbitrary<Opening> = fc.record({
  id: fc.constant('a'.repeat(64)),
  startBy_ms: fc.option(fc.integer({ min: 0, max: 200_000 })),
  timeLimit_ms: fc.integer({ min: 1, max: 100_000 }),
  waitingFor: fc.subarray(['x', 'y']),
});
const schedules = fc.tuple(openings, fc.array(fc.tuple(inputs, fc.nat(30_000)), { maxLength: 60 }));

/** Runs a schedule; every state and every effect, in order. */
function play([start, steps]: readonly [Opening, readonly (readonly [JobInput, number])[]]) {
  let now = 1_000;
  let { job, effects } = openJob(start, now);
  const states: Job[] = [job];
  const done: JobEffect[] = [...effects];
  for (const [input, later] of steps) {
    now += later;
    ({ job, effects } = advance(job, input, now));
    states.push(job);
    done.push(...effects);
  }
  return { states, done, now };
}

/** The client's last word of this job, or, where another agent may try, the handing on to one who will say it. */
const terminal = (effects: readonly JobEffect[]) =>
  effects.filter((e) => e.type === 'passOn' || (e.type === 'report' && e.key === 'result'));

describe('a job machine', () => {
  test('ends a job at most once, with exactly one result or error, and none when the client called it off', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const { states, done } = play(schedule);
        const last = states.at(-1);
        const ends = new Set(states.map((job) => job.phase).filter(isFinal));
        expect(ends.size).toBeLessThanOrEqual(1);
        const finalAt = states.findIndex((job) => isFinal(job.phase));
        if (finalAt >= 0) for (const job of states.slice(finalAt)) expect(job).toBe(states[finalAt]);
        const expected =
          last === undefined ||
          !isFinal(last.phase) ||
          last.phase === 'cancelled' ||
          last.failure?.code === 'PAYMENT_REQUIRED'
            ? 0
            : 1;
        expect(terminal(done)).toHaveLength(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test('ends every job when time passes and nobody does anything', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const played = play(schedule);
        let job = played.states.at(-1);
        let now = played.now;
        for (let i = 0; job !== undefined && !isFinal(job.phase); i++) {
          expect(i).toBeLessThan(500);
          const at = nextTick(job);
          if (at === null) throw new Error('an open job asks for no tick');
          now = Math.max(now + 1, at);
          job = advance(job, { type: 'tick' }, now).job;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('never begins more attempts than allowed, and numbers them one by one', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const { done, states } = play(schedule);
        const runs = done.flatMap((effect) => (effect.type === 'run' ? [effect.attempt] : []));
        // An answer that its check refused is no failed attempt.
        const allowed = STEP_MAX_ATTEMPTS + (states.at(-1)?.refused.length ?? 0);
        for (const [i, attempt] of runs.entries()) {
          expect(attempt).toBeLessThanOrEqual(allowed);
          const before = runs[i - 1] ?? 0;
          expect(attempt === before || attempt === before + 1).toBe(true);
        }
      }),
    );
  });

  test('takes nothing from an attempt that was superseded', () => {
    fc.assert(
      fc.property(schedules, inputs, (schedule, input) => {
        const { states, now } = play(schedule);
        const job = states.at(-1);
        if (job === undefined || !('attempt' in input) || input.attempt === job.attempt) return;
        expect(advance(job, input, now).job).toBe(job);
      }),
    );
  });

  test('delivers nothing that is being judged before it has passed, and says so with it', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const { states, done } = play(schedule);
        for (const [i, job] of states.entries()) {
          if (states[i - 1]?.phase !== 'proving' || job.phase === 'proving') continue;
          const passed = job.proof?.passed === true && states[i - 1]?.proof !== job.proof;
          if (job.phase === 'delivered' || job.phase === 'checkout') expect(passed).toBe(true);
          if (passed) expect(['delivered', 'checkout']).toContain(job.phase);
        }
        const proved = states.at(-1)?.phase === 'delivered' && states.at(-1)?.proof?.passed === true;
        const [end] = terminal(done);
        if (!proved || end?.type !== 'report' || end.report.type !== 'result') return;
        expect(end.report.output.verified?.passed).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not run before what it waits for is there', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        for (const job of play(schedule).states) {
          const ran = job.phase === 'queued' || job.phase === 'running' || job.phase === 'checkout';
          if (ran || (job.phase === 'delivered' && job.attempt > 0)) expect(job.waitingFor).toEqual([]);
          // Only what was answered with another job's answer did not run at all.
          if (job.phase === 'checkout') expect(job.attempt).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('counts every change in the revision, and returns the same object when nothing changed', () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const { states } = play(schedule);
        for (const [i, job] of states.entries()) {
          const before = states[i - 1];
          if (before !== undefined && before !== job) expect(job.revision).toBeGreaterThan(before.revision);
        }
      }),
    );
  });

  test('reports durable progress at most once a second, and the first and the last in any case', () => {
    let { job } = openJob(opening, 0);
    ({ job } = advance(job, { type: 'begun', attempt: 1 }, 0));
    const reported: unknown[] = [];
    const tell = (done: number, at: number) => {
      const next = advance(
        job,
        { type: 'alive', attempt: 1, news: { type: 'progress', done, total: 9, note: '' } },
        at,
      );
      job = next.job;
      for (const effect of next.effects) if (effect.type === 'report') reported.push([at, effect.report]);
    };
    for (let i = 0; i < 30; i++) tell(i, i * 100);
    expect(reported.map((item) => (Array.isArray(item) ? item[0] : null))).toEqual([0, 1_000, 2_000]);
    expect(nextTick(job)).toBe(2_000 + JOB_PROGRESS_INTERVAL_MS);
    const end = advance(
      job,
      { type: 'output', attempt: 1, output, cost, prove: false, checkout: false },
      2_950,
    );
    expect(end.effects[0]).toMatchObject({ type: 'report', report: { type: 'progress', done: 29 } });
  });

  test('begins a silent step again when its lease is over, and gives up after the last attempt', () => {
    let { job } = openJob({ ...opening, timeLimit_ms: 10_000_000 }, 0);
    let now = 0;
    for (let attempt = 1; attempt <= STEP_MAX_ATTEMPTS; attempt++) {
      ({ job } = advance(job, { type: 'begun', attempt }, now));
      expect(job).toMatchObject({ phase: 'running', attempt });
      now += STEP_LEASE_MS;
      ({ job } = advance(job, { type: 'tick' }, now));
    }
    expect(job).toMatchObject({ phase: 'failed', failure: { code: 'AGENT_ERROR' } });
  });

  test('ends as TIMEOUT what was not started by its expiration', () => {
    expect(openJob({ ...opening, startBy_ms: 5 }, 5).job).toMatchObject({
      phase: 'expired',
      failure: { code: 'TIMEOUT' },
    });
    const queued = openJob({ ...opening, startBy_ms: 1_000 }, 5).job;
    expect(advance(queued, { type: 'begun', attempt: 1 }, 1_000).job.phase).toBe('expired');
    const started = advance(queued, { type: 'begun', attempt: 1 }, 999).job;
    expect(advance(started, { type: 'tick' }, 1_000).job.phase).toBe('running');
  });

  test('refuses with the error and a record, and never runs', () => {
    const { job, effects } = rejectJob(opening, { code: 'BAD_REQUEST', message: 'no' }, 7);
    expect(job).toMatchObject({ phase: 'rejected', closedAt_ms: 7 });
    expect(effects.map((effect) => effect.type)).toEqual(['stop', 'report', 'project']);
    for (const phase of JOB_PHASES)
      if (isFinal(phase)) expect(advance({ ...job, phase }, { type: 'tick' }, 9).effects).toEqual([]);
  });
});

describe('work done where it is ordered', () => {
  const waiting = { ...opening, startBy_ms: 5_000, waitingFor: ['money'] };
  const orderedAt = (now_ms: number) => {
    const { job } = openJob(waiting, 0);
    return begunHere(advance(job, { type: 'ready', key: 'money' }, now_ms), now_ms);
  };

  test('begins as it is ordered', () => {
    const { job, effects } = orderedAt(4_999);
    expect(job.phase).toBe('running');
    expect(effects).toContainEqual({ type: 'run', attempt: 1 });
  });

  test('is not ordered once the time to begin is over, and its client is told', () => {
    const { job, effects } = orderedAt(5_000);
    expect(job.phase).toBe('expired');
    expect(effects.filter(({ type }) => type === 'run')).toEqual([]);
    expect(terminal(effects)).toHaveLength(1);
  });
});
