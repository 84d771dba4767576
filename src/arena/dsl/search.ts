/** Bounded search: for an expression that does what examples show, and for an input that gives an output. */
import { below, type Random } from '../random.ts';
import { applied, argumentType, composed, type Expression, evaluate, typeOf, X } from './expression.ts';
import { type DslType, type DslValue, PRIMITIVES } from './primitives.ts';
import { textOf } from './program.ts';
import { randomValue } from './random-program.ts';

/** Fuel for one candidate on one input. */
const CANDIDATE_FUEL = 200;
const CONSTANTS = [0, 1, 2, 3, 5];

interface Found {
  readonly expression: Expression;
  readonly outputs: readonly DslValue[];
}

/**
 * The smallest expression it finds that gives the outputs, or null. It builds expressions by size and keeps one of those
 * that do the same on the examples.
 *
 * @param library expressions that count as one word, applied to any expression: what others have found before
 * @param candidates how many it may try
 */
export function synthesize(
  inputs: readonly DslValue[],
  outputs: readonly DslValue[],
  library: readonly Expression[],
  candidates: number,
): Expression | null {
  return new Synthesis(inputs, outputs, library).within(candidates);
}

/** The same search, which goes on where it stopped: many who look for one thing by different bounds try nothing twice. */
export class Synthesis {
  readonly #search: Generator<Expression | null, void>;
  #tried = 0;
  #found: Expression | null = null;
  #over = false;

  constructor(inputs: readonly DslValue[], outputs: readonly DslValue[], library: readonly Expression[]) {
    this.#search = candidatesOf(inputs, outputs, library);
  }

  /** What is found by so many candidates, whoever tried them. */
  within(candidates: number): Expression | null {
    while (this.#found === null && !this.#over && this.#tried < candidates) {
      const next = this.#search.next();
      if (next.done) this.#over = true;
      else {
        this.#tried += 1;
        this.#found = next.value;
      }
    }
    return this.#tried <= Math.ceil(candidates) ? this.#found : null;
  }
}

/** Tries one candidate after the other; each gives the expression if it is the answer, and null if not. */
function* candidatesOf(
  inputs: readonly DslValue[],
  outputs: readonly DslValue[],
  library: readonly Expression[],
): Generator<Expression | null, void> {
  const [first] = inputs;
  if (first === undefined) return;
  const wanted = outputs.map(textOf).join(';');
  const seen = new Set<string>();
  const levels: Found[][] = [[]];
  const offer = (
    level: Found[],
    expression: Expression,
    values: readonly (DslValue | null)[],
  ): Expression | null => {
    const known = values.flatMap((value) => (value === null ? [] : [value]));
    if (known.length < inputs.length) return null;
    const does = known.map(textOf).join(';');
    const key = `${typeOf(expression)}:${does}`;
    if (seen.has(key)) return null;
    seen.add(key);
    level.push({ expression, outputs: known });
    return does === wanted ? expression : null;
  };
  const atoms: Found[] = [];
  yield offer(atoms, X[typeof first === 'number' ? 'int' : 'list'], inputs);
  for (const value of CONSTANTS)
    yield offer(
      atoms,
      { op: 'const', value },
      inputs.map(() => value),
    );
  levels.push(atoms);
  // A level that adds nothing new is followed by none that does, but for sums of two earlier ones.
  while (levels.length < 12) {
    const size = levels.length;
    const level: Found[] = [];
    levels.push(level);
    for (const inner of levels[size - 1] ?? []) {
      for (const macro of library) {
        if (typeOf(inner.expression) !== argumentType(macro)) continue;
        yield offer(
          level,
          composed(macro, inner.expression),
          inner.outputs.map((value) => evaluate(macro, value, { left: CANDIDATE_FUEL })),
        );
      }
    }
    for (const { name, k, args } of callsOf(levels, size)) {
      const values = inputs.map((_, i) =>
        applied(
          name,
          k,
          args.map((arg) => arg.outputs[i] ?? 0),
          { left: CANDIDATE_FUEL },
        ),
      );
      yield offer(level, { op: 'call', name, k, args: args.map(({ expression }) => expression) }, values);
    }
  }
}

/** Every call of that size over what is known, lazily: there are many. */
function* callsOf(
  levels: readonly (readonly Found[])[],
  size: number,
): Generator<{ name: string; k: number; args: readonly Found[] }> {
  for (const [name, word] of Object.entries(PRIMITIVES)) {
    const [a, b] = word.takes;
    if (a === undefined) continue;
    for (const k of word.constants ?? [0]) {
      if (b === undefined) {
        for (const arg of ofType(levels[size - 1], a)) yield { name, k, args: [arg] };
        continue;
      }
      for (let left = 1; left < size - 1; left += 1) {
        for (const one of ofType(levels[left], a)) {
          for (const other of ofType(levels[size - 1 - left], b)) yield { name, k, args: [one, other] };
        }
      }
    }
  }
}

function ofType(level: readonly Found[] | undefined, type: DslType): readonly Found[] {
  return (level ?? []).filter(({ expression }) => typeOf(expression) === type);
}

/** An input that gives the output, or null after so many tries: the output undone in simple ways first, then by chance. */
export function findInput(
  expression: Expression,
  type: DslType,
  output: DslValue,
  tries: number,
  random: Random,
): DslValue | null {
  const wanted = textOf(output);
  const undone = undoings(output, type);
  for (let i = 0; i < tries; i += 1) {
    const input = undone[i] ?? (i % 2 === 0 ? randomValue(type, random) : smallValue(type, random));
    const value = evaluate(expression, input, { left: CANDIDATE_FUEL });
    if (value !== null && textOf(value) === wanted) return input;
  }
  return null;
}

/** The output shifted, divided and turned round, in the type that is asked for. */
function undoings(output: DslValue, type: DslType): readonly DslValue[] {
  const values = typeof output === 'number' ? [output] : output;
  const changes = [0, 1, 2, 3, 5].flatMap((k) => [
    values.map((value) => value - k),
    ...(k > 1 && values.every((value) => value % k === 0) ? [values.map((value) => value / k)] : []),
  ]);
  if (type === 'int') return changes.flatMap(([first]) => first ?? []);
  return changes.flatMap((list) => [list, list.toReversed(), [0, ...list]]);
}

function smallValue(type: DslType, random: Random): DslValue {
  const number = (): number => below(7, random) - 1;
  return type === 'int' ? number() : Array.from({ length: below(3, random) }, number);
}
