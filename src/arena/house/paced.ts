/** What works for a while lets others have their turn: a local workerd is one thread, and jobs come first. */
import type { Execution, Executor, Outcome } from '../../checks/executor.ts';
import type { Solver } from '../seat.ts';

/** Waits before each search. */
export function pacedSolver(solver: Solver, pause: () => Promise<void>): Solver {
  return {
    ...solver,
    async solve(question, published, random) {
      await pause();
      return await solver.solve(question, published, random);
    },
  };
}

/** Hands on a few executions at a time, and waits behind each few. */
export function pacedExecutor(executor: Executor, slice: number, pause: () => Promise<void>): Executor {
  return {
    async run(executions, signal) {
      const outcomes: Outcome[] = [];
      for (let from = 0; from < executions.length; from += slice) {
        const part: readonly Execution[] = executions.slice(from, from + slice);
        outcomes.push(...(await executor.run(part, signal)));
        await pause();
      }
      return outcomes;
    },
  };
}
