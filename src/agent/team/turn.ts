/** One turn of the machine: the state as it changes, and what comes out of it. Local to one call of `advance`. */

import type { Usage, Version } from './records.ts';
import type { ReportEvent } from './report/settings.ts';
import type { ReporterState } from './report/types.ts';
import { nextHash, type TraceEntry, type TraceFact } from './trace.ts';
import type { TeamEffect, TeamRun } from './types.ts';

export interface Turn {
  run: TeamRun;
  readonly effects: TeamEffect[];
  readonly entries: TraceEntry[];
  readonly now_ms: number;
}

/** The new state, what it wants done, and what goes to the record: stored together, then performed. */
export interface Transition {
  readonly run: TeamRun;
  readonly effects: readonly TeamEffect[];
  readonly entries: readonly TraceEntry[];
}

export function change(turn: Turn, part: Partial<TeamRun>): void {
  turn.run = { ...turn.run, ...part };
}

export function record(turn: Turn, fact: TraceFact): void {
  const { count, hash } = turn.run.trace;
  const entry = { seq: count + 1, at_ms: turn.now_ms, fact, hash: nextHash(hash, fact) };
  turn.entries.push(entry);
  change(turn, { trace: { count: entry.seq, hash: entry.hash } });
}

export function toReporter(turn: Turn, part: Partial<ReporterState>): void {
  change(turn, { reporter: { ...turn.run.reporter, ...part } });
}

/** Something to be told, when the reporter finds it is time. */
export function announce(turn: Turn, event: ReportEvent): void {
  const { pending } = turn.run.reporter;
  if (!pending.includes(event)) toReporter(turn, { pending: [...pending, event] });
}

export function plus(a: Usage, b: Usage): Usage {
  return { tokens: a.tokens + b.tokens, msats: a.msats + b.msats };
}

export const NOTHING: Usage = { tokens: 0, msats: 0 };

/** What the run may use in all. */
export function budgetOf(run: TeamRun): Usage {
  return { msats: Math.min(run.wanted_msats, run.funded_msats), tokens: run.team.budget.tokens };
}

export function versionOf(run: TeamRun, id: string): Version | undefined {
  return run.versions.find((version) => version.id === id);
}

/** The result so far: one that passes its check, ranked or not yet; else the best that was ranked, else the newest draft. */
export function bestOf(run: TeamRun): string | null {
  const { ranked, insertion, candidates } = run;
  const known = [...ranked, ...(insertion === null ? [] : [insertion.newcomer]), ...candidates];
  const passing = known.find((id) => versionOf(run, id)?.check?.passed === true);
  return passing ?? ranked[0] ?? run.versions.findLast(({ kind }) => kind === 'draft')?.id ?? null;
}
