/**
 * What a job is told when the memory of its object was lost. Work done in the object died with it. Whoever works on a
 * step elsewhere gets a whole lease to say so; once for each attempt, and that is stored: an object that is let go of
 * again before the time is over would otherwise give it for ever.
 */
import { STEP_LEASE_MS } from '../limits.ts';
import type { JournalRecord } from './journal.ts';
import type { Grace, JobInput } from './types.ts';

export interface AfterLoss {
  readonly input: JobInput<'alive' | 'lost'>;
  /** To be stored where it is another than before. */
  readonly grace: Grace | null;
}

/** @param here whether the work was done in the object itself */
export function afterLoss({ job, grace }: JournalRecord, here: boolean, now_ms: number): AfterLoss {
  const { phase, attempt, timeLimit_ms } = job;
  const lost = { input: { type: 'lost' }, grace } as const;
  if (phase !== 'running' || here) return lost;
  const alive = { type: 'alive', attempt, news: null } as const;
  // Work beside the job keeps its own leases.
  if (timeLimit_ms === null) return { input: alive, grace };
  if (grace?.attempt !== attempt)
    return { input: alive, grace: { attempt, until_ms: now_ms + STEP_LEASE_MS } };
  return now_ms < grace.until_ms ? { input: alive, grace } : lost;
}
