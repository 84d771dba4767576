/** How a run ends: once, with what was spent. */
import { TEAM_CLOSING_GRACE_MS } from '../../limits.ts';
import { roleOf } from './parts.ts';
import type { EndReason } from './records.ts';
import { book, recordAttempt, store } from './settle.ts';
import { announce, bestOf, change, record, type Turn } from './turn.ts';

/** Nothing is ordered any more. Steps in flight are aborted, and asked what they have cost. */
export function close(turn: Turn, reason: EndReason): void {
  if (turn.run.phase !== 'working') return;
  change(turn, {
    phase: 'closing',
    todo: [],
    notBefore_ms: null,
    ending: { reason, until_ms: turn.now_ms + TEAM_CLOSING_GRACE_MS },
  });
  for (const { number, attempt, result } of turn.run.wave) {
    if (result === null)
      turn.effects.push({ type: 'abort', key: `abort/${number}/${attempt}`, number, attempt });
  }
}

/** Ends a closing run when all costs are known, or when it has waited long enough: what nobody told is not charged. */
export function conclude(turn: Turn): void {
  const { phase, ending, wave } = turn.run;
  if (phase !== 'closing' || ending === null) return;
  if (wave.some(({ result }) => result === null) && turn.now_ms < ending.until_ms) return;
  change(turn, { wave: [] });
  for (const task of wave) {
    const { work, result } = task;
    if (result === null) {
      recordAttempt(turn, task, null);
      continue;
    }
    book(turn, task, result);
    // It was paid for, so it is kept, though nobody ranks it any more.
    if (result.type === 'done' && work.type === 'step')
      store(turn, task, roleOf(turn.run, work), result.text, result.summary);
  }
  const { spent, iteration } = turn.run;
  const { reason } = ending;
  const best = bestOf(turn.run);
  const unspent_msats = Math.max(0, turn.run.funded_msats - spent.msats);
  record(turn, { type: 'end', reason, best, spent, unspent_msats });
  const traceHash = turn.run.trace.hash;
  const outcome = { reason, best, iterations: iteration, spent, unspent_msats, traceHash };
  change(turn, { phase: 'ended', outcome, questions: [], restingSince_ms: null });
  if (reason === 'budget' || reason === 'tokens') announce(turn, 'budget100');
  announce(turn, 'done');
  turn.effects.push({ type: 'end', key: 'end', outcome });
}
