/** What a transition's effects make of a job's stored record: answers are signed and promised, money and answer kept. */

import { JOB_MAX_KEPT_ANSWERS, JOB_MAX_KEPT_WRAPS } from '../limits.ts';
import { type OutboxEntry, promise } from '../link/outbox.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { JournalRecord } from './journal.ts';
import type { Live } from './live.ts';
import { withCharge } from './money.ts';
import type { SessionPorts } from './ports.ts';
import type { Transition } from './types.ts';

/** The record to be stored. Every answer is signed here, once. */
export function withEffects(
  ports: Pick<SessionPorts, 'answer' | 'verdict'>,
  live: Live,
  transition: Transition,
  now_ms: number,
): JournalRecord {
  const { record } = live;
  const outbox = stillOwed(record);
  const wraps = [...record.wraps];
  let { resultId, unprojected, passOn, money, kept } = record;
  for (const effect of transition.effects) {
    if (effect.type === 'project') unprojected = true;
    if (effect.type === 'passOn') passOn = true;
    if (effect.type === 'charge' && money !== null) money = withCharge(money, effect.cost);
    if (effect.type === 'send') {
      outbox.push(promise(effect.event, effect.targets ?? record.targets));
      wraps.push(effect.event.id);
    }
    if (effect.type !== 'report') continue;
    if (effect.report.type === 'result' && money !== null) {
      const { output, cost } = effect.report;
      money = withCharge(money, cost);
      if (money.paid !== null) kept = { output, cost };
    }
    for (const event of ports.answer(effect.report, live.request, Math.floor(now_ms / 1000))) {
      outbox.push(promise(event, record.targets));
      if (effect.key === 'result') resultId = event.id;
      if (live.request.envelope.sealing === 'giftwrap') wraps.push(event.id);
    }
    const verdict = effect.key === 'result' ? verdictOf(ports, live, transition, now_ms) : null;
    if (verdict === null) continue;
    outbox.push(promise(verdict, record.targets));
    if (live.request.envelope.sealing === 'giftwrap') wraps.push(verdict.id);
  }
  const { job } = transition;
  return { ...record, job, outbox, resultId, unprojected, passOn, money, kept, wraps: newest(wraps) };
}

/** The marketplace's word on the check of a job that ends, with what was hidden of it; null where nothing was judged. */
function verdictOf(
  ports: Pick<SessionPorts, 'verdict'>,
  { verified, request }: Live,
  { job }: Transition,
  now_ms: number,
): NostrEvent | null {
  if (verified === null || job.proof === null) return null;
  const { verify, revealed } = verified;
  const account = {
    proof: job.proof,
    answers: job.refused.length + (job.proof.passed ? 1 : 0),
    verify,
    revealed,
  };
  return ports.verdict(account, request, Math.floor(now_ms / 1000));
}

/** Without the oldest that are too many; but the first may hold the request. */
function newest(wraps: readonly string[]): readonly string[] {
  return wraps.length <= JOB_MAX_KEPT_WRAPS
    ? wraps
    : [...wraps.slice(0, 1), ...wraps.slice(1 - JOB_MAX_KEPT_WRAPS)];
}

/** Answers that were brought everywhere, once there are many of them: a team reports for days. */
function stillOwed({ outbox, lookup }: JournalRecord): OutboxEntry[] {
  if (lookup || outbox.length < JOB_MAX_KEPT_ANSWERS) return [...outbox];
  return outbox.filter(({ owed }) => owed.length > 0);
}
