/**
 * Goal: a text is read exactly where `ast.literal_eval` reads it, as the same value. Method: a table that CPython
 * answered (test/vectors), then as many random texts as a second of CPython answers, where there is a python3.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { sameAsPython, sameTyped } from '../../src/values/python-equality.ts';
import { canonicalPython, pythonRepr } from '../../src/values/python-print.ts';
import { readPython, readPythonArguments, readPythonOutput } from '../../src/values/python-read.ts';

const answerSchema = z.object({ repr: z.string().nullable(), canonical: z.string() }).nullable();
const vectors = z
  .object({
    literals: z.array(z.object({ text: z.string(), answer: answerSchema })),
    pairs: z.array(z.object({ a: z.string(), b: z.string(), equal: z.boolean() })),
  })
  .parse(JSON.parse(readFileSync(new URL('../vectors/python_literals.json', import.meta.url), 'utf8')));

/** What ours makes of a text, in the words of the table. */
function ours(text: string): { repr: string; canonical: string } | null {
  const read = readPython(text);
  return read.ok ? { repr: pythonRepr(read.value), canonical: canonicalPython(read.value) } : null;
}

/** A repr that CPython does not promise (the order of a set) is not compared. */
function agreeing(text: string, theirs: z.infer<typeof answerSchema>): unknown {
  const own = ours(text);
  if (theirs === null || own === null) return own;
  return { canonical: own.canonical, repr: theirs.repr === null ? null : own.repr };
}

function value(text: string) {
  const read = readPython(text);
  if (!read.ok) throw new Error(`${text}: ${read.problem}`);
  return read.value;
}

describe('readPython() reads', () => {
  for (const { text, answer } of vectors.literals) {
    const name = text.length > 60 ? `${text.slice(0, 10)}… (${text.length})` : text;
    test(`${JSON.stringify(name)} as CPython does`, () => {
      expect(agreeing(text, answer)).toEqual(answer);
    });
  }

  test('nothing that would have to be evaluated', () => {
    for (const text of ['eval(gold_output)', '5 + 5', '__import__("os")', 'f(1)', '[].append(1)']) {
      expect(readPython(text).ok, text).toBe(false);
    }
  });

  test('what differs from CPython is refused, never read as another value', () => {
    for (const text of [
      "'\\N{BULLET}'",
      "'\\ud83d\\ude00'",
      "'\\ud83d' '\\ude00'",
      `0x${'f'.repeat(4000)}`,
      "'\ud800'",
    ]) {
      expect(readPython(text).ok, text).toBe(false);
    }
  });
});

describe('sameAsPython()', () => {
  for (const { a, b, equal } of vectors.pairs) {
    test(`${a} == ${b} is ${equal}`, () => {
      expect(sameAsPython(value(a), value(b))).toBe(equal);
      expect(sameAsPython(value(b), value(a))).toBe(equal);
    });
  }

  test('holds a NaN for equal to nothing, itself included', () => {
    const nan = readPythonOutput('[nan]');
    expect(nan.ok && sameAsPython(nan.value, nan.value)).toBe(false);
    expect(nan.ok && sameTyped(nan.value, nan.value)).toBe(true);
  });
});

test('sameTyped() tells 1, 1.0 and True apart, 0.0 and -0.0, lists and tuples', () => {
  const texts = [
    '1',
    '1.0',
    'True',
    '1j',
    "'1'",
    "b'1'",
    '[1]',
    '(1,)',
    '{1}',
    '0.0',
    '-0.0',
    '0',
    'False',
    'None',
  ];
  for (const a of texts) {
    for (const b of texts) expect(sameTyped(value(a), value(b)), `${a} ${b}`).toBe(a === b);
  }
  expect(sameTyped(value('{2, 1}'), value('{1, 2}'))).toBe(true);
  expect(sameTyped(value("{'a': 1, 'b': 2}"), value("{'b': 2, 'a': 1}"))).toBe(true);
});

describe('readPythonArguments()', () => {
  test.each([
    ['', []],
    ['3, 4', ['3', '4']],
    ["'John', {'age': 20}", ["'John'", "{'age': 20}"]],
    ['(1, 2)', ['(1, 2)']],
    ['1, # one\n', ['1']],
  ])('reads %j', (text, expected) => {
    const read = readPythonArguments(text);
    expect(read.ok && read.value.map(pythonRepr)).toEqual(expected);
  });

  test.each([
    ['0, 0) or (True'],
    ['1), (2'],
    ['*[1]'],
    ['a=1'],
    ['1)('],
    [','],
    ['1; 2'],
    ['x'],
    ["'a' if 1 else 2"],
  ])('refuses %j', (text) => {
    expect(readPythonArguments(text).ok).toBe(false);
  });
});

