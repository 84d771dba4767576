/** A job that still has something to do, as the session holds it in memory; its stored form is the journal record. */
import { nextTry } from '../link/outbox.ts';
import type { JobBody, JobOutput, Request } from '../protocol/model.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { JournalRecord } from './journal.ts';
import { nextTick } from './machine.ts';
import { isMoneySettled, nextMoneyTick } from './money.ts';
import type { Failed } from './ports.ts';
import { isFinal, MONEY } from './types.ts';

export interface Live {
  record: JournalRecord;
  readonly request: Request;
  /** Null for a job that was refused before its body could be read. */
  readonly body: JobBody | null;
  /** Aborts the work done in this object. */
  abort: AbortController | null;
  /** The work being done in this object; never rejects. */
  working: Promise<JobOutput | Failed> | null;
}

/** How soon a session looks again at a job whose effects may have been lost with the memory, ms. */
export const RECOVERY_MS = 5_000;
/** A job that waits for another is looked at after a quarter of the time it has waited, within these bounds, ms. */
const CHAIN_POLL_MIN_MS = 500;
const CHAIN_POLL_MAX_MS = 30_000;

/** When this job next needs the session awake, Unix ms; null when nothing is left to do. */
export function nextWake(live: Live, now_ms: number): number | null {
  const { job, outbox, unprojected, lookup, money } = live.record;
  const times: number[] = [];
  const tick = nextTick(job);
  if (tick !== null) times.push(tick);
  const attempt = nextTry(outbox);
  if (attempt !== null) times.push(attempt > now_ms ? attempt : now_ms + RECOVERY_MS);
  if (unprojected || lookup || live.working !== null) times.push(now_ms + RECOVERY_MS);
  const look = money === null ? null : nextMoneyTick(job, money, now_ms + RECOVERY_MS);
  if (look !== null) times.push(look);
  if (job.phase === 'waiting' && !job.waitingFor.includes(MONEY)) {
    times.push(
      now_ms + Math.min(CHAIN_POLL_MAX_MS, Math.max(CHAIN_POLL_MIN_MS, (now_ms - job.openedAt_ms) / 4)),
    );
  }
  return times.length === 0 ? null : Math.max(now_ms, Math.min(...times));
}

/** Whether nothing is left to do: ended, everything delivered or given up, and the record up to date. */
export function isSettled({ record }: Live): boolean {
  return (
    isFinal(record.job.phase) &&
    !record.unprojected &&
    !record.lookup &&
    isMoneySettled(record.money) &&
    record.outbox.every((entry) => entry.owed.length === 0)
  );
}

/** The job's line in the marketplace's record. */
export function toJobRecord(
  live: Live,
  names: { readonly session: string; readonly agent: string },
): JobRecord {
  const { job, request, via, resultId } = live.record;
  const { envelope } = live.request;
  return {
    id: job.id,
    revision: job.revision,
    agent: names.agent,
    client: envelope.client,
    session: names.session,
    dialect: envelope.dialect,
    kind: envelope.kind,
    sealing: envelope.sealing,
    phase: job.phase === 'queued' ? 'waiting' : job.phase,
    error: job.failure?.code ?? null,
    via,
    createdAt_s: envelope.createdAt_s,
    openedAt_ms: job.openedAt_ms,
    startedAt_ms: job.startedAt_ms,
    closedAt_ms: job.closedAt_ms,
    requestEventId: request.id,
    resultEventId: resultId,
    attempts: job.attempt,
  };
}
