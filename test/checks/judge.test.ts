/** What each kind of check runs for an answer, and what it says of it. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../src/checks/check.ts';
import { commitmentOf, openCheck } from '../../src/checks/hidden.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import { planOf } from '../../src/checks/plan.ts';
import { judgeAll } from '../../src/checks/run.ts';
import type { Verdict } from '../../src/checks/verdict.ts';
import type { Json } from '../../src/errors.ts';
import { failing, type Script, scriptedExecutor } from '../support/scripted-executor.ts';

const never = new AbortController().signal;
const SALT = 'ab'.repeat(32);
const LINEAR = 'def f(a, b):\n    return a * 2 + b';
const DOUBLE = 'function f(a) { return a * 2; }';

/** a * 2 + b over the canonical texts of two ints. */
const linear: Script = (input) => {
  const [, a, b] = /^(-?\d+), (-?\d+)$/.exec(input) ?? [];
  return a === undefined ? failing('exception', 'TypeError') : String(Number(a) * 2 + Number(b));
};
const double: Script = (input) => String(Number(input.slice(1, -1)) * 2);

async function judged(
  check: Check,
  answer: string,
  programs: Readonly<Record<string, Script>>,
  content?: Json,
): Promise<Verdict> {
  const revealed = content === undefined ? null : { salt: SALT, content };
  const open = openCheck(check, revealed);
  const { verdicts } = await judgeAll(scriptedExecutor(programs), [planOf(open, answer)], never);
  const [verdict] = verdicts;
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const python = { language: 'python', program: LINEAR } as const;

describe('deduction', () => {
  const check = parseCheck({ ...python, mode: 'deduction', input: '3, 4' });

  test.each([
    ['```output\n10\n```', 'passed'],
    ['Step by step.\n```python\nf(3, 4)\n```\nso\n```output\n9\n```\nno:\n```output\n10\n```', 'passed'],
    ['10', 'passed'],
    ['The output is 10.', 'passed'],
    ['10.0', 'passed'],
    ['11', 'wrong'],
    ["'10'", 'wrong'],
    ['5 + 5', 'unreadable'],
    ['', 'unreadable'],
    ['```output\n10', 'unreadable'],
  ])('%j is %s', async (answer, code) => {
    expect(await judged(check, answer, { [LINEAR]: linear })).toMatchObject({
      code,
      passed: code === 'passed',
    });
  });

  test('runs the program in two fresh instances on the input, and nothing of the answer', async () => {
    const executor = scriptedExecutor({ [LINEAR]: linear });
    await judgeAll(executor, [planOf(openCheck(check, null), '```output\n10\n```')], never);
    const execution = { language: 'python', program: LINEAR, input: '3, 4', fuel: 50_000_000 };
    expect(executor.seen).toEqual([execution, execution]);
  });

  test('with the same types asked for, 10.0 is not 10', async () => {
    const typed = parseCheck({ ...python, mode: 'deduction', input: '3, 4', equality: 'typed' });
    expect((await judged(typed, '10.0', { [LINEAR]: linear })).code).toBe('wrong');
    expect((await judged(typed, '10', { [LINEAR]: linear })).code).toBe('passed');
  });

  test('a program that fails is held against the check, not against the answer', async () => {
    const verdict = await judged(check, '10', { [LINEAR]: () => failing('fuel', 'too much work') });
    expect(verdict).toMatchObject({ code: 'broken', passed: false, score: 0 });
  });

  test('instances that disagree break the check', async () => {
    let runs = 0;
    const verdict = await judged(check, '1', { [LINEAR]: () => String(++runs) });
    expect(verdict).toMatchObject({ code: 'broken', detail: 'nondeterministic: fresh instances disagree' });
  });

  test('a set may be printed in any order, by the instances and in the answer', async () => {
    const orders = ['{1, 2, 3}', '{3, 2, 1}'];
    const verdict = await judged(check, '{2, 3, 1}', { [LINEAR]: () => orders.shift() ?? '' });
    expect(verdict.code).toBe('passed');
  });
});

describe('abduction', () => {
  const check = parseCheck({ ...python, mode: 'abduction', output: '10' });

  test.each([
    ['```input\n3, 4\n```', 'passed'],
    ['```input\n5, 0\n```', 'passed'],
    ['input(5, 0)', 'passed'],
    ['```input\n5, 1\n```', 'wrong'],
    ['```input\n5\n```', 'wrong'],
    ['a, b', 'unreadable'],
  ])('%j is %s', async (answer, code) => {
    expect((await judged(check, answer, { [LINEAR]: linear })).code).toBe(code);
  });
});

describe('JavaScript', () => {
  test('takes inputs as JSON and compares JSON', async () => {
    const check = parseCheck({ mode: 'deduction', language: 'javascript', program: DOUBLE, input: [21] });
    expect((await judged(check, '```json\n42\n```', { [DOUBLE]: double })).code).toBe('passed');
    expect((await judged(check, '"42"', { [DOUBLE]: double })).code).toBe('wrong');
    expect((await judged(check, '-0', { [DOUBLE]: double })).code).toBe('unreadable');
  });

  test('keeps true and 1 apart', async () => {
    const check = parseCheck({ mode: 'deduction', language: 'javascript', program: DOUBLE, input: '[1]' });
    expect((await judged(check, 'true', { [DOUBLE]: () => '1' })).code).toBe('wrong');
  });
});

describe('induction and tests', () => {
  const hidden = {
    tests: [
      { input: '9, 1', output: '19' },
      { input: '-3, 4', output: '-2' },
    ],
  };
  const contract = {
    language: 'python',
    mode: 'induction',
    examples: [{ input: '1, 2', output: '4' }],
    commitment: commitmentOf({ salt: SALT, content: hidden }),
  };
  const programs = {
    right: linear,
    nineteen: () => '19',
    // Knows the example that is shown, and only that.
    lookup: (input: string) => (input === '1, 2' ? '4' : failing('exception', 'KeyError')),
  };

  test.each([
    ['```python\nright\n```', 'passed', 1],
    ['```python\nwrong\n```\n```python\nright\n```', 'passed', 1],
    ['nineteen', 'wrong', 0.5],
    ['lookup', 'wrong', 0],
    ['no program', 'wrong', 0],
    ['', 'unreadable', 0],
  ])('%j is %s, score %d', async (answer, code, score) => {
    expect(await judged(parseCheck(contract), answer, programs, hidden)).toMatchObject({ code, score });
  });

  test('a threshold lets a share of the hidden tests do', async () => {
    const lenient = parseCheck({ ...contract, threshold: 0.5 });
    expect(await judged(lenient, 'nineteen', programs, hidden)).toMatchObject({ code: 'passed', score: 0.5 });
    expect((await judged(lenient, 'lookup', programs, hidden)).code).toBe('wrong');
  });

  test('the detail names no hidden value', async () => {
    const { detail } = await judged(parseCheck(contract), 'nineteen', programs, hidden);
    expect(detail).not.toMatch(/-2|-3/);
  });

  test('tests are judged by those that are shown where none is hidden', async () => {
    const open = parseCheck({ language: 'python', mode: 'tests', tests: contract.examples });
    expect((await judged(open, 'lookup', programs)).code).toBe('passed');
    expect((await judged(open, 'nineteen', programs)).code).toBe('wrong');
  });
});

describe('verifier', () => {
  const base = { language: 'python', mode: 'verifier', program: 'v', job: { max: 3 } };

  test('gets the job and the answer as data', async () => {
    const executor = scriptedExecutor({ v: () => 'True' });
    await judgeAll(
      executor,
      [planOf(openCheck(parseCheck(base), null), '{"text": "\') or (True", "n": [1, null]}')],
      never,
    );
    expect(executor.seen[0]?.input).toBe(`{'max': 3}, {'text': "') or (True", 'n': [1, None]}`);
  });

  test.each([
    ['True', undefined, 'passed', 1],
    ['False', undefined, 'wrong', 0],
    ['1', undefined, 'passed', 1],
    ['0.5', undefined, 'wrong', 0.5],
    ['0.5', 0.5, 'passed', 0.5],
    ['nan', 0, 'wrong', 0],
    ['inf', 0, 'wrong', 0],
    ['1j', 0, 'wrong', 0],
    ["'True'", 0, 'wrong', 0],
    ['[1]', 0, 'wrong', 0],
    ['None', 0, 'wrong', 0],
  ])('%s at threshold %s is %s', async (output, threshold, code, score) => {
    const check = parseCheck(threshold === undefined ? base : { ...base, threshold });
    expect(await judged(check, '1', { v: () => output })).toMatchObject({ code, score });
  });

  test('may be hidden', async () => {
    const content = { verifier: 'v' };
    const check = parseCheck({ ...base, program: null, commitment: commitmentOf({ salt: SALT, content }) });
    expect((await judged(check, '1', { v: () => 'True' }, content)).code).toBe('passed');
  });
});

describe('schema', () => {
  const check = parseCheck({
    mode: 'schema',
    schema: { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 1 } } },
  });

  test.each([
    ['```json\n{"n": 1}\n```', 'passed'],
    ['{"n": 0}', 'wrong'],
    ['{}', 'wrong'],
    ['n = 1', 'unreadable'],
  ])('%j is %s', async (answer, code) => {
    expect((await judged(check, answer, {})).code).toBe(code);
  });
});
