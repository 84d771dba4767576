/**
 * The words of the small language that the baseline agents think in: whole numbers and lists of them. Each is defined
 * once: its types, what it does, and how Python and JavaScript say it.
 */

export type DslType = 'int' | 'list';
export type DslValue = number | readonly number[];

export interface Primitive {
  readonly takes: readonly DslType[];
  readonly gives: DslType;
  /** The constants it may be built with; null for one that has none. */
  readonly constants: readonly number[] | null;
  apply(k: number, ints: readonly number[], lists: readonly (readonly number[])[]): DslValue;
  python(k: number, args: readonly string[]): string;
  javascript(k: number, args: readonly string[]): string;
}

const mod = (a: number, k: number): number => ((a % k) + k) % k;
const SMALL = [1, 2, 3, 5];

/** `ints` and `lists` are the arguments of that type, in their order; a primitive takes at most two of one type. */
export const PRIMITIVES: Readonly<Record<string, Primitive>> = {
  add: binary(
    (a, b) => a + b,
    (a, b) => `(${a} + ${b})`,
  ),
  sub: binary(
    (a, b) => a - b,
    (a, b) => `(${a} - ${b})`,
  ),
  // JavaScript has a negative zero, which plus zero is zero.
  mul: binary(
    (a, b) => a * b + 0,
    (a, b) => `(${a} * ${b})`,
    (a, b) => `(${a} * ${b} + 0)`,
  ),
  mod: {
    takes: ['int'],
    gives: 'int',
    constants: [2, 3, 5, 7],
    apply: (k, [a = 0]) => mod(a, k),
    python: (k, [a]) => `(${a} % ${k})`,
    javascript: (k, [a]) => `(((${a} % ${k}) + ${k}) % ${k})`,
  },
  len: ofList(
    (v) => v.length,
    (v) => `len(${v})`,
    (v) => `${v}.length`,
  ),
  sum: ofList(
    (v) => v.reduce((a, b) => a + b, 0),
    (v) => `sum(${v})`,
    (v) => `${v}.reduce((a, b) => a + b, 0)`,
  ),
  max: ofList(
    (v) => v.reduce((a, b) => Math.max(a, b), v[0] ?? 0),
    (v) => `max(${v}, default=0)`,
    (v) => `((v) => v.reduce((a, b) => Math.max(a, b), v[0] ?? 0))(${v})`,
  ),
  head: ofList(
    (v) => v[0] ?? 0,
    (v) => `(${v}[:1] or [0])[0]`,
    (v) => `(${v}[0] ?? 0)`,
  ),
  rev: listed(
    (v) => v.toReversed(),
    (v) => `${v}[::-1]`,
    (v) => `[...${v}].reverse()`,
  ),
  sort: listed(
    (v) => v.toSorted((a, b) => a - b),
    (v) => `sorted(${v})`,
    (v) => `[...${v}].sort((a, b) => a - b)`,
  ),
  tail: listed(
    (v) => v.slice(1),
    (v) => `${v}[1:]`,
    (v) => `${v}.slice(1)`,
  ),
  evens: listed(
    (v) => v.filter((one) => one % 2 === 0),
    (v) => `[v for v in ${v} if v % 2 == 0]`,
    (v) => `${v}.filter((v) => v % 2 === 0)`,
  ),
  take: listed(
    (v, k) => v.slice(0, k),
    (v, k) => `${v}[:${k}]`,
    (v, k) => `${v}.slice(0, ${k})`,
    SMALL,
  ),
  plus: listed(
    (v, k) => v.map((one) => one + k),
    (v, k) => `[v + ${k} for v in ${v}]`,
    (v, k) => `${v}.map((v) => v + ${k})`,
    SMALL,
  ),
  times: listed(
    (v, k) => v.map((one) => one * k + 0),
    (v, k) => `[v * ${k} for v in ${v}]`,
    (v, k) => `${v}.map((v) => v * ${k} + 0)`,
    [2, 3, 5],
  ),
  upto: {
    takes: ['int'],
    gives: 'list',
    constants: null,
    apply: (_, [a = 0]) => Array.from({ length: mod(a, 8) }, (_none, i) => i),
    python: (_, [a]) => `list(range(${a} % 8))`,
    javascript: (_, [a]) => `Array.from({ length: ((${a} % 8) + 8) % 8 }, (_, i) => i)`,
  },
  cat: {
    takes: ['list', 'list'],
    gives: 'list',
    constants: null,
    apply: (_, __, [a = [], b = []]) => [...a, ...b],
    python: (_, [a, b]) => `(${a} + ${b})`,
    javascript: (_, [a, b]) => `[...${a}, ...${b}]`,
  },
};

/** One primitive by its name; undefined for any other word. */
export function primitive(name: string): Primitive | undefined {
  return Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
}

type Write2 = (a: string, b: string) => string;

function binary(
  apply: (a: number, b: number) => number,
  python: Write2,
  javascript: Write2 = python,
): Primitive {
  return {
    takes: ['int', 'int'],
    gives: 'int',
    constants: null,
    apply: (_, [a = 0, b = 0]) => apply(a, b),
    python: (_, [a = '', b = '']) => python(a, b),
    javascript: (_, [a = '', b = '']) => javascript(a, b),
  };
}

type Write = (v: string, k: number) => string;

function ofList(apply: (v: readonly number[]) => number, python: Write, javascript: Write): Primitive {
  return { ...fromList((v) => apply(v), python, javascript, null), gives: 'int' };
}

function listed(
  apply: (v: readonly number[], k: number) => readonly number[],
  python: Write,
  javascript: Write,
  constants: readonly number[] | null = null,
): Primitive {
  return { ...fromList(apply, python, javascript, constants), gives: 'list' };
}

function fromList(
  apply: (v: readonly number[], k: number) => DslValue,
  python: Write,
  javascript: Write,
  constants: readonly number[] | null,
): Omit<Primitive, 'gives'> {
  return {
    takes: ['list'],
    constants,
    apply: (k, _, [v = []]) => apply(v, k),
    python: (k, [v = '']) => python(v, k),
    javascript: (k, [v = '']) => javascript(v, k),
  };
}
