/** Programs of the small language: one expression over the argument `x`. */
import { type DslType, type DslValue, primitive } from './primitives.ts';

export type Expression =
  | { readonly op: 'x'; readonly type: DslType }
  | { readonly op: 'const'; readonly value: number }
  | { readonly op: 'call'; readonly name: string; readonly k: number; readonly args: readonly Expression[] };

export const X: Readonly<Record<DslType, Expression>> = {
  int: { op: 'x', type: 'int' },
  list: { op: 'x', type: 'list' },
};

/** Longest list a program may make, elements. */
const MAX_ELEMENTS = 64;

export function typeOf(expression: Expression): DslType {
  if (expression.op === 'x') return expression.type;
  if (expression.op === 'const') return 'int';
  return primitive(expression.name)?.gives ?? 'int';
}

/** The type of its argument; undefined for one that does not look at it. */
export function argumentType(expression: Expression): DslType | undefined {
  if (expression.op === 'x') return expression.type;
  if (expression.op === 'const') return undefined;
  for (const arg of expression.args) {
    const type = argumentType(arg);
    if (type !== undefined) return type;
  }
  return undefined;
}

/** Its words. */
export function sizeOf(expression: Expression): number {
  return expression.op === 'call' ? expression.args.reduce((sum, arg) => sum + sizeOf(arg), 1) : 1;
}

/** `expression` with `inner` in the place of its argument: first inner, then outer. */
export function composed(expression: Expression, inner: Expression): Expression {
  if (expression.op === 'x') return inner;
  if (expression.op === 'const') return expression;
  return { ...expression, args: expression.args.map((arg) => composed(arg, inner)) };
}

/** What is left to spend; running out of it ends a run. */
export interface Fuel {
  left: number;
}

/** The value, or null when the fuel runs out, a number leaves what a double counts exactly, or a list grows too long. */
export function evaluate(expression: Expression, x: DslValue, fuel: Fuel): DslValue | null {
  fuel.left -= 1;
  if (fuel.left < 0) return null;
  if (expression.op === 'x') return x;
  if (expression.op === 'const') return expression.value;
  const values: DslValue[] = [];
  for (const arg of expression.args) {
    const value = evaluate(arg, x, fuel);
    if (value === null) return null;
    values.push(value);
  }
  return applied(expression.name, expression.k, values, fuel);
}

/** One word applied to values; costs what it has to look at. */
export function applied(name: string, k: number, values: readonly DslValue[], fuel: Fuel): DslValue | null {
  const word = primitive(name);
  if (word === undefined) return null;
  const ints = values.filter((value) => typeof value === 'number');
  const lists = values.filter((value) => typeof value !== 'number');
  fuel.left -= lists.reduce((sum, list) => sum + list.length, 0);
  if (fuel.left < 0) return null;
  const result = word.apply(k, ints, lists);
  const numbers = typeof result === 'number' ? [result] : result;
  return numbers.length <= MAX_ELEMENTS && numbers.every(Number.isSafeInteger) ? result : null;
}
