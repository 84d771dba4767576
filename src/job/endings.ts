/**
 * How a job ends, as transitions of the machine (machine.ts): with its result, with an error, or without a word. Each
 * leaves a final phase, holds nothing back any more, and is recorded.
 */
import type { JobFailure } from '../errors.ts';
import type { PaymentDemand, VerifiedMark } from '../protocol/model.ts';
import { change, lastNews } from './progress.ts';
import {
  AGAIN,
  type Done,
  type FinalPhase,
  type Job,
  type JobInput,
  MONEY,
  type Transition,
} from './types.ts';

export function cleared(job: Job, input: JobInput<'cleared'>, now_ms: number): Transition | null {
  return job.done === null ? null : deliver(job, job.done, input.demand, now_ms);
}

export function sameAs(job: Job, { output: made, cost }: JobInput<'sameAs'>, now_ms: number): Transition {
  return deliver(job, { output: made, cost }, null, now_ms);
}

export function deliver(
  job: Job,
  { output: made, cost }: Done,
  demand: PaymentDemand | null,
  now_ms: number,
): Transition {
  return {
    job: change(job, {
      phase: 'delivered',
      closedAt_ms: now_ms,
      leaseUntil_ms: null,
      held: null,
      done: null,
    }),
    effects: [
      ...lastNews(job),
      { type: 'report', key: 'result', report: { type: 'result', output: made, cost, demand } },
      { type: 'remember', output: made },
      { type: 'project' },
    ],
  };
}

export function cancel(job: Job, _: JobInput<'cancel'>, now_ms: number): Transition {
  // The client asked for silence: it gets no result and no error, and whoever works is told to stop.
  return {
    job: change(job, {
      phase: 'cancelled',
      closedAt_ms: now_ms,
      leaseUntil_ms: null,
      held: null,
      done: null,
    }),
    effects: [{ type: 'stop' }, { type: 'project' }],
  };
}

/** Called off while it ran: silence as above, and what was done until then is charged. */
export function calledOff(job: Job, { cost }: JobInput<'calledOff'>, now_ms: number): Transition {
  const { job: ended, effects } = cancel(job, { type: 'cancel' }, now_ms);
  return { job: ended, effects: [{ type: 'charge', cost }, ...effects] };
}

export function lapse(job: Job, _: JobInput<'lapse'>, now_ms: number): Transition | null {
  // Paid in another way, it may still wait for something else.
  if (!job.waitingFor.some((key) => key === MONEY || key.startsWith(AGAIN))) return null;
  const failure: JobFailure = { code: 'PAYMENT_REQUIRED', message: 'The job was not paid in time' };
  return {
    job: change(job, { phase: 'expired', closedAt_ms: now_ms, leaseUntil_ms: null, held: null, failure }),
    effects: [{ type: 'project' }],
  };
}

export function expire(job: Job, now_ms: number): Transition {
  return close(
    job,
    'expired',
    { code: 'TIMEOUT', message: 'The request expired before the job could start' },
    now_ms,
  );
}

/** @param verified what the check said, where it was the check that ended it */
export function close(
  job: Job,
  phase: FinalPhase,
  failure: JobFailure,
  now_ms: number,
  verified?: VerifiedMark,
): Transition {
  return {
    job: change(job, { phase, closedAt_ms: now_ms, leaseUntil_ms: null, held: null, done: null, failure }),
    effects: [
      ...lastNews(job),
      { type: 'stop' },
      { type: 'report', key: 'result', report: { type: 'error', failure, ...(verified && { verified }) } },
      { type: 'project' },
    ],
  };
}
