/** What is found out about a check before anybody pays for it. */
import { describe, expect, test } from 'vitest';
import { commitmentOf, openCheck } from '../../src/checks/hidden.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import { validateCheck } from '../../src/checks/validate.ts';
import type { Json } from '../../src/errors.ts';
import {
  failing,
  type Script,
  type ScriptedExecutor,
  scriptedExecutor,
} from '../support/scripted-executor.ts';

const never = new AbortController().signal;
const salt = 'cd'.repeat(32);
const LINEAR = 'def f(a, b):\n    return a * 2 + b';
const linear: Script = (input) => {
  const [, a, b] = /^(-?\d+), (-?\d+)$/.exec(input) ?? [];
  return a === undefined ? failing('exception', 'TypeError') : String(Number(a) * 2 + Number(b));
};
/** The programs that stand for thoughtless answers, as real ones would run. */
const THOUGHTLESS: Readonly<Record<string, Script>> = {
  'def f(*args):\n    return None': () => 'None',
  'def f(*args):\n    return args[0] if args else None': (input) => /^[^,]+/.exec(input)?.[0] ?? 'None',
  'def f(*args):\n    return 4': () => '4',
};

function validated(verify: Record<string, Json>, executor: ScriptedExecutor, content?: Json) {
  const revealed = content === undefined ? null : { salt, content };
  const commitment = revealed === null ? {} : { commitment: commitmentOf(revealed) };
  return validateCheck(openCheck(parseCheck({ ...verify, ...commitment }), revealed), executor, never);
}

const refusedFor = (problem: string) => expect.objectContaining({ ok: false, problem });

describe('validateCheck() of a deduction', () => {
  const verify = { mode: 'deduction', language: 'python', program: LINEAR, input: '3, 4' };

  test('takes one that runs, and tells what that took', async () => {
    const executor = scriptedExecutor({ [LINEAR]: linear });
    expect(await validated(verify, executor)).toEqual({ ok: true, fuel: 40 });
    // The answers are judged by one and the same run.
    expect(executor.seen).toHaveLength(4);
  });

  test('refuses an output that is not what the program returns', async () => {
    const executor = () => scriptedExecutor({ [LINEAR]: linear });
    expect(await validated({ ...verify, output: '10.0' }, executor())).toMatchObject({ ok: true });
    expect(await validated({ ...verify, output: '11' }, executor())).toEqual(refusedFor('reference-fails'));
  });

  test('refuses a program that fails', async () => {
    const executor = scriptedExecutor({ [LINEAR]: () => failing('memory') });
    expect(await validated(verify, executor)).toEqual(refusedFor('program-fails'));
  });

  test('refuses one that is not the same twice', async () => {
    let count = 0;
    const executor = scriptedExecutor({ [LINEAR]: () => String(++count) });
    expect(await validated(verify, executor)).toEqual({
      ok: false,
      problem: 'program-fails',
      message: 'the program ends with nondeterministic: fresh instances disagree',
    });
  });

  test.each([['nan'], ['[nan]'], ['inf'], ['not a value']])(
    'refuses the output %s, which nobody can answer',
    async (output) => {
      expect(await validated(verify, scriptedExecutor({ [LINEAR]: () => output }))).toEqual(
        refusedFor('program-fails'),
      );
    },
  );

  test.each([
    ['the input', 'def f(a): return a', "'abc'", "'abc'"],
    ['all inputs', 'def f(*a): return a', '3, 4', '(3, 4)'],
    ['nothing', 'def f(a): pass', '1', 'None'],
  ])('refuses a program that returns %s', async (_, program, input, output) => {
    const executor = scriptedExecutor({ [program]: () => output });
    expect(await validated({ ...verify, program, input }, executor)).toEqual(
      refusedFor('trivial-answer-passes'),
    );
  });

  test('refuses a program in which its long output stands', async () => {
    const output = "'abcdefghijklmnopqrstuvwxyz'";
    const program = `def f(a):\n    return ${output}`;
    expect(await validated({ ...verify, program }, scriptedExecutor({ [program]: () => output }))).toEqual(
      refusedFor('answer-in-program'),
    );
  });
});

