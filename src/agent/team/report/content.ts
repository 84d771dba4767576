/** What a report says: taken from the record, so that it can be no better than what happened. */
import { openQuestions } from '../questions.ts';
import { bestOf, budgetOf, versionOf } from '../turn.ts';
import type { TeamRun } from '../types.ts';
import type { ReportEvent } from './settings.ts';
import type { TeamReport } from './types.ts';

export function reportOf(
  run: TeamRun,
  events: readonly ReportEvent[],
  number: number,
  at_ms: number,
): TeamReport {
  const best = bestOf(run);
  const { news, more, errors, orders, settings } = run.reporter;
  return {
    run: run.id,
    number,
    at_ms,
    events,
    state: stateOf(run),
    iteration: run.iteration,
    iterations: run.team.iterations,
    best: best === null ? null : (versionOf(run, best) ?? null),
    steps: news,
    moreSteps: more,
    errors,
    orders,
    directives: run.directives.map(({ sentAt_ms: _sent, source: _source, ...told }) => told),
    questions: openQuestions(run),
    blocked: run.blocked,
    spent: run.spent,
    budget: budgetOf(run),
    words: run.versions.findLast(({ kind }) => kind === 'report')?.summary ?? null,
    ended: run.outcome?.reason ?? run.ending?.reason ?? null,
    detail: settings.detail,
    focus: settings.focus,
  };
}

function stateOf(run: TeamRun): TeamReport['state'] {
  if (run.phase !== 'working') return run.phase;
  if (run.blocked !== null) return 'blocked';
  if (run.paused) return 'paused';
  return openQuestions(run).length > 0 ? 'asking' : 'working';
}
