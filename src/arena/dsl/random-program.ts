/** New expressions by chance: from nothing, by changing one, by joining two. */
import { below, pick, type Random } from '../random.ts';
import { argumentType, composed, type Expression, sizeOf, typeOf, X } from './expression.ts';
import { type DslType, type DslValue, PRIMITIVES } from './primitives.ts';

export function randomValue(type: DslType, random: Random): DslValue {
  const number = (): number => below(31, random) - 10;
  return type === 'int' ? number() : Array.from({ length: below(8, random) }, number);
}

/** An expression of the wanted type over an argument, of at most `depth` words one around the other. */
export function randomExpression(
  type: DslType,
  argument: DslType,
  depth: number,
  random: Random,
): Expression {
  const words = Object.entries(PRIMITIVES).filter(([, word]) => word.gives === type);
  const [name, word] = pick(words, random) ?? [];
  if (depth <= 1 || name === undefined || word === undefined) {
    if (type === argument && random() < 0.8) return X[argument];
    if (type === 'int') return { op: 'const', value: 1 + below(9, random) };
    return argument === 'list' ? X.list : { op: 'call', name: 'upto', k: 0, args: [X.int] };
  }
  const args = word.takes.map((wanted) => randomExpression(wanted, argument, depth - 1, random));
  return { op: 'call', name, k: pick(word.constants ?? [0], random) ?? 0, args };
}

/** The expression with one of its parts, each as likely, replaced by a new one of the same type. */
export function mutated(expression: Expression, random: Random): Expression {
  const argument = argumentType(expression) ?? 'list';
  let at = below(sizeOf(expression), random);
  const visit = (one: Expression): Expression => {
    if (at === 0) {
      at = -1;
      return randomExpression(typeOf(one), argument, 2 + below(2, random), random);
    }
    at -= 1;
    return one.op === 'call' ? { ...one, args: one.args.map(visit) } : one;
  };
  return visit(expression);
}

/** The expression with one more word around it. */
export function wrapped(expression: Expression, random: Random): Expression {
  const type = typeOf(expression);
  const argument = argumentType(expression) ?? 'list';
  const words = Object.entries(PRIMITIVES).filter(([, word]) => word.takes[0] === type);
  const [name, word] = pick(words, random) ?? [];
  if (name === undefined || word === undefined) return expression;
  const others = word.takes.slice(1).map((wanted) => randomExpression(wanted, argument, 1, random));
  return { op: 'call', name, k: pick(word.constants ?? [0], random) ?? 0, args: [expression, ...others] };
}

/** Some part of the expression that still looks at the argument: an easier one of its kind. */
export function partOf(expression: Expression, random: Random): Expression {
  const parts =
    expression.op === 'call' ? expression.args.filter((arg) => argumentType(arg) !== undefined) : [];
  const part = pick(parts, random);
  if (part === undefined || part.op === 'x') return expression;
  return random() < 0.5 ? part : partOf(part, random);
}

/** One after the other, in the order in which they fit; null for two that fit in none. */
export function joined(a: Expression, b: Expression): Expression | null {
  if (typeOf(a) === argumentType(b)) return composed(b, a);
  return typeOf(b) === argumentType(a) ? composed(a, b) : null;
}
