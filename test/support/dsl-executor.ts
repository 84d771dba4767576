/** An executor of the baseline's small language: it interprets the expression that a program's first line names. */

import { evaluate } from '../../src/arena/dsl/expression.ts';
import { argumentOf, expressionOf, textOf } from '../../src/arena/dsl/program.ts';
import type { Executor, Outcome } from '../../src/checks/executor.ts';

const FUEL = 100_000;

export function dslExecutor(): Executor {
  return {
    run: async (executions) =>
      executions.map(({ language, program, input }): Outcome => {
        const expression = expressionOf(program);
        const argument = argumentOf(input, language);
        if (expression === null || argument === null)
          return {
            ok: false,
            failure: 'syntax',
            error: 'not of the small language',
            fuel: 1,
            executor: 'dsl',
          };
        const fuel = { left: FUEL };
        const value = evaluate(expression, argument, fuel);
        const spent = FUEL - fuel.left;
        if (value === null)
          return { ok: false, failure: 'value', error: 'out of range', fuel: spent, executor: 'dsl' };
        const text = textOf(value);
        return {
          ok: true,
          output: language === 'javascript' ? text.replaceAll(' ', '') : text,
          fuel: spent,
          executor: 'dsl',
        };
      }),
  };
}
