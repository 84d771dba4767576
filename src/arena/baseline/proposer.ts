/**
 * A proposer without a model. It makes what everybody solved longer, takes a part of what nobody solved, and changes what
 * lies between; it tries its programs before it proposes them.
 */
import type { Language } from '../../checks/executor.ts';
import { argumentType, type Expression, evaluate, sizeOf } from '../dsl/expression.ts';
import type { DslType, DslValue } from '../dsl/primitives.ts';
import { expressionOf, inputOf, programOf, textOf } from '../dsl/program.ts';
import { joined, mutated, partOf, randomExpression, randomValue, wrapped } from '../dsl/random-program.ts';
import { pick, pickWeighted, type Random } from '../random.ts';
import type { Proposer, Reference } from '../seat.ts';
import type { Order } from '../try-out.ts';
import { answerText } from './text.ts';

/** Programs it tries before it proposes what it has. */
const TRIES = 40;
/** Largest program it makes, words: references would grow without end. */
const MAX_SIZE = 30;
const RUN_FUEL = 2_000;
/** Inputs to tell by whether a program looks at its argument at all. */
const PROBES = 6;

/** How often it makes a program longer by a word, and joins two; else it changes one. */
export interface Taste {
  readonly longer: number;
  readonly joined: number;
}

// Word by word for the most part: what doubles at every step is soon beyond everybody.
export const DEFAULT_TASTE: Taste = { longer: 0.4, joined: 0.1 };

/** @param inputs of an induction */
export function baselineProposer(
  agent: string,
  owner: string,
  inputs: number,
  taste: Taste = DEFAULT_TASTE,
): Proposer {
  return {
    agent,
    owner,
    propose: async (order, references, random) =>
      order.mode === 'induction'
        ? proposeInputs(order.subject.program, order.subject.language, inputs, random)
        : proposeProgram(order, references, taste, random),
  };
}

function proposeProgram(
  { language }: Extract<Order, { readonly mode: 'deduction' | 'abduction' }>,
  references: readonly Reference[],
  taste: Taste,
  random: Random,
): string {
  const parents = references.flatMap(({ task, solveRate }) => {
    const expression = expressionOf(task.program);
    return expression === null ? [] : [{ expression, solveRate }];
  });
  for (let i = 0; i < TRIES; i += 1) {
    const expression = next(parents, taste, random);
    const type = expression === null ? undefined : argumentType(expression);
    if (expression === null || type === undefined || sizeOf(expression) > MAX_SIZE) continue;
    const input = randomValue(type, random);
    if (!isWorthAsking(expression, type, input, random)) continue;
    const code = `\`\`\`${language}\n${programOf(expression, language)}\n\`\`\``;
    return answerText(`${code}\n\`\`\`input\n${inputOf(input, language)}\n\`\`\``);
  }
  return answerText('nothing found');
}

interface Parent {
  readonly expression: Expression;
  readonly solveRate: number | null;
}

function next(parents: readonly Parent[], taste: Taste, random: Random): Expression | null {
  const parent = () => pickWeighted(parents, weightOf, random);
  const [a, b] = [parent(), parent()];
  if (a === undefined || b === undefined || random() < 0.1) {
    const types: readonly DslType[] = ['int', 'list'];
    return randomExpression(pick(types, random) ?? 'int', pick(types, random) ?? 'list', 3, random);
  }
  if (a.solveRate === 0) return mutated(partOf(a.expression, random), random);
  const how = a.solveRate === 1 ? random() / 2 : random();
  if (how < taste.longer) return wrapped(a.expression, random);
  return how < taste.longer + taste.joined
    ? joined(a.expression, b.expression)
    : mutated(a.expression, random);
}

/** Most for what could be learnt from; something for the rest, as it is all there is at first. */
function weightOf({ solveRate }: Parent): number {
  return solveRate === null || solveRate === 0 ? 0.05 : 1.1 - solveRate;
}

/** It runs, gives different outputs for different inputs, and does not just give its input back. */
function isWorthAsking(expression: Expression, type: DslType, input: DslValue, random: Random): boolean {
  const run = (value: DslValue) => evaluate(expression, value, { left: RUN_FUEL });
  const output = run(input);
  if (output === null || textOf(output) === textOf(input)) return false;
  const others = Array.from({ length: PROBES }, () => run(randomValue(type, random)));
  return others.some((other) => other !== null && textOf(other) !== textOf(output));
}

/** Different inputs on which the program runs. */
function proposeInputs(program: string, language: Language, count: number, random: Random): string {
  const expression = expressionOf(program);
  const type = expression === null ? undefined : argumentType(expression);
  if (expression === null || type === undefined) return answerText('not a program of mine');
  const chosen = new Set<string>();
  for (let i = 0; i < TRIES * count && chosen.size < count; i += 1) {
    const value = randomValue(type, random);
    if (evaluate(expression, value, { left: RUN_FUEL }) !== null) chosen.add(inputOf(value, language));
  }
  const blocks = [...chosen].map((input) => `\`\`\`input\n${input}\n\`\`\``);
  const what = type === 'int' ? 'a whole number' : 'a list of whole numbers';
  return answerText([...blocks, `\`\`\`message\nA function of ${what}.\n\`\`\``].join('\n'));
}
