/** When an attempt of a job's work is ordered, and when no more is. */
import type { JobFailure } from '../errors.ts';
import { QUEUE_LEASE_MS, STEP_MAX_ATTEMPTS } from '../limits.ts';
import { close } from './endings.ts';
import { change } from './progress.ts';
import type { Job, Transition } from './types.ts';

/** Orders the next attempt. A new number, so that news of the old one moves nothing any more. */
export function order(job: Job, now_ms: number): Transition {
  const attempt = job.attempt + 1;
  return {
    job: change(job, { phase: 'queued', attempt, leaseUntil_ms: now_ms + QUEUE_LEASE_MS }),
    effects: [{ type: 'run', attempt }, { type: 'project' }],
  };
}

/** The order may have been lost on its way. The same number again: beginning it twice is refused. */
export function reorder(job: Job, now_ms: number): Transition {
  return {
    job: change(job, { leaseUntil_ms: now_ms + QUEUE_LEASE_MS }),
    effects: [{ type: 'run', attempt: job.attempt }],
  };
}

export function tryAgain(job: Job, failure: JobFailure, now_ms: number): Transition {
  // An answer that was refused is no failure of the step.
  return job.attempt - job.refused.length >= STEP_MAX_ATTEMPTS
    ? close(job, 'failed', failure, now_ms)
    : order(job, now_ms);
}
