/** Made-up records of jobs: told apart by a number, plausible in everything else. */
import type { JobRecord } from '../../src/store/job-record.ts';

/** 32 bytes of hex that end in a number. */
export function hexOf(n: number): string {
  return n.toString(16).padStart(64, '0');
}

/** The record of job number `n`; opened at `n` seconds after an arbitrary moment and delivered in 40 ms. */
export function jobRecord(n: number, over: Partial<JobRecord> = {}): JobRecord {
  const openedAt_ms = 1_790_000_000_000 + n * 1000;
  return {
    id: hexOf(n),
    revision: 3,
    agent: 'discover',
    client: hexOf(0xc11e57),
    session: `discover:${n}`,
    dialect: 'agent',
    kind: 7001,
    sealing: 'none',
    phase: 'delivered',
    error: null,
    via: 'embedded',
    createdAt_s: Math.floor(openedAt_ms / 1000) - 1,
    openedAt_ms,
    startedAt_ms: openedAt_ms + 10,
    closedAt_ms: openedAt_ms + 40,
    requestEventId: over.id ?? hexOf(n),
    resultEventId: hexOf(0xe0000000 + n),
    attempts: 1,
    turn: 0,
    ...over,
  };
}
