/** A job that still has something to do, as the session holds it in memory; its stored form is the journal record. */

import type { VerifiedTerms } from '../checks/contract.ts';
import { JOB_RESEND_KEEP_MS } from '../limits.ts';
import { nextTry } from '../link/outbox.ts';
import type { JobBody, JobOutput, Request } from '../protocol/model.ts';
import type { JobRecord, RecordedPhase } from '../store/job-record.ts';
import type { JournalRecord } from './journal.ts';
import { nextTick } from './machine.ts';
import { isMoneySettled, nextMoneyTick } from './money.ts';
import type { Failed } from './ports.ts';
import { awaitsCheck, isFinal, type JobPhase, MONEY } from './types.ts';

export interface Live {
  record: JournalRecord;
  request: Request;
  /** Null for a job that was refused before its body could be read, or was erased. */
  body: JobBody | null;
  /** The check its answer has to pass; null for a job without one, or whose body is not there. */
  verified: VerifiedTerms | null;
  /** Aborts the work done in this object. */
  abort: AbortController | null;
  /** When the work beside it wants a tick (long-work.ts), Unix ms; null when it wants none. */
  workWake_ms: number | null;
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
  const { job, outbox, unprojected, lookup, passOn, money } = live.record;
  const times: number[] = [];
  const tick = nextTick(job);
  if (tick !== null) times.push(tick);
  const attempt = nextTry(outbox);
  if (attempt !== null) times.push(attempt > now_ms ? attempt : now_ms + RECOVERY_MS);
  if (unprojected || lookup || passOn || live.working !== null) times.push(now_ms + RECOVERY_MS);
  const kept_ms = keptUntil_ms(live);
  if (kept_ms !== null) times.push(kept_ms);
  if (live.workWake_ms !== null) times.push(live.workWake_ms);
  const look = money === null ? null : nextMoneyTick(job, money, now_ms + RECOVERY_MS);
  if (look !== null) times.push(look);
  // Whatever is being run for it may have been lost, or the sandbox is away.
  if (awaitsCheck(job)) times.push(now_ms + RECOVERY_MS);
  else if (job.phase === 'waiting' && !job.waitingFor.includes(MONEY)) {
    times.push(
      now_ms + Math.min(CHAIN_POLL_MAX_MS, Math.max(CHAIN_POLL_MIN_MS, (now_ms - job.openedAt_ms) / 4)),
    );
  }
  return times.length === 0 ? null : Math.max(now_ms, Math.min(...times));
}

/** Unix ms until which the answer of a job is kept for its request come again; null where none is kept. */
export function keptUntil_ms({ record: { job, kept } }: Live): number | null {
  return kept === null || job.closedAt_ms === null ? null : job.closedAt_ms + JOB_RESEND_KEEP_MS;
}

/** The answer of a paid job is not kept longer than its request may come again, and be answered. */
export function forgetKept(live: Live, lives: ReadonlyMap<string, Live>, now_ms: number): void {
  const until_ms = keptUntil_ms(live);
  if (until_ms === null || until_ms > now_ms) return;
  const { again } = live.record;
  const waits = again !== null && lives.get(again)?.record.job.phase === 'waiting';
  if (!waits) live.record = { ...live.record, kept: null };
}

/** Whether nothing is left to do: ended, everything delivered or given up, and the record up to date. */
export function isSettled({ record, workWake_ms }: Live): boolean {
  return (
    isFinal(record.job.phase) &&
    !record.unprojected &&
    !record.lookup &&
    !record.passOn &&
    record.kept === null &&
    workWake_ms === null &&
    isMoneySettled(record.money) &&
    record.outbox.every((entry) => entry.owed.length === 0)
  );
}

/** The record knows fewer phases: whether somebody works on it yet, and how it ended. */
const RECORDED: { readonly [P in JobPhase]: RecordedPhase } = {
  waiting: 'waiting',
  queued: 'waiting',
  running: 'running',
  proving: 'running',
  checkout: 'running',
  delivered: 'delivered',
  rejected: 'rejected',
  expired: 'expired',
  cancelled: 'cancelled',
  failed: 'failed',
};

/** The job's line in the marketplace's record. */
export function toJobRecord(
  live: Live,
  names: { readonly session: string; readonly agent: string },
): JobRecord {
  const { job, request, via, resultId, turn } = live.record;
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
    phase: RECORDED[job.phase],
    error: job.failure?.code ?? null,
    via,
    createdAt_s: envelope.createdAt_s,
    openedAt_ms: job.openedAt_ms,
    startedAt_ms: job.startedAt_ms,
    closedAt_ms: job.closedAt_ms,
    requestEventId: request.id,
    resultEventId: resultId,
    attempts: job.attempt,
    turn,
  };
}
