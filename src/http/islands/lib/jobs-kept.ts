/**
 * Jobs that were posted from this browser: the signed request is kept before it goes out, so that after a lost connection,
 * a reload or in another tab the very same event is sent again, and never a second one.
 */
import * as z from 'zod/mini';
import { readStored, writeStored } from './storage.ts';

const event = z.object({
  id: z.string(),
  pubkey: z.string(),
  created_at: z.number(),
  kind: z.number(),
  tags: z.array(z.array(z.string())),
  content: z.string(),
  sig: z.string(),
});

const kept = z.array(
  z.object({
    event,
    agent: z.string(),
    /** Whether a relay has taken it. */
    taken: z.boolean(),
    at_ms: z.number(),
  }),
);
export type KeptJob = z.output<typeof kept>[number];

const NAME = 'jobs';
/** The newest that are kept. */
const MOST = 30;

/** Newest first. */
export function keptJobs(): KeptJob[] {
  try {
    const read = kept.safeParse(JSON.parse(readStored(NAME) ?? '[]'));
    return read.success ? read.data : [];
  } catch {
    return [];
  }
}

/** Keeps a job, or what is new of it. Whether it is kept. */
export function keepJob(job: KeptJob): boolean {
  const others = keptJobs().filter((one) => one.event.id !== job.event.id);
  return writeStored(NAME, JSON.stringify([job, ...others].slice(0, MOST)));
}

export function dropJob(id: string): void {
  writeStored(NAME, JSON.stringify(keptJobs().filter((one) => one.event.id !== id)));
}
