/**
 * Ordering work. A wave is what is done side by side; nothing is decided before all of it is in, so decisions do not
 * depend on which answer came first.
 *
 * A wave is ordered only if the quotes of all of it fit into what is left: a run stops at its budget, not over it.
 */
import { TEAM_ORDER_LEASE_MS, TEAM_STEP_MAX_ORDERS } from '../../limits.ts';
import { partsOf, roleOf } from './parts.ts';
import type { EndReason, Usage } from './records.ts';
import { budgetOf, change, NOTHING, plus, type Turn } from './turn.ts';
import type { Task, TeamEffect, TeamRun, Todo } from './types.ts';

/** Orders all that is to do; or says what is used up. */
export function orderWave(turn: Turn): Extract<EndReason, 'budget' | 'tokens'> | null {
  const { run, now_ms } = turn;
  const quotes = run.todo.map((todo) => quoteOf(run, todo));
  const after = quotes.reduce(plus, run.spent);
  const budget = budgetOf(run);
  if (after.msats > budget.msats) return 'budget';
  if (after.tokens > budget.tokens) return 'tokens';
  const wave = run.todo.map((todo): Task => {
    const parts = partsOf(run, todo);
    const quote = quoteOf(run, todo);
    turn.effects.push(order(run, todo, quote));
    return {
      ...todo,
      quote,
      orders: 1,
      leaseUntil_ms: now_ms + TEAM_ORDER_LEASE_MS,
      directives: parts.directives.map(({ number }) => number),
      result: null,
    };
  });
  change(turn, { wave, todo: [], notBefore_ms: null });
  return null;
}

/** What the step is held to. */
function quoteOf({ team }: TeamRun, { work }: Todo): Usage {
  if (work.type === 'check') return team.check?.limits ?? NOTHING;
  const name = work.type === 'judge' ? team.judge?.role : work.role;
  const { tokens, msats } = team.roles[name ?? '']?.limits ?? NOTHING;
  return { tokens, msats };
}

function order(run: TeamRun, todo: Todo, limit: Usage, again = 1): TeamEffect {
  const { number, attempt, work } = todo;
  // Another order of the same attempt is another message; who performs it knows it by number and attempt.
  const key = `run/${number}/${attempt}/${again}`;
  return { type: 'run', key, number, attempt, work, limit, parts: partsOf(run, todo) };
}

/** Orders again what nobody was heard of: under the same number and attempt, so the first answer counts. */
export function reorder(turn: Turn): void {
  const { run, now_ms } = turn;
  if (!run.wave.some((task) => isLost(task, now_ms))) return;
  const wave = run.wave.map((task): Task => {
    if (!isLost(task, now_ms)) return task;
    if (task.orders >= TEAM_STEP_MAX_ORDERS) return { ...task, result: lostOf(run, task) };
    const orders = task.orders + 1;
    turn.effects.push(order(withDirectives(run, task), task, task.quote, orders));
    return { ...task, orders, leaseUntil_ms: now_ms + TEAM_ORDER_LEASE_MS };
  });
  change(turn, { wave });
}

function isLost({ result, leaseUntil_ms }: Task, now_ms: number): boolean {
  return result === null && leaseUntil_ms <= now_ms;
}

/** The same prompt as before: a directive that came since is for the next step. */
function withDirectives(run: TeamRun, task: Task): TeamRun {
  const directives = run.directives.flatMap((one) =>
    task.directives.includes(one.number) ? [{ ...one, status: 'open' as const }] : [],
  );
  return { ...run, directives };
}

function lostOf(run: TeamRun, { work }: Task): Task['result'] {
  const message = `${roleOf(run, work) || 'the check'} stopped working on this step`;
  const failure = { code: 'AGENT_ERROR', message } as const;
  return { type: 'failed', failure, retry: true, retryAfter_ms: null, usage: NOTHING };
}
