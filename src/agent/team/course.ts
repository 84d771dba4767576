/** Where a run goes when nothing is in flight: the next steps, the ranking, the next iteration, or its end. */
import { branchesOf } from './opening.ts';
import { newTodos, rank } from './ranking.ts';
import type { EndReason } from './records.ts';
import { announce, change, record, type Turn, versionOf } from './turn.ts';
import type { Work } from './types.ts';

/** Puts the next wave into `todo`; or says why there is none. */
export function nextSteps(turn: Turn): EndReason | null {
  for (;;) {
    const works = stageWorks(turn) ?? nextStage(turn) ?? rank(turn);
    if (works !== null && works.length > 0) {
      change(turn, { todo: newTodos(turn, works) });
      return null;
    }
    if (works !== null) continue;
    const reason = endIteration(turn);
    if (reason !== null) return reason;
  }
}

/** The next step of every branch that has one; null when the stage is done. */
function stageWorks(turn: Turn): readonly Work[] | null {
  const { team, stage, branches } = turn.run;
  const works = branches.flatMap(({ position, input, failed }, branch): Work[] => {
    const role = team.order[stage]?.[branch]?.[position];
    return role === undefined || failed !== null ? [] : [{ type: 'step', role, branch, input }];
  });
  return works.length === 0 ? null : works;
}

/** Closes the stage and opens the next: an empty list; null when that was the last. */
function nextStage(turn: Turn): readonly Work[] | null {
  const { team, stage, branches, candidates } = turn.run;
  if (stage >= team.order.length) return null;
  const made = branches.flatMap(({ drafts }) => (team.judge?.ranks === 'every' ? drafts : drafts.slice(-1)));
  // The last drafting stage speaks for the iteration, unless every draft is wanted.
  const replaced = made.length > 0 && team.judge?.ranks !== 'every' ? made : [...candidates, ...made];
  const current = made.length > 0 ? branches.flatMap(({ drafts }) => drafts.slice(-1)) : turn.run.current;
  change(turn, {
    stage: stage + 1,
    branches: branchesOf(team, stage + 1, current),
    current,
    candidates: replaced,
  });
  return [];
}

/** Counts the iteration, and begins the next from the best version unless a stop condition holds. */
function endIteration(turn: Turn): EndReason | null {
  const { team, iteration, ranked, bestBefore } = turn.run;
  const best = ranked[0] ?? null;
  const better = best !== null && best !== bestBefore;
  record(turn, { type: 'iteration', iteration, best, better });
  if (better) announce(turn, 'better');
  const { everyIterations } = turn.run.reporter.settings.cadence;
  if (everyIterations !== null && iteration % everyIterations === 0) announce(turn, 'iteration');
  const withoutBetter = better ? 0 : turn.run.withoutBetter + 1;
  change(turn, { withoutBetter, bestBefore: best });
  const passed = best !== null && versionOf(turn.run, best)?.check?.passed === true;
  if (passed && team.stop.checkPassed) return 'checkPassed';
  if (team.stop.noBetterIn !== null && withoutBetter >= team.stop.noBetterIn) return 'noBetter';
  if (iteration >= team.iterations) return 'iterations';
  const current = best === null ? [] : [best];
  change(turn, { iteration: iteration + 1, stage: 0, branches: branchesOf(team, 0, current), current });
  return null;
}
