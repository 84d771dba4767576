/** Job chaining (NIP-90): a job that has the result of another as its input. */
import type { Live } from './live.ts';
import type { SessionPorts } from './ports.ts';
import type { JobInput } from './types.ts';
import { chainedJobs } from './waiting.ts';

/** Looks whether the jobs whose results this one waits for have them, and tells the machine. */
export async function pollChained(
  ports: Pick<SessionPorts, 'chained' | 'log'>,
  live: Live,
  tell: (input: JobInput<'ready' | 'unready'>) => void,
): Promise<void> {
  for (const id of chainedJobs(live)) {
    try {
      const chained = await ports.chained(id);
      if (chained.type === 'failed') tell({ type: 'unready', failure: chained.failure });
      if (chained.type !== 'result') continue;
      const key = `job:${id}`;
      live.record = { ...live.record, inputs: { ...live.record.inputs, [key]: chained.message } };
      tell({ type: 'ready', key });
    } catch (error) {
      // It is asked again when the session next wakes.
      ports.log('looking up a chained job failed', live.record.job.id, error);
    }
  }
}
