/** How a run begins. */
import { ZERO_MSATS } from '../../payment/msats.ts';
import { type TeamConfig, withoutHidden } from './config.ts';
import { TRACE_START } from './trace.ts';
import { announce, NOTHING, record, type Turn } from './turn.ts';
import type { Branch, TeamRun } from './types.ts';

export interface TeamOpening {
  /** The job's id, or another that names the run for ever. */
  readonly id: string;
  readonly team: TeamConfig;
  /** Data: it comes from the client, and may quote others. */
  readonly task: string;
  /** What there is to spend, msats. */
  readonly funded_msats: number;
}

/** A turn that has just begun. */
export function opened({ id, team, task, funded_msats }: TeamOpening, now_ms: number): Turn {
  const run: TeamRun = {
    id,
    team,
    task,
    phase: 'working',
    revision: 0,
    openedAt_ms: now_ms,
    spent: NOTHING,
    wanted_msats: team.budget.msats,
    funded_msats: Math.max(funded_msats, Number(ZERO_MSATS)),
    rested_ms: 0,
    restingSince_ms: null,
    paused: false,
    blocked: null,
    finishing: false,
    ending: null,
    outcome: null,
    iteration: 1,
    stage: 0,
    branches: branchesOf(team, 0, []),
    current: [],
    candidates: [],
    insertion: null,
    places: {},
    ranked: [],
    bestBefore: null,
    withoutBetter: 0,
    wave: [],
    todo: [],
    notBefore_ms: null,
    taskCount: 0,
    versionCount: 0,
    versions: [],
    questionCount: 0,
    questions: [],
    directives: [],
    seen: [],
    stamps: {},
    reporter: {
      settings: team.reports,
      count: 0,
      lastAt_ms: now_ms,
      pending: [],
      news: [],
      more: 0,
      errors: [],
      orders: [],
      thresholds: [],
    },
    trace: { count: 0, hash: TRACE_START },
  };
  const turn: Turn = { run, effects: [], entries: [], now_ms };
  record(turn, { type: 'run', run: id, task, team: { ...team, check: withoutHidden(team.check) } });
  announce(turn, 'started');
  return turn;
}

/** A stage at its beginning; none beyond the last. */
export function branchesOf(team: TeamConfig, stage: number, input: readonly string[]): readonly Branch[] {
  return (team.order[stage] ?? []).map(() => ({ position: 0, input, drafts: [], failed: null }));
}
