/** A job by its id, from the record or from its session. */
import { isFinal } from '../job/types.ts';
import { isHex32 } from '../nostr/hex.ts';
import type { JobRecord } from '../store/job-record.ts';
import { findJob } from '../store/jobs.ts';
import type { HttpPorts } from './ports.ts';

/** The job as it is at this moment, also one the public must not see; undefined when no such job is known. */
export async function jobById(
  ports: Pick<HttpPorts, 'db' | 'liveJob'>,
  id: string,
): Promise<JobRecord | undefined> {
  if (!isHex32(id)) return undefined;
  const recorded = await findJob(ports.db, id);
  if (recorded !== undefined && isFinal(recorded.phase)) return recorded;
  const live = await ports.liveJob(id, recorded?.session ?? null);
  // A job may end between the two looks: its session lets go of it as soon as the record has it.
  return live ?? (await findJob(ports.db, id));
}