describe('validateCheck() of an abduction', () => {
  const verify = { mode: 'abduction', language: 'python', program: LINEAR, output: '10' };
  const executor = () => scriptedExecutor({ [LINEAR]: linear });

  test('takes a reference, hidden or shown, that gives the output', async () => {
    expect(await validated(verify, executor(), { reference: '```input\n3, 4\n```' })).toMatchObject({
      ok: true,
    });
    expect(await validated(verify, executor(), { reference: '3, 5' })).toEqual(refusedFor('reference-fails'));
    expect(await validated({ ...verify, input: '3, 4' }, executor())).toMatchObject({ ok: true });
    expect(await validated({ ...verify, input: '3, 5' }, executor())).toEqual(refusedFor('reference-fails'));
    expect(await validated(verify, executor())).toMatchObject({ ok: true });
  });

  test('refuses a program that any input satisfies', async () => {
    const constant = scriptedExecutor({ [LINEAR]: () => '10' });
    expect(await validated(verify, constant, { reference: '3, 4' })).toEqual(
      refusedFor('trivial-answer-passes'),
    );
  });
});

describe('validateCheck() of tests', () => {
  const verify = { mode: 'tests', language: 'python', tests: [{ input: '1, 2', output: '4' }] };
  const programs = { ...THOUGHTLESS, linear };
  const tests = [{ input: '9, 1', output: '19' }];

  test('takes a reference that passes the hidden ones', async () => {
    expect(await validated(verify, scriptedExecutor(programs), { reference: 'linear', tests })).toMatchObject(
      { ok: true },
    );
    const wrong = [{ input: '9, 1', output: '20' }];
    expect(
      await validated(verify, scriptedExecutor(programs), { reference: 'linear', tests: wrong }),
    ).toEqual(refusedFor('reference-fails'));
  });

  test.each([
    ['return what is shown', { input: '0, 4', output: '4' }],
    ['return the first argument', { input: '3, -3', output: '3' }],
  ])('refuses tests that are passed by programs that %s', async (_, only) => {
    expect(
      await validated(verify, scriptedExecutor(programs), { reference: 'linear', tests: [only] }),
    ).toEqual(refusedFor('trivial-answer-passes'));
  });
});

describe('validateCheck() of a verifier', () => {
  const verify = { mode: 'verifier', language: 'javascript', program: 'v', job: { n: 15 } };
  const factors: Script = (input) => String(input === '[{"n":15},[3,5]]');

  test('takes an answer that passes', async () => {
    expect(await validated(verify, scriptedExecutor({ v: factors }), { reference: '[3, 5]' })).toMatchObject({
      ok: true,
    });
    expect(await validated(verify, scriptedExecutor({ v: factors }), { reference: '[3, 4]' })).toEqual(
      refusedFor('reference-fails'),
    );
    expect(await validated(verify, scriptedExecutor({ v: factors }))).toMatchObject({ ok: true });
  });

  test('refuses one that says yes to an echo or to everything', async () => {
    const echo: Script = (input) => String(input === '[{"n":15},{"n":15}]' || input === '[{"n":15},[3,5]]');
    for (const v of [echo, () => 'true']) {
      expect(await validated(verify, scriptedExecutor({ v }), { reference: '[3, 5]' })).toEqual(
        refusedFor('trivial-answer-passes'),
      );
    }
  });
});

test('validateCheck() of a schema needs no reference, but refuses one that takes empty values', async () => {
  const none = scriptedExecutor({});
  expect(await validated({ mode: 'schema', schema: { type: 'array', minItems: 1 } }, none)).toMatchObject({
    ok: true,
  });
  for (const schema of [true, {}, { type: 'array' }, { type: ['null', 'string'] }]) {
    expect(await validated({ mode: 'schema', schema }, none)).toEqual(refusedFor('trivial-answer-passes'));
  }
  const content = { reference: '[]' };
  expect(await validated({ mode: 'schema', schema: { type: 'array', minItems: 1 } }, none, content)).toEqual(
    refusedFor('reference-fails'),
  );
  expect(none.calls()).toBe(0);
});
