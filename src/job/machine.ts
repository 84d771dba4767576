/**
 * The job machine: a pure function from (job, input, time) to (job, effects), with its transition table.
 *
 * A pair that is not in the table changes nothing, so duplicates, reorderings and late news are harmless.
 * Invariants (test/job/machine.test.ts): a job ends once; exactly one result or error report leaves it, and none
 * when the client called it off; news of an attempt that was superseded moves nothing.
 */
import type { JobFailure } from '../errors.ts';
import {
  JOB_CHECKOUT_PATIENCE_MS,
  JOB_PROGRESS_INTERVAL_MS,
  JOB_START_PATIENCE_MS,
  STEP_LEASE_MS,
} from '../limits.ts';
import { calledOff, cancel, cleared, close, expire, lapse, sameAs } from './endings.ts';
import { order, reorder, tryAgain } from './orders.ts';
import { change, lastNews, tell } from './progress.ts';
import {
  CHECK,
  isFinal,
  type Job,
  type JobEffect,
  type JobInput,
  type JobInputType,
  type JobPhase,
  MONEY,
  type Transition,
} from './types.ts';
import { disproved, handIn, proved } from './verdicts.ts';

export interface Opening {
  readonly id: string;
  readonly startBy_ms: number | null;
  readonly timeLimit_ms: number | null;
  readonly waitingFor: readonly string[];
}

/** Takes a request on, and has its step done at once when there is nothing to wait for. */
export function openJob(opening: Opening, now_ms: number): Transition {
  const job: Job = { ...blank(opening, now_ms), phase: 'waiting' };
  if (opening.startBy_ms !== null && opening.startBy_ms <= now_ms) return expire(job, now_ms);
  const accepted = acceptance(openingNote(opening));
  // An unpaid job is not accepted yet; what its client is told is the demand for payment.
  if (opening.waitingFor.includes(MONEY)) return { job, effects: [{ type: 'project' }] };
  if (opening.waitingFor.length > 0) return { job, effects: [accepted, { type: 'project' }] };
  const ordered = order(job, now_ms);
  return { job: ordered.job, effects: [accepted, ...ordered.effects] };
}

function openingNote({ waitingFor }: Opening): string {
  if (waitingFor.includes(CHECK)) return 'accepted, its check is being tried out';
  return waitingFor.length > 0 ? 'accepted, waiting for its inputs' : 'accepted';
}

/** A request that is refused as it comes: it gets its error and its record, and never starts. */
export function rejectJob(opening: Opening, failure: JobFailure, now_ms: number): Transition {
  return close(blank(opening, now_ms), 'rejected', failure, now_ms);
}

/** The next state and what it wants done. An input that does not fit the state returns the very same job. */
export function advance<T extends JobInputType>(job: Job, input: JobInput<T>, now_ms: number): Transition {
  const handler: Row[T] = TABLE[job.phase][input.type];
  return handler?.(job, input, now_ms) ?? { job, effects: [] };
}

/**
 * A job whose first attempt was done before it was stored: everything that would have been told one after the other,
 * at once; or, where money comes first, a job at its checkout.
 *
 * @param opened what {@link openJob} said: queued, its first attempt ordered
 * @param ending the attempt's `output` or `stepFailed`
 */
export function openDone(
  opened: Transition,
  ending: JobInput<'output' | 'stepFailed'>,
  now_ms: number,
): Transition {
  const begun = advance(opened.job, { type: 'begun', attempt: ending.attempt }, now_ms);
  const ended = advance(begun.job, ending, now_ms);
  const effects = opened.effects.filter((effect) => effect.type !== 'run');
  return { job: ended.job, effects: [...effects, ...begun.effects, ...ended.effects] };
}

/**
 * Work that is done where it is ordered begins as it is ordered: one stored step instead of two. Where the time to begin
 * is over by then, nothing is ordered, and the client is told so.
 */
