/** An executor of known programs: their text is looked up, not run. */
import type { Execution, Executor, Outcome } from '../../src/checks/executor.ts';

/** What a program returns for a canonical input: canonical text, or how it fails. Called anew for each execution. */
export type Script = (input: string) => string | Extract<Outcome, { ok: false }>;

export interface ScriptedExecutor extends Executor {
  /** Everything it was asked to run, in order. */
  readonly seen: readonly Execution[];
  /** How often it was called. */
  readonly calls: () => number;
}

export const failing = (
  failure: Extract<Outcome, { ok: false }>['failure'],
  error = '',
): Extract<Outcome, { ok: false }> => ({
  ok: false,
  failure,
  error,
  fuel: 1,
  executor: 'scripted',
});

/** Every execution costs 10 units of fuel; a program it does not know is none. */
export function scriptedExecutor(programs: Readonly<Record<string, Script>>): ScriptedExecutor {
  const seen: Execution[] = [];
  let calls = 0;
  return {
    seen,
    calls: () => calls,
    run: async (executions) => {
      calls += 1;
      seen.push(...executions);
      return executions.map((execution): Outcome => {
        const script = Object.hasOwn(programs, execution.program) ? programs[execution.program] : undefined;
        const result = script?.(execution.input) ?? failing('syntax', 'unknown program');
        return typeof result === 'string'
          ? { ok: true, output: result, fuel: 10, executor: 'scripted' }
          : result;
      });
    },
  };
}
