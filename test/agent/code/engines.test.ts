/**
 * Goal: what the `code` agent answers is what the languages themselves write. Method: the sandbox' own engines under Node;
 * CPython is asked for the `repr` of the values it returns. Does not prove: the way there and back (test/e2e).
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { codeRuntime } from '../../../src/agent/code/code.ts';
import type { Runtime } from '../../../src/agent/runtime.ts';
import { JobError } from '../../../src/errors.ts';
import { readPython } from '../../../src/values/python-read.ts';
import { nodeSandbox } from '../../support/node-sandbox.ts';
import { recordingContext, taskOf } from '../../support/tasks.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = codeRuntime(await nodeSandbox());
}, 180_000);

async function run(language: 'python' | 'javascript', program: string, input?: string) {
  const text = JSON.stringify({ language, program, ...(input === undefined ? {} : { input }) });
  try {
    return await runtime.run(taskOf('code', text), recordingContext());
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
}

const IMPORTS = 'from collections import Counter, OrderedDict, defaultdict, deque\n';

test.each([
  'None, True, ..., 10**30, -5',
  '0.1, -0.0, 1e16, 1e-5, float("inf"), float("nan"), 1e22',
  '3j, 1+2j, -1j, complex(-0.0, 1)',
  `"it's", 'say "hi"', 'both \\' and "', "\\n\\t\\\\\\x00\\x7f\\u00e9\\u2028\\U0001f600\\ud800"`,
  `b"\\x00'\\xff", b'"'`,
  '(), (1,), (1, 2), [], [[1], (2,)]',
  '{}, {2: "b", 10: "a", 1: "c"}, {(1, 2): {3: [4]}}',
  'set(), frozenset(), {3}, frozenset({"x"}), {3, 1, 2}',
  'deque([1, (2,)]), deque()',
  'Counter("mississippi"), Counter(), Counter({"a": 0.5, "b": 2})',
  'OrderedDict([("b", 1), ("a", 2)]), OrderedDict()',
  'defaultdict(None, {"b": 1, "a": 2})',
])('Python: the answer is the repr of %s', async (items) => {
  const shown = await run('python', `${IMPORTS}def f(): return (${items},)`);
  const repr = await run('python', `${IMPORTS}def f(): return repr((${items},))`);
  // A text is answered by its own repr, which is read back here.
  const read = readPython('content' in repr ? repr.content : '');
  expect(shown).toMatchObject({ content: read.ok && read.value.type === 'str' ? read.value.value : '' });
});

describe('JavaScript: the answer is the JSON of the value', () => {
  test.each([
    ['[1, -2.5, 1e21, 1e-7, "é\\n\\u2028", null, true]'],
    ['({ z: { b: [] }, a: {} , 10: 1, 2: 2 })'],
    ['"just text"'],
    ['null'],
  ])('%s', async (expression) => {
    const value = await run('javascript', `const f = () => ${expression};`);
    const json = await run('javascript', `const f = () => JSON.stringify(${expression});`);
    expect(value).toMatchObject({ content: 'content' in json ? JSON.parse(json.content) : '' });
  });

  test.each(['NaN', '1n', 'undefined', 'new Map()', '(() => 1)'])('%s is no data', async (expression) => {
    expect(await run('javascript', `const f = () => ${expression};`)).toMatchObject({
      code: 'BAD_REQUEST',
      details: { verdict: 'not-data' },
    });
  });
});

test('a program sees its input as it was written', async () => {
  const order = 'def f(d, *rest, **named): return [*d, rest, named]';
  expect(await run('python', order, "{'b': 1, 'a': 2}, 3")).toMatchObject({
    content: "['b', 'a', (3,), {}]",
  });
  expect(await run('python', order, 'dict(z=1), *range(2), k=[0] * 3')).toMatchObject({
    content: "['z', (0, 1), {'k': [0, 0, 0]}]",
  });
  expect(await run('javascript', 'const f = (o) => Object.keys(o)', '[{"b":1,"a":2}]')).toMatchObject({
    content: '["b","a"]',
  });
});

test('the same program costs the same', async () => {
  const sum = 'def f(n): return sum(range(n))';
  const [first, second] = [await run('python', sum, '1000'), await run('python', sum, '1000')];
  expect(first).toEqual(second);
  expect(first).toMatchObject({ content: '499500', fuel: expect.any(Number) });
});

test.each([
  [
    'an exception',
    'class Odd(Exception): pass\ndef f(): raise Odd("so: it is")',
    { code: 'BAD_REQUEST', details: { verdict: 'error', type: 'Odd', message: 'so: it is' } },
  ],
  ['a syntax error', 'def f(:', { code: 'BAD_REQUEST', details: { verdict: 'syntax' } }],
  [
    'what is not allowed',
    'import socket\ndef f(): pass',
    { code: 'BAD_REQUEST', details: { verdict: 'refused' } },
  ],
  [
    'no end',
    'def f():\n while True:\n  try:\n   while True: pass\n  except BaseException: pass',
    { code: 'TIMEOUT', details: { verdict: 'fuel', limit: 'fuel' } },
  ],
  [
    'too much memory',
    'def f(): return len([0] * 10**9)',
    { code: 'CONTENT_TOO_LARGE', details: { limit: 'memory' } },
  ],
  [
    'too much print',
    'def f(): print("x" * 100_000)',
    { code: 'CONTENT_TOO_LARGE', details: { limit: 'output' } },
  ],
  ['too deep', 'def f(): return f()', { code: 'CONTENT_TOO_LARGE', details: { limit: 'stack' } }],
  ['no f', 'g = 1', { code: 'BAD_REQUEST', details: { verdict: 'error', type: 'NameError' } }],
])('Python: %s', async (_, program, failure) => {
  expect(await run('python', program)).toMatchObject(failure);
});

test('what was printed before the end is told with it', async () => {
  expect(await run('python', 'def f():\n print("almost")\n return 1/0')).toMatchObject({
    code: 'BAD_REQUEST',
    details: { type: 'ZeroDivisionError', printed: 'almost\n', printed_bytes: 7 },
  });
});
