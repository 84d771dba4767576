import { beforeAll, expect, test } from 'vitest';

import type { Engine, RunOutcome, RunRequest } from '../../src/sandbox/port.ts';
import { HOSTILE_JAVASCRIPT } from './hostile-javascript.ts';
import { builtJavaScript, runWith } from './rig.ts';

let engine: Engine;
let benign: RunOutcome;
const BENIGN = 'function f() { return [[2].map((x) => x + 1)[0], typeof leak] }';

beforeAll(async () => {
  engine = await builtJavaScript();
  benign = await run(BENIGN);
  expect(benign.value).toBe('[{"f":"3"},"undefined"]');
}, 120_000);

function run(code: string, request: Partial<RunRequest> = {}): Promise<RunOutcome> {
  return runWith(engine, { language: 'javascript', code, ...request });
}

test('values go in and come out with their types', async () => {
  const given = [
    '{"f":"2"}',
    '"a\\u2028\\ud83d\\ude00"',
    '[null,true]',
    '{"d":[["k",{"i":"90071992547409931"}]]}',
  ];
  const { verdict, value } = await run(
    'function f(a, b, c, d) { return { b, a: a * 2, c, d, e: -0, n: NaN } }',
    {
      input: { values: given },
    },
  );
  expect(verdict).toBe('value');
  expect(value).toBe(
    `{"d":[["a",{"f":"4"}],["b",${JSON.stringify('a\u2028😀')}],["c",[null,true]],` +
      '["d",{"d":[["k",{"i":"90071992547409931"}]]}],["e",{"f":"-0"}],["n",{"f":"nan"}]]}',
  );
});

test('an expression is what stands between the parentheses', async () => {
  const code = 'const f = (...all) => all.length';
  expect(await run(code, { input: { expression: '1, [2, 3], "x" // three' } })).toMatchObject({
    value: '{"f":"3"}',
  });
  expect(await run(code, { input: { expression: '1], [2' } })).toMatchObject({ verdict: 'error' });
  expect(await run(code, { input: { expression: '1, (2' } })).toMatchObject({ verdict: 'syntax' });
});

test.each([
  ['function f() { return undefined }', 'not-data', 'undefined is no plain data'],
  ['function f() { return () => 1 }', 'not-data', 'function is no plain data'],
  ['async function f() { return 1 }', 'not-data', 'an object of a class is no plain data'],
  [
    'function f() { const a = []; a.push(a); return a }',
    'not-data',
    'nested deeper than 100 is no plain data',
  ],
  ['function f( {', 'syntax', 'SyntaxError'],
  ['const g = 1', 'error', "'f' is not defined"],
  ['const f = 1', 'error', 'f is not a function'],
  ['function f() { throw new TypeError("no") }', 'error', 'TypeError: no'],
  ['function f() { throw "words" }', 'error', 'words'],
  ['function f() { throw { get name() { for (;;); } } }', 'fuel', 'out of fuel'],
  ['let n = 0; function f() { return n++ }', 'unstable', undefined],
])('%s ends as %s', async (code, verdict, message) => {
  const outcome = await run(code, { calls: 2 });
  expect(outcome.verdict).toBe(verdict);
  if (message !== undefined) expect(outcome.message).toContain(message);
  expect(outcome.value).toBeUndefined();
});

test.each(Object.entries(HOSTILE_JAVASCRIPT))('hostile: %s', async (_, { code, ends, value }) => {
  const outcome = await run(code);
  expect(outcome.verdict, outcome.message).toBe(ends);
  if (value !== undefined) expect(outcome.value).toBe(JSON.stringify(value));
  // The next run finds nothing of it, and costs what it did before.
  expect(await run(BENIGN)).toEqual(benign);
});

test('the same program takes the same fuel every time, to its end or not', async () => {
  for (const code of [
    'function f() { return [3, 1, 2].sort().map((x) => x ** 2) }',
    'function f() { for (;;); }',
    "function f() { return JSON.parse('['.repeat(1e5) + ']'.repeat(1e5)) }",
  ]) {
    const first = await run(code);
    for (let i = 0; i < 5; i++) expect(await run(code)).toEqual(first);
  }
});

test('recursion goes deeper than Python lets it by default, and its end can be caught', async () => {
  const deep = (n: number) => `function g(n) { return n === 0 ? 0 : 1 + g(n - 1) } const f = () => g(${n})`;
  expect(await run(deep(1_700))).toMatchObject({ value: '{"f":"1700"}' });
  expect(await run(deep(5_000))).toMatchObject({ verdict: 'stack' });
  const fill = `
    const grid = Array.from({ length: 1600 }, () => [1]);
    function fill(y, x) {
      if (!grid[y]?.[x]) return 0;
      grid[y][x] = 0;
      return 1 + fill(y + 1, x) + fill(y - 1, x) + fill(y, x + 1) + fill(y, x - 1);
    }
    const f = () => fill(0, 0)`;
  expect(await run(fill)).toMatchObject({ value: '{"f":"1600"}' });
  const caught = 'function g() { g() } const f = () => { try { g() } catch (e) { return e.message } }';
  expect(await run(caught)).toMatchObject({ value: '"stack overflow"' });
});

test('more fuel lets a run end that less does not', async () => {
  const code = 'function f() { let n = 0; for (let i = 0; i < 1e5; i++) n += i; return n }';
  const { verdict, fuel } = await run(code);
  expect(verdict).toBe('value');
  expect(await run(code, { fuel })).toMatchObject({ verdict: 'value', fuel });
  expect(await run(code, { fuel: fuel - 1 })).toMatchObject({ verdict: 'fuel', fuel: fuel - 1 });
});
