/** The tasks that every season begins with, in either language. They are public, so no induction asks about them. */
import type { Language } from '../../checks/executor.ts';
import { evaluate } from '../dsl/expression.ts';
import { expressionOfNote, inputOf, programOf, readValue, textOf } from '../dsl/program.ts';
import { MODES, type Mode } from '../settings.ts';
import type { Task } from '../task.ts';
import { SEEDS } from './data.ts';

const FUEL = 1_000;

/** @throws Error for data that are no programs with inputs: only a script writes them */
export function seedTasks(language: Language): readonly Task[] {
  return MODES.flatMap((mode) =>
    SEEDS[mode].map((line) => {
      const [note = '', ...inputs] = line.split(' | ');
      return seedOf(mode, language, note, inputs);
    }),
  );
}

function seedOf(mode: Mode, language: Language, note: string, inputs: readonly string[]): Task {
  const expression = expressionOfNote(note);
  const examples = inputs.map((text) => {
    const value = readValue(text);
    const output = expression === null || value === null ? null : evaluate(expression, value, { left: FUEL });
    if (value === null || output === null) throw new Error(`not a seed: ${note} of ${text}`);
    const written = textOf(output);
    return {
      input: inputOf(value, language),
      // As either language writes its values when asked for the one canonical spelling.
      output: language === 'javascript' ? written.replaceAll(' ', '') : written,
    };
  });
  const [first] = examples;
  if (expression === null || first === undefined) throw new Error(`not a seed: ${note}`);
  const program = programOf(expression, language);
  if (mode !== 'induction') return { mode, language, program, ...first };
  const half = Math.floor(examples.length / 2);
  const message =
    typeof readValue(inputs[0] ?? '') === 'number' ? 'a whole number' : 'a list of whole numbers';
  return {
    mode,
    language,
    program,
    given: examples.slice(0, half),
    hidden: examples.slice(half),
    message: `A function of ${message}.`,
  };
}