test('readPythonOutput() reads back every canonical form, with what repr writes beside literals', () => {
  for (const text of [
    'inf',
    '-inf',
    'nan',
    '[nan, -inf]',
    'frozenset({1, 2})',
    'frozenset()',
    'Ellipsis',
    'set()',
    '(inf+nanj)',
  ]) {
    const read = readPythonOutput(text);
    expect(read.ok && canonicalPython(read.value), text).toBe(text);
    const nested = readPythonOutput(`[${text}]`);
    expect(nested.ok && canonicalPython(nested.value)).toBe(`[${text}]`);
  }
  expect(readPythonOutput('frozenset([1])').ok).toBe(false);
  expect(readPythonOutput('<object object at 0x7f>').ok).toBe(false);
});

const SCRIPT = fileURLToPath(new URL('../vectors/make/python_canonical.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** What a literal is made of, and what nearly is one. */
const FRAGMENTS = [
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    ',',
    ':',
    '+',
    '-',
    '.',
    '...',
    ' ',
    '\n',
    '\t',
    '#',
    '\\',
    '\\\n',
    '\r\n',
  ],
  ...[
    '0',
    '1',
    '9',
    '07',
    '1_0',
    '1.5',
    '.5',
    '1e3',
    '1e-7',
    '2j',
    '0x1f',
    '0b1',
    '0o7',
    '1e400',
    '_',
    'e',
    'j',
    'x',
  ],
  ...['None', 'True', 'False', 'set()', 'set', 'nan', 'f', 'b', 'r', 'u', 'R', "'", '"', "'''", '"""'],
  ...[
    "'a'",
    '"b"',
    "b'c'",
    "r'\\d'",
    "'\\n'",
    "'\\x41'",
    "'\\u00e9'",
    "'é'",
    "'😀'",
    "'\\ud800'",
    "'\\101'",
    "'\\q'",
  ],
];
const soup = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 }).map((parts) => parts.join(''));
const { literal } = fc.letrec<{ literal: string }>((tie) => ({
  literal: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      '1',
      '-1',
      '1.0',
      'True',
      'None',
      "'a'",
      '"\'"',
      "b'a'",
      '1j',
      '1-2j',
      '...',
      '0.1',
      '0',
      '-0.0',
      'set()',
    ),
    fc
      .double()
      .filter(Number.isFinite)
      .map((number) => String(number)),
    fc.bigInt().map(String),
    // Assigned in every version of Unicode that is about: what is printable beyond them differs between engines.
    fc
      .array(fc.integer({ min: 0, max: 0x2ff }))
      .map((units) => JSON.stringify(String.fromCodePoint(...units))),
    fc.array(tie('literal'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(tie('literal'), { maxLength: 4 })
      .map((items) => `(${items.join(',')}${items.length === 1 ? ',' : ''})`),
    fc.array(tie('literal'), { minLength: 1, maxLength: 4 }).map((items) => `{${items.join(',')}}`),
    fc
      .array(fc.tuple(tie('literal'), tie('literal')), { maxLength: 3 })
      .map((members) => `{${members.map(([key, member]) => `${key}: ${member}`).join(',')}}`),
  ),
}));

test.skipIf(!hasPython)('readPython() agrees with CPython on random texts', () => {
  const texts = fc.sample(fc.oneof(soup, literal), { numRuns: 8_000, seed: 20_261_124 });
  const output = execFileSync('python3', ['-B', '-I', SCRIPT], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
  });
  const answers = z.array(answerSchema).parse(JSON.parse(output));
  const accepted = answers.filter((answer) => answer !== null).length;
  expect(accepted).toBeGreaterThan(2_000);
  expect(answers.length - accepted).toBeGreaterThan(2_000);
  const differing = texts.flatMap((text, i) => {
    const theirs = answers[i] ?? null;
    const own = agreeing(text, theirs);
    return JSON.stringify(own) ===
      JSON.stringify(theirs === null ? null : { canonical: theirs.canonical, repr: theirs.repr })
      ? []
      : [{ text, own, theirs }];
  });
  expect(differing).toEqual([]);
});
