/**
 * A solver without a model, by bounded search: it runs what it can afford to run, tries inputs, and builds programs of
 * those that are published. Its bounds vary from attempt to attempt, so that a task has a solve rate between all and none.
 */
import type { Language } from '../../checks/executor.ts';
import { argumentType, type Expression, evaluate } from '../dsl/expression.ts';
import type { DslValue } from '../dsl/primitives.ts';
import { argumentOf, expressionOf, inputOf, programOf, readValue, textOf } from '../dsl/program.ts';
import { findInput, Synthesis } from '../dsl/search.ts';
import type { Random } from '../random.ts';
import type { Solver } from '../seat.ts';
import type { Question, Task } from '../task.ts';
import { answerText } from './text.ts';

export interface Bounds {
  /** Words and list elements looked at when running a program. */
  readonly runFuel: number;
  /** Inputs tried for an output. */
  readonly inputs: number;
  /** Expressions tried for examples. */
  readonly candidates: number;
  /** Published programs it builds with, the newest. */
  readonly library: number;
}

export const DEFAULT_BOUNDS: Bounds = { runFuel: 40, inputs: 120, candidates: 1_500, library: 12 };

export function baselineSolver(agent: string, owner: string, bounds: Bounds = DEFAULT_BOUNDS): Solver {
  const searches = new LastSearch();
  return {
    agent,
    owner,
    solve: async (question, published, random) => {
      // From a quarter to four times what is set.
      const luck = 4 ** (2 * random() - 1);
      const own = {
        ...bounds,
        runFuel: bounds.runFuel * luck,
        inputs: bounds.inputs * luck,
        candidates: bounds.candidates * luck,
      };
      return answerText(answerTo(question, published, own, random, searches) ?? '');
    },
  };
}

/** A fenced answer, or null when the bounds did not suffice. */
function answerTo(
  question: Question,
  published: readonly Task[],
  bounds: Bounds,
  random: Random,
  searches: LastSearch,
): string | null {
  if (question.mode === 'induction') return induced(question, published, bounds, searches);
  const expression = expressionOf(question.program);
  if (expression === null) return null;
  if (question.mode === 'deduction') {
    const input = argumentOf(question.input, question.language);
    const output = input === null ? null : evaluate(expression, input, { left: bounds.runFuel });
    return output === null ? null : fenced('output', textOf(output));
  }
  const type = argumentType(expression);
  const wanted = readValue(question.output);
  if (type === undefined || wanted === null) return null;
  const input = findInput(expression, type, wanted, bounds.inputs, random);
  return input === null ? null : fenced('input', inputOf(input, question.language));
}

function induced(
  { examples, language }: Extract<Question, { readonly mode: 'induction' }>,
  published: readonly Task[],
  bounds: Bounds,
  searches: LastSearch,
): string | null {
  const values = examples.map(({ input }) => argumentOf(input, language));
  const outputs = examples.map(({ output }) => readValue(output));
  const known = values.flatMap((value) => (value === null ? [] : [value]));
  const wanted = outputs.flatMap((value) => (value === null ? [] : [value]));
  if (known.length === 0 || known.length < examples.length || wanted.length < examples.length) return null;
  const search = searches.of({ known, wanted, library: libraryOf(published, bounds.library) });
  const found = search.within(bounds.candidates);
  return found === null ? null : programBlock(found, language);
}

/** Everything a search depends on. */
interface Sought {
  readonly known: readonly DslValue[];
  readonly wanted: readonly DslValue[];
  readonly library: readonly Expression[];
}

/** The search of the last question: it is asked several times, by bounds that differ. */
class LastSearch {
  #about = '';
  #search: Synthesis | null = null;

  of(sought: Sought): Synthesis {
    const about = JSON.stringify(sought);
    if (this.#search === null || this.#about !== about) {
      this.#search = new Synthesis(sought.known, sought.wanted, sought.library);
      this.#about = about;
    }
    return this.#search;
  }
}

/** The newest published programs of its own kind, each once. */
function libraryOf(published: readonly Task[], count: number): readonly Expression[] {
  const library = new Map<string, Expression>();
  for (const { program } of published.toReversed()) {
    if (library.size >= count) break;
    const expression = expressionOf(program);
    if (expression !== null && expression.op === 'call')
      library.set(program.split('\n')[0] ?? '', expression);
  }
  return [...library.values()];
}

function programBlock(expression: Expression, language: Language): string {
  return fenced(language, programOf(expression, language));
}

function fenced(tag: string, body: string): string {
  return `\`\`\`${tag}\n${body}\n\`\`\``;
}