export function begunHere(ordered: Transition, now_ms: number): Transition {
  const run = ordered.effects.find((effect) => effect.type === 'run');
  if (run === undefined) return ordered;
  const { job, effects } = advance(ordered.job, { type: 'begun', attempt: run.attempt }, now_ms);
  if (job.phase === 'running') return { job, effects: ordered.effects };
  return { job, effects: [...ordered.effects.filter((effect) => effect !== run), ...effects] };
}

/** When the job next wants a `tick`, Unix ms; null when nothing will change by time alone. */
export function nextTick(job: Job): number | null {
  if (isFinal(job.phase)) return null;
  const times = [
    job.startedAt_ms === null ? job.startBy_ms : null,
    job.leaseUntil_ms,
    deadline(job),
    job.held === null || job.reportedAt_ms === null ? null : job.reportedAt_ms + JOB_PROGRESS_INTERVAL_MS,
  ]
    .filter((time) => time !== null)
    .filter(Number.isFinite);
  return times.length === 0 ? null : Math.min(...times);
}

type Handler<T extends JobInputType> = (job: Job, input: JobInput<T>, now_ms: number) => Transition | null;
type Row = { readonly [T in JobInputType]?: Handler<T> };

const ended: Row = {};

/** Which input means something in which phase. What is absent is a no-op. */
const TABLE: { readonly [P in JobPhase]: Row } = {
  waiting: { ready, unready, lapse, defunded: unready, sameAs, cancel, tick: tickWaiting },
  queued: {
    begun,
    stepFailed,
    cancel,
    defunded: unready,
    lost: (job, _, now) => reorder(job, now),
    tick: tickQueued,
  },
  running: {
    alive,
    output,
    stepFailed,
    cancel,
    calledOff,
    defunded: unready,
    lost: (job, _, now) => tryAgain(job, LOST, now),
    tick: tickRunning,
  },
  proving: { proved, disproved, unready, defunded: unready, cancel, tick: tickProving },
  checkout: { cleared, defunded: unready, cancel, tick: tickCheckout },
  delivered: ended,
  rejected: ended,
  expired: ended,
  cancelled: ended,
  failed: ended,
};

const LOST: JobFailure = { code: 'AGENT_ERROR', message: 'The agent stopped working on this job' };

function blank(opening: Opening, now_ms: number): Job {
  return {
    ...opening,
    phase: 'waiting',
    revision: 1,
    openedAt_ms: now_ms,
    startedAt_ms: null,
    closedAt_ms: null,
    attempt: 0,
    leaseUntil_ms: null,
    reportedAt_ms: null,
    held: null,
    failure: null,
    done: null,
    doneAt_ms: null,
    refused: [],
    proof: null,
  };
}

function acceptance(note: string): JobEffect {
  return { type: 'report', key: 'processing', report: { type: 'processing', note } };
}

function ready(job: Job, input: JobInput<'ready'>, now_ms: number): Transition | null {
  if (!job.waitingFor.includes(input.key)) return null;
  const waitingFor = job.waitingFor.filter((key) => key !== input.key);
  const next = change(job, { waitingFor });
  const told = input.key === MONEY ? [acceptance('paid')] : [];
  if (waitingFor.length > 0) return { job: next, effects: told };
  const ordered = order(next, now_ms);
  return { job: ordered.job, effects: [...told, ...ordered.effects] };
}

function unready(job: Job, input: JobInput<'unready' | 'defunded'>, now_ms: number): Transition {
  return close(job, 'failed', input.failure, now_ms);
}

function begun(job: Job, input: JobInput<'begun'>, now_ms: number): Transition | null {
  if (input.attempt !== job.attempt) return null;
  if (job.startedAt_ms === null && job.startBy_ms !== null && job.startBy_ms <= now_ms)
    return expire(job, now_ms);
  const startedAt_ms = job.startedAt_ms ?? now_ms;
  return {
    job: change(job, { phase: 'running', startedAt_ms, leaseUntil_ms: leaseOf(job, now_ms) }),
    effects: [],
  };
}

function alive(job: Job, input: JobInput<'alive'>, now_ms: number): Transition | null {
  if (input.attempt !== job.attempt) return null;
  const renewed = change(job, { leaseUntil_ms: leaseOf(job, now_ms) });
  return input.news === null ? { job: renewed, effects: [] } : tell(renewed, input.news, now_ms);
}

