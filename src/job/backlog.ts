/** What a session still owes to relays, for the operator: read from its journal, changes nothing. */
import type { JournalRecord } from './journal.ts';

/** One relay a session owes events to, or that took none. */
export interface Backlog {
  /** `embedded` or a relay URL. */
  readonly target: string;
  /** Events that are still to be taken. */
  readonly owed: number;
  /** Tries of the one that was tried most. */
  readonly attempts: number;
  /** When the next one is due, Unix ms; null when nothing is owed. */
  readonly next_ms: number | null;
  /** Events the relay will not take, and why it would not take the last of them. */
  readonly refused: number;
  readonly reason: string | null;
}

/** By relay, of the jobs that are not done with. */
export function backlogOf(records: readonly Pick<JournalRecord, 'outbox'>[]): readonly Backlog[] {
  const targets = new Map<string, Backlog>();
  const change = (target: string, how: (before: Backlog) => Partial<Backlog>) => {
    const before = targets.get(target) ?? {
      ...{ target, owed: 0, attempts: 0, next_ms: null, refused: 0, reason: null },
    };
    targets.set(target, { ...before, ...how(before) });
  };
  for (const { owed, undelivered } of records.flatMap(({ outbox }) => outbox)) {
    for (const { target, attempts, nextAt_ms } of owed)
      change(target, (before) => ({
        owed: before.owed + 1,
        attempts: Math.max(before.attempts, attempts),
        next_ms: Math.min(before.next_ms ?? nextAt_ms, nextAt_ms),
      }));
    for (const { target, reason } of undelivered)
      change(target, (before) => ({ refused: before.refused + 1, reason }));
  }
  return [...targets.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
}
