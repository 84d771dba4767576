/** The baseline's small language: it has to mean the same here, in Python and in JavaScript, or its arena is a fiction. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  argumentType,
  composed,
  type Expression,
  evaluate,
  sizeOf,
  typeOf,
  X,
} from '../../src/arena/dsl/expression.ts';
import { PRIMITIVES } from '../../src/arena/dsl/primitives.ts';
import { expressionOf, inputOf, programOf, readValue, textOf } from '../../src/arena/dsl/program.ts';
import { joined, mutated, randomExpression, randomValue } from '../../src/arena/dsl/random-program.ts';
import { findInput, synthesize } from '../../src/arena/dsl/search.ts';
import { seededRandom } from '../../src/arena/random.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Programs with inputs and what they come to here: every word in it many times. */
function cases() {
  const random = seededRandom(20_261_124);
  const types = ['int', 'list'] as const;
  return Array.from({ length: 600 }, (_, i) => {
    const argument = types[i % 2] ?? 'int';
    const expression = randomExpression(types[(i >> 1) % 2] ?? 'int', argument, 5, random);
    const input = randomValue(argument, random);
    return { expression, input, output: evaluate(expression, input, { left: 10_000 }) };
  }).filter(({ output }) => output !== null);
}

const samples = cases();

test('the samples use every word', () => {
  const notes = samples.map(({ expression }) => programOf(expression, 'python').split('\n')[0]).join('\n');
  for (const name of Object.keys(PRIMITIVES)) expect(notes).toContain(`(${name} `);
  expect(samples.length).toBeGreaterThan(400);
});

const RUN_PYTHON = `
import json, sys
for program, argument in json.load(sys.stdin):
    scope = {}
    exec(program, scope)
    print(json.dumps(scope["f"](argument)))
`;
const RUN_JAVASCRIPT = `
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
for (const [program, argument] of cases) console.log(JSON.stringify(new Function(program + '; return f;')()(argument)));
`;

test.each([
  ['python', 'python3', ['-I', '-c', RUN_PYTHON]],
  ['javascript', process.execPath, ['-e', RUN_JAVASCRIPT]],
] as const)('%s says the same', (language, command, args) => {
  if (language === 'python' && !hasPython) return;
  const asked = samples.map(({ expression, input }) => [programOf(expression, language), input]);
  const lines = execFileSync(command, [...args], { input: JSON.stringify(asked), encoding: 'utf8' })
    .trim()
    .split('\n');
  const values = lines.map((line) => z.union([z.number(), z.array(z.number())]).parse(JSON.parse(line)));
  expect(values).toEqual(samples.map(({ output }) => output));
});

describe('programs', () => {
  test('are read back by their first line, and nothing else is', () => {
    for (const { expression } of samples) {
      const read = expressionOf(programOf(expression, 'javascript'));
      if (argumentType(expression) === undefined) expect(read).toBeNull();
      else expect(read).toEqual(expression);
    }
    for (const text of [
      'def f(x):\n    return x',
      '# (add 0 n',
      '# (add 0 v n)',
      '# (nothing 0 n)',
      '# (rev 0 n)',
      '# (add 0 n n) n',
      `# ${'(len 0 '.repeat(500)}v`,
    ]) {
      expect(expressionOf(text), text).toBeNull();
    }
  });

  test('values have one text in both languages', () => {
    expect([textOf([1, -2]), inputOf([1, -2], 'python'), inputOf(3, 'javascript')]).toEqual([
      '[1, -2]',
      '[1, -2]',
      '[3]',
    ]);
    expect([
      readValue('[1, -2]'),
      readValue('-3'),
      readValue('[]'),
      readValue('1.5'),
      readValue("'a'"),
    ]).toEqual([[1, -2], -3, [], null, null]);
  });
});

describe('new expressions', () => {
  test('mutated() and joined() keep types', () => {
    const random = seededRandom(2);
    for (const { expression } of samples.slice(0, 200)) {
      if (argumentType(expression) === undefined) continue;
      expect(typeOf(mutated(expression, random))).toBe(typeOf(expression));
      const both = joined(expression, X.list);
      if (both !== null) expect(['int', 'list']).toContain(typeOf(both));
    }
  });

  test('evaluate() ends: by fuel, by the length of lists, by the size of numbers', () => {
    let doubled: Expression = X.list;
    let squared: Expression = X.int;
    for (let i = 0; i < 12; i += 1) {
      doubled = composed({ op: 'call', name: 'cat', k: 0, args: [X.list, X.list] }, doubled);
      squared = composed({ op: 'call', name: 'mul', k: 0, args: [X.int, X.int] }, squared);
    }
    expect(evaluate(doubled, [1], { left: 1_000_000 })).toBeNull();
    expect(evaluate(squared, 10, { left: 1_000_000 })).toBeNull();
    expect(evaluate(X.int, 1, { left: 0 })).toBeNull();
  });
});

describe('search', () => {
  const call = (name: string, k: number, ...args: Expression[]): Expression => ({
    op: 'call',
    name,
    k,
    args,
  });
  const inputs = [[3, 1, 2], [5], [], [-4, 0, 9, 2]];
  const outputsOf = (expression: Expression) =>
    inputs.map((input) => evaluate(expression, input, { left: 1_000 }) ?? 0);

  test('synthesize() finds a small program that does the same', () => {
    const target = call('sum', 0, call('times', 2, call('tail', 0, X.list)));
    const found = synthesize(inputs, outputsOf(target), [], 20_000);
    expect(found).not.toBeNull();
    if (found === null) return;
    expect(outputsOf(found)).toEqual(outputsOf(target));
    expect(sizeOf(found)).toBeLessThanOrEqual(sizeOf(target));
  });

  test('synthesize() gives up within its bound, and reaches further with what is published', () => {
    const part = call('plus', 3, call('times', 3, call('tail', 0, X.list)));
    const target = call('sum', 0, part);
    const bound = 400;
    expect(synthesize(inputs, outputsOf(target), [], bound)).toBeNull();
    const found = synthesize(inputs, outputsOf(target), [part], bound);
    expect(found === null ? null : outputsOf(found)).toEqual(outputsOf(target));
  });

  test('findInput() gives an input that does it, or null', () => {
    const total = call('sum', 0, X.list);
    const input = findInput(total, 'list', 7, 500, seededRandom(1));
    expect(input === null ? null : evaluate(total, input, { left: 100 })).toBe(7);
    expect(findInput(total, 'list', 7, 0, seededRandom(1))).toBeNull();
    expect(findInput(call('len', 0, X.list), 'list', -1, 200, seededRandom(1))).toBeNull();
  });
});