function leaseOf({ timeLimit_ms }: Job, now_ms: number): number | null {
  return timeLimit_ms === null ? null : now_ms + STEP_LEASE_MS;
}

function output(job: Job, input: JobInput<'output'>, now_ms: number): Transition | null {
  if (input.attempt !== job.attempt) return null;
  const { output: made, cost } = input;
  const done = { output: made, cost };
  if (!input.prove) return handIn(job, done, input.checkout, now_ms);
  return {
    job: change(job, { phase: 'proving', done, doneAt_ms: now_ms, leaseUntil_ms: null, held: null }),
    effects: lastNews(job),
  };
}

function stepFailed(job: Job, input: JobInput<'stepFailed'>, now_ms: number): Transition | null {
  if (input.attempt !== job.attempt) return null;
  return input.retry ? tryAgain(job, input.failure, now_ms) : close(job, 'failed', input.failure, now_ms);
}

function tickWaiting(job: Job, _: JobInput<'tick'>, now_ms: number): Transition | null {
  if (job.startBy_ms !== null && job.startBy_ms <= now_ms) return expire(job, now_ms);
  if (deadline(job) > now_ms) return null;
  return close(
    job,
    'failed',
    { code: 'TIMEOUT', message: 'What this job waits for did not come in time' },
    now_ms,
  );
}

function tickQueued(job: Job, _: JobInput<'tick'>, now_ms: number): Transition | null {
  if (job.startedAt_ms === null && job.startBy_ms !== null && job.startBy_ms <= now_ms)
    return expire(job, now_ms);
  if (deadline(job) <= now_ms) return close(job, 'failed', overTime(job), now_ms);
  return job.leaseUntil_ms !== null && job.leaseUntil_ms <= now_ms ? reorder(job, now_ms) : null;
}

function tickRunning(job: Job, _: JobInput<'tick'>, now_ms: number): Transition | null {
  if (deadline(job) <= now_ms) return close(job, 'failed', overTime(job), now_ms);
  if (job.leaseUntil_ms !== null && job.leaseUntil_ms <= now_ms) return tryAgain(job, LOST, now_ms);
  const due = job.held !== null && now_ms >= (job.reportedAt_ms ?? 0) + JOB_PROGRESS_INTERVAL_MS;
  return due && job.held !== null ? tell(change(job, { held: null }), job.held, now_ms) : null;
}

/** The sandbox may be away for a while; but nobody waits for it for ever, and without a proof there is no result. */
function tickProving(job: Job, _: JobInput<'tick'>, now_ms: number): Transition | null {
  if (deadline(job) > now_ms) return null;
  const message = 'The sandbox did not answer, so the answer to this job could not be checked';
  return close(job, 'failed', { code: 'SERVICE_UNAVAILABLE', message }, now_ms);
}

/** The wallet decides what becomes of the money; but nobody waits for it for ever. */
function tickCheckout(job: Job, _: JobInput<'tick'>, now_ms: number): Transition | null {
  if (deadline(job) > now_ms) return null;
  const message = 'The wallet did not answer, so this job could not be charged';
  return close(job, 'failed', { code: 'SERVICE_UNAVAILABLE', message }, now_ms);
}

function overTime(job: Job): JobFailure {
  return {
    code: 'TIMEOUT',
    message: 'The agent did not finish within its time limit',
    details: { limit_ms: job.timeLimit_ms },
  };
}

/** Unix ms at which a job is given up: its own time limit once it started (if any), the marketplace's patience before. */
function deadline(job: Job): number {
  if (job.doneAt_ms !== null) return job.doneAt_ms + JOB_CHECKOUT_PATIENCE_MS;
  if (job.startedAt_ms === null) return job.openedAt_ms + JOB_START_PATIENCE_MS;
  return job.timeLimit_ms === null ? Number.POSITIVE_INFINITY : job.startedAt_ms + job.timeLimit_ms;
}
