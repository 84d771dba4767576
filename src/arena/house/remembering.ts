/** An executor that remembers. */
import type { Executor, Outcome } from '../../checks/executor.ts';

/**
 * Remembers outcomes until told to forget: a round that is played again when its answers have come asks for the same.
 * Instances of one execution are remembered apart, so that those that disagree still do.
 */
export function rememberingExecutor(executor: Executor): Executor & { forget(): void } {
  const known = new Map<string, Outcome>();
  return {
    forget: () => known.clear(),
    async run(executions, signal) {
      const counts = new Map<string, number>();
      const keys = executions.map((execution) => {
        const name = JSON.stringify(execution);
        const count = counts.get(name) ?? 0;
        counts.set(name, count + 1);
        return `${count} ${name}`;
      });
      const missing = keys.flatMap((key, i) => {
        const execution = executions[i];
        return known.has(key) || execution === undefined ? [] : [{ key, execution }];
      });
      const outcomes = await executor.run(
        missing.map(({ execution }) => execution),
        signal,
      );
      for (const [i, { key }] of missing.entries()) {
        const outcome = outcomes[i];
        if (outcome !== undefined) known.set(key, outcome);
      }
      return keys.flatMap((key) => known.get(key) ?? []);
    },
  };
}
