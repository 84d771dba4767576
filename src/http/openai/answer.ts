/** A job's end as an answer of `chat.completion`, or as the failure that the caller is told. */
import type { HeardNews, JobNews } from '../../door/news.ts';
import type { NewsReader } from '../../door/reader.ts';
import { JobError, type JobFailure } from '../../errors.ts';
import { DOOR_WAIT_MS } from '../../limits.ts';
import type { RecordedPhase } from '../../store/job-record.ts';

export type Result = Extract<JobNews, { type: 'result' }>;

/**
 * Reads on to the result.
 *
 * @param first what was read already
 * @throws JobError what the job ended with; TIMEOUT when that takes too long: the job goes on
 */
export async function resultOf(
  first: HeardNews | 'silent',
  reader: NewsReader,
  jobId: string,
): Promise<Result> {
  for (let news: HeardNews | 'silent' | null = first; ; ) {
    if (news !== 'silent') {
      if (news === null) throw new JobError('SERVICE_UNAVAILABLE', 'the request was given up');
      if (news.type === 'result') return news;
      if (news.type === 'error') throw errorOf(news.failure);
      if (news.type === 'over') throw endedSilently(news.phase);
    }
    news = await reader.next(DOOR_WAIT_MS);
    if (news === 'silent') throw tookTooLong(jobId);
  }
}

export function errorOf({ code, message, details }: JobFailure): JobError {
  return new JobError(code, message, details);
}

export function endedSilently(phase: RecordedPhase): JobError {
  if (phase === 'delivered')
    return new JobError('NOT_FOUND', 'the answer of this job is not kept any more', {
      reason: 'answer_gone',
    });
  return phase === 'expired'
    ? new JobError('TIMEOUT', 'the job was not paid in time, and has lapsed')
    : new JobError('SERVICE_UNAVAILABLE', 'the job was called off', { reason: 'cancelled' });
}

function tookTooLong(jobId: string): JobError {
  return new JobError(
    'TIMEOUT',
    'the job takes longer than a request waits. It goes on: ask again with the same Idempotency-Key, or follow it',
    { job_id: jobId },
  );
}
