/**
 * What a job waits for before it starts, as keys: `job:<id>` is another job's result (NIP-90 job chaining),
 * `turn:<id>` is the end of an earlier job of the same conversation, which has to be history by then.
 */
import type { JobBody } from '../protocol/model.ts';
import type { Live } from './live.ts';
import { isFinal, MONEY } from './types.ts';

/** @param session the conversation, or null for a single job, which waits for no turn */
export function prerequisites(body: JobBody, session: string | null, lives: Iterable<Live>): string[] {
  const keys = body.inputs.filter((input) => input.type === 'job').map((input) => `job:${input.value}`);
  if (session !== null) {
    for (const live of lives) if (!isFinal(live.record.job.phase)) keys.push(`turn:${live.record.job.id}`);
  }
  return [...new Set(keys)];
}

/**
 * The turns a job waits for that are over. One that nobody has paid for keeps back no job whose money is there: it may
 * never be paid, and until its invoice expires its client would wait for what it did pay.
 */
export function turnsOver(live: Live, lives: ReadonlyMap<string, Live>): string[] {
  return live.record.job.waitingFor.filter((key) => {
    if (!key.startsWith('turn:')) return false;
    const earlier = lives.get(key.slice('turn:'.length));
    if (earlier === undefined || isFinal(earlier.record.job.phase)) return true;
    return isUnpaid(earlier) && !isUnpaid(live);
  });
}

function isUnpaid({ record: { job } }: Live): boolean {
  return job.phase === 'waiting' && job.waitingFor.includes(MONEY);
}

/** The jobs whose results a job waits for. */
export function chainedJobs(live: Live): string[] {
  return live.record.job.waitingFor
    .filter((key) => key.startsWith('job:'))
    .map((key) => key.slice('job:'.length));
}
