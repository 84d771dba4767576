/** Following one job: every door reads this one stream of news, and makes of it what its callers expect. */
import { JobError } from '../errors.ts';
import { isFinal } from '../job/types.ts';
import { DOOR_LOOK_MS, DOOR_MAX_RESUMES, DOOR_RESUME_MS } from '../limits.ts';
import type { JobRecord } from '../store/job-record.ts';
import { JobEventReader, type StreamedEvent } from './events.ts';
import { type HeardNews, isLast, newsOf } from './news.ts';
import type { DoorPorts } from './ports.ts';
import type { Purse } from './purse.ts';

export interface FollowOptions {
  /** Only what was stored after it; 0 for everything. */
  readonly cursor?: number;
  /** Ends the following, and not the job. */
  readonly signal?: AbortSignal;
  /** A stream of the job that was opened before it was posted, so that no delta is missed. */
  readonly stream?: ReadableStream<Uint8Array>;
}

/**
 * News of a job, until its end: the last one is a `result`, an `error` or `over`. When `signal` aborts it ends without one.
 * Streams that break off are opened again where they stood, and a job that ends without a word is found by looking.
 *
 * @throws JobError SERVICE_UNAVAILABLE when the stream cannot be kept open; the job goes on all the same
 */
export async function* followJob(
  ports: DoorPorts,
  purse: Purse,
  jobId: string,
  { cursor = 0, signal, stream: opened }: FollowOptions = {},
): AsyncGenerator<HeardNews, void> {
  let at = cursor;
  let stream = opened;
  for (let breaks = 0; breaks <= DOOR_MAX_RESUMES; breaks++) {
    const reader = new JobEventReader(stream ?? (await ports.jobEvents(jobId, at, true)));
    stream = undefined;
    try {
      for (;;) {
        const next = await soonest(ports, reader, signal);
        if (next === 'aborted') return;
        if (next === 'quiet') {
          const record = await ports.job(jobId);
          if (record !== undefined && isFinal(record.phase))
            return yield* whatIsLeft(ports, purse, jobId, at);
          continue;
        }
        if (next === null) break;
        breaks = 0;
        at = next.cursor ?? at;
        const news = heard(ports, purse, next);
        if (news === null) continue;
        yield news;
        if (isLast(news)) return;
      }
    } catch (error) {
      if (error instanceof JobError) throw error;
      ports.log('the stream of a followed job broke off', error);
    } finally {
      await reader.cancel();
    }
    if (signal?.aborted === true) return;
    const record = await ports.job(jobId);
    if (record !== undefined && isFinal(record.phase)) return yield* whatIsLeft(ports, purse, jobId, at);
    await new Promise<void>((resolve) => {
      ports.after(DOOR_RESUME_MS, resolve);
    });
  }
  throw new JobError('SERVICE_UNAVAILABLE', 'the job cannot be followed at the moment; it goes on', {
    job_id: jobId,
    retry_after_s: 5,
  });
}

/** Everything a job has said so far, and its end where it ended without a word. */
export async function* soFar(
  ports: DoorPorts,
  purse: Purse,
  { id, phase }: Pick<JobRecord, 'id' | 'phase'>,
): AsyncGenerator<HeardNews, void> {
  if (isFinal(phase)) return yield* whatIsLeft(ports, purse, id, 0);
  yield* stored(ports, purse, id, 0);
}

/** Everything stored of a job that has ended; where its end is not among it, it ended without a word. */
async function* whatIsLeft(
  ports: DoorPorts,
  purse: Purse,
  jobId: string,
  cursor: number,
): AsyncGenerator<HeardNews, void> {
  for await (const news of stored(ports, purse, jobId, cursor)) {
    yield news;
    if (isLast(news)) return;
  }
  const phase = (await ports.job(jobId))?.phase ?? 'cancelled';
  yield { type: 'over', phase, event: null, cursor: null };
}

/** What the relay has of a job. */
async function* stored(
  ports: DoorPorts,
  purse: Purse,
  jobId: string,
  cursor: number,
): AsyncGenerator<HeardNews, void> {
  const reader = new JobEventReader(await ports.jobEvents(jobId, cursor, false));
  try {
    for (let next = await reader.next(); next !== null; next = await reader.next()) {
      const news = heard(ports, purse, next);
      if (news !== null) yield news;
    }
  } finally {
    await reader.cancel();
  }
}

function heard({ kinds }: DoorPorts, { keys }: Purse, { event, cursor }: StreamedEvent): HeardNews | null {
  const news = newsOf(event, keys, kinds);
  return news === null ? null : { ...news, event, cursor };
}

async function soonest(
  ports: DoorPorts,
  reader: JobEventReader,
  signal: AbortSignal | undefined,
): Promise<StreamedEvent | null | 'quiet' | 'aborted'> {
  if (signal?.aborted === true) return 'aborted';
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = () => aborted.resolve('aborted');
  signal?.addEventListener('abort', onAbort);
  const quiet = Promise.withResolvers<'quiet'>();
  const cancel = ports.after(DOOR_LOOK_MS, () => quiet.resolve('quiet'));
  try {
    return await Promise.race([reader.next(), quiet.promise, aborted.promise]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
