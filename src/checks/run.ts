/** Has plans run, every execution in several fresh instances: what depends on anything but its input is found out. */
import { CHECK_INSTANCES } from '../limits.ts';
import { CODECS } from './codec.ts';
import type { Execution, Executor, Outcome } from './executor.ts';
import { judge } from './judge.ts';
import type { Plan } from './plan.ts';
import { type Receipt, receiptOf } from './receipt.ts';
import type { Verdict } from './verdict.ts';

export interface Judged {
  /** One for each plan. */
  readonly verdicts: readonly Verdict[];
  /** What was run for each plan, in the order of its executions. */
  readonly receipts: readonly (readonly Receipt[])[];
  /** What all of it took, units of fuel. */
  readonly fuel: number;
}

/** Judges several plans by one call to the executor. What several of them ask for is run once. */
export async function judgeAll(
  executor: Executor,
  plans: readonly Plan[],
  signal: AbortSignal,
): Promise<Judged> {
  const wanted = new Map<string, Execution>();
  for (const plan of plans) {
    for (const execution of executionsOf(plan)) wanted.set(nameOf(execution), execution);
  }
  const outcomes = await runFresh(executor, [...wanted.values()], signal);
  const known = new Map([...wanted.keys()].map((name, i) => [name, outcomes[i]]));
  const outcomesOf = (plan: Plan) =>
    executionsOf(plan).flatMap((execution) => known.get(nameOf(execution)) ?? []);
  return {
    verdicts: plans.map((plan) => judge(plan, outcomesOf(plan))),
    receipts: plans.map((plan) => receiptsOf(plan, outcomesOf(plan))),
    fuel: outcomes.reduce((total, outcome) => total + outcome.fuel, 0),
  };
}

function receiptsOf(plan: Plan, outcomes: readonly Outcome[]): readonly Receipt[] {
  return executionsOf(plan).flatMap((execution, i) => {
    const outcome = outcomes[i];
    return outcome === undefined ? [] : [receiptOf(execution, outcome)];
  });
}

function executionsOf(plan: Plan): readonly Execution[] {
  return plan.type === 'run' ? plan.executions : [];
}

function nameOf({ language, program, input, fuel }: Execution): string {
  return JSON.stringify([language, program, input, fuel]);
}

/** One outcome per execution: the one its instances agree on, else `nondeterministic`. Fuel is that of all instances. */
export async function runFresh(
  executor: Executor,
  executions: readonly Execution[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (executions.length === 0) return [];
  const repeated = executions.flatMap((execution) =>
    Array.from({ length: CHECK_INSTANCES }, () => execution),
  );
  const outcomes = await executor.run(repeated, signal);
  if (outcomes.length !== repeated.length) throw new Error('the executor did not answer every execution');
  return executions.map((execution, i) =>
    agreed(execution, outcomes.slice(i * CHECK_INSTANCES, (i + 1) * CHECK_INSTANCES)),
  );
}

function agreed(execution: Execution, outcomes: readonly Outcome[]): Outcome {
  const [first, ...others] = outcomes;
  if (first === undefined) throw new Error('an execution has no instance');
  const fuel = outcomes.reduce((total, outcome) => total + outcome.fuel, 0);
  const spelling = spellingOf(execution, first);
  if (others.every((other) => spellingOf(execution, other) === spelling)) return { ...first, fuel };
  return {
    ok: false,
    failure: 'nondeterministic',
    error: 'fresh instances disagree',
    fuel,
    executor: first.executor,
  };
}

/** The order in which an engine prints a set is no difference. */
function spellingOf(execution: Execution, outcome: Outcome): string {
  if (!outcome.ok) return `!${outcome.failure}`;
  const value = CODECS[execution.language].readOutput(outcome.output);
  return value.ok ? `=${value.value.canonical}` : `?${outcome.output}`;
}
