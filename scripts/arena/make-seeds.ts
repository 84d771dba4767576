/**
 * Makes src/arena/seeds/data.ts: `node scripts/arena/make-seeds.ts`. The seeds are drawn from the small language with a
 * fixed seed, from short to long, so that a season begins with tasks of every size.
 */
import { writeFileSync } from 'node:fs';
import { argumentType, evaluate, sizeOf } from '../../src/arena/dsl/expression.ts';
import type { DslType, DslValue } from '../../src/arena/dsl/primitives.ts';
import { noteOf, textOf } from '../../src/arena/dsl/program.ts';
import { randomExpression, randomValue } from '../../src/arena/dsl/random-program.ts';
import { below, pick, seededRandom } from '../../src/arena/random.ts';
import { MODES } from '../../src/arena/settings.ts';

const COUNT = 64;
const INPUTS = 10;
const MAX_SIZE = 9;
const TYPES: readonly DslType[] = ['int', 'list'];

const random = seededRandom(64);
const seen = new Set<string>();

/** A program that looks at its argument, with inputs on which it does different things; null when chance gave none. */
function drawn(
  count: number,
): { readonly note: string; readonly size: number; readonly inputs: string[] } | null {
  const depth = 2 + below(3, random);
  const expression = randomExpression(
    pick(TYPES, random) ?? 'int',
    pick(TYPES, random) ?? 'list',
    depth,
    random,
  );
  const type = argumentType(expression);
  const note = noteOf(expression);
  if (type === undefined || sizeOf(expression) < 2 || sizeOf(expression) > MAX_SIZE || seen.has(note))
    return null;
  const calls = new Map<string, string>();
  for (let i = 0; i < 20 * count && calls.size < count; i += 1) {
    const input: DslValue = randomValue(type, random);
    const output = evaluate(expression, input, { left: 1_000 });
    if (output !== null && textOf(output) !== textOf(input)) calls.set(textOf(input), textOf(output));
  }
  const varied = count === 1 || new Set(calls.values()).size > count / 2;
  if (calls.size < count || !varied) return null;
  seen.add(note);
  return { note, size: sizeOf(expression), inputs: [...calls.keys()] };
}

const lines = MODES.map((mode) => {
  const chosen = [];
  while (chosen.length < COUNT) {
    const one = drawn(mode === 'induction' ? INPUTS : 1);
    if (one !== null) chosen.push(one);
  }
  chosen.sort((a, b) => a.size - b.size);
  const rows = chosen.map(({ note, inputs }) => `    '${[note, ...inputs].join(' | ')}',`);
  return `  ${mode}: [\n${rows.join('\n')}\n  ],`;
});

writeFileSync(
  new URL('../../src/arena/seeds/data.ts', import.meta.url),
  `/** Made by scripts/arena/make-seeds.ts: programs of the small language, each with its inputs behind it, by mode. */
export const SEEDS: Readonly<Record<'deduction' | 'abduction' | 'induction', readonly string[]>> = {
${lines.join('\n')}
};
`,
);
