/**
 * Goal: a version is judged by the team's check and by nothing else, and what is not its fault is not held against it.
 * Method: the real checks over a scripted executor. Does not prove: the sandbox (test/sandbox/, test/e2e/team-check.test.ts).
 */
import { expect, test } from 'vitest';
import { doWork } from '../../../../src/agent/team/work/work.ts';
import type { Executor } from '../../../../src/checks/executor.ts';
import { commitmentOf } from '../../../../src/checks/hidden.ts';
import { JobError } from '../../../../src/errors.ts';
import { scriptedModel } from '../../../support/loop.ts';
import { failing, scriptedExecutor } from '../../../support/scripted-executor.ts';
import { briefFor, never, teamWith, workPorts } from './bench.ts';

const SQUARE = 'def f(n): return n * n';
const deduction = { language: 'python', mode: 'deduction', program: SQUARE, input: '12' };

async function checked(
  text: string,
  executor: Executor,
  check: { spec: unknown; hidden?: unknown } = { spec: deduction },
) {
  const { roles, promptTokens } = teamWith();
  const team = { roles, promptTokens, check: teamWith([], undefined, check).check };
  const work = { type: 'check', version: 'v3' } as const;
  const model = scriptedModel([]);
  const driven = await doWork(
    briefFor('', { work, team, role: '', texts: { v3: text } }),
    workPorts({ model, executor }),
    never,
  );
  expect(model.asked).toEqual([]);
  expect(driven).toMatchObject({ over: true, cut: false, used: { prompt_tokens: 0, msats: 0 } });
  return driven.result;
}

const squares = () => scriptedExecutor({ [SQUARE]: (input) => String(Number(input) ** 2) });
const FREE = { tokens: 0, msats: 0 };

test('what passes, what is wrong, and what cannot be read', async () => {
  expect(await checked('It is\n```output\n144\n```', squares())).toEqual({
    type: 'checked',
    passed: true,
    score: 1,
    note: '',
    usage: FREE,
  });
  expect(await checked('```output\n143\n```', squares())).toMatchObject({ passed: false, score: 0 });
  expect(await checked('a lovely essay', squares())).toMatchObject({
    type: 'checked',
    passed: false,
    score: 0,
  });
});

test('hidden tests judge a program, and the score is their share', async () => {
  const content = {
    tests: [
      { input: '2', output: '4' },
      { input: '3', output: '9' },
    ],
    reference: SQUARE,
  };
  const hidden = { salt: 'a'.repeat(64), content };
  const spec = { language: 'python', mode: 'tests', commitment: commitmentOf(hidden) };
  const double = 'def f(n): return n * 2';
  const executor = scriptedExecutor({
    [SQUARE]: (input) => String(Number(input) ** 2),
    [double]: (input) => String(Number(input) * 2),
  });
  expect(await checked(`\`\`\`python\n${SQUARE}\n\`\`\``, executor, { spec, hidden })).toMatchObject({
    passed: true,
  });
  expect(await checked(`\`\`\`python\n${double}\n\`\`\``, executor, { spec, hidden })).toMatchObject({
    passed: false,
    score: 0.5,
  });
});

test('a check that fails itself says nothing of the version', async () => {
  const executor = scriptedExecutor({ [SQUARE]: () => failing('exception', 'ZeroDivisionError') });
  expect(await checked('144', executor)).toMatchObject({ type: 'checked', passed: null, score: null });
});

test('a sandbox that is away is tried again', async () => {
  const executor: Executor = {
    run: async () => {
      throw new JobError('SERVICE_UNAVAILABLE', 'the sandbox broke');
    },
  };
  expect(await checked('144', executor)).toMatchObject({
    type: 'failed',
    failure: { code: 'SERVICE_UNAVAILABLE' },
    retry: true,
  });
});

test('a check that is none is refused when the team is made', () => {
  const wrong = { spec: { mode: 'deduction', language: 'python', program: SQUARE } };
  expect(() => teamWith([], undefined, wrong)).toThrow(/input/);
  const hidden = { salt: 'a'.repeat(64), content: {} };
  expect(() => teamWith([], undefined, { spec: deduction, hidden })).toThrow(/committed/);
});
