/** Durable progress of a job: throttled, and never behind its end. */
import { JOB_PROGRESS_INTERVAL_MS } from '../limits.ts';
import type { Report } from '../protocol/model.ts';
import type { Job, JobEffect, Transition } from './types.ts';

/** Throttles durable progress: at once when the interval is over, else held so that the last one is always sent. */
export function tell(job: Job, report: Report, now_ms: number): Transition {
  if (job.reportedAt_ms !== null && now_ms < job.reportedAt_ms + JOB_PROGRESS_INTERVAL_MS) {
    return { job: change(job, { held: report }), effects: [] };
  }
  const next = change(job, { held: null, reportedAt_ms: now_ms });
  return { job: next, effects: [{ type: 'report', key: `progress:${next.revision}`, report }] };
}

// Held progress counts goes out before the end; a held partial is already contained in the result.
export function lastNews(job: Job): JobEffect[] {
  return job.held?.type === 'progress'
    ? [{ type: 'report', key: `progress:${job.revision}`, report: job.held }]
    : [];
}

/** A changed job is a newer one. */
export function change(job: Job, changes: Partial<Job>): Job {
  return { ...job, ...changes, revision: job.revision + 1 };
}
