/**
 * The two answers that Absolute Zero Reasoner's graders take for right (azr_golden.json). Goal: they really cheat a
 * grader that pastes answers into code, and fail to cheat ours. What a program can do inside the sandbox is not proved here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { openCheck } from '../../src/checks/hidden.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import { planOf } from '../../src/checks/plan.ts';
import { judgeAll } from '../../src/checks/run.ts';
import { azrGolden } from '../support/azr-golden.ts';
import { scriptedExecutor } from '../support/scripted-executor.ts';

const PROGRAM = 'def f(a, b):\n    return a * 2 + b';
const exploits = azrGolden.solver_reward.filter((row) => row.case.startsWith('EXPLOIT'));
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** How one grades who does not think of it: the answer becomes part of a program. */
function naiveGrade(mode: string, answer: string): string {
  const expression =
    mode === 'deduction' ? `eval(gold_output) == ${answer}` : `eval(gold_output) == f(${answer})`;
  const source = `${PROGRAM}\ngold_output = "10"\nprint(bool(${expression}))`;
  return execFileSync('python3', ['-I', '-c', source], { encoding: 'utf8' }).trim();
}

const bodyOf = (answer: string) => answer.split('\n')[1] ?? '';

test('there are two of them', () => {
  expect(exploits.map(({ mode }) => mode)).toEqual(['deduction', 'abduction']);
});

describe.each(exploits)('$case', ({ mode, answer }) => {
  test.skipIf(!hasPython)('cheats a naive grader', () => {
    expect(naiveGrade(mode, bodyOf(answer))).toBe('True');
  });

  test('fails to cheat ours: it is no value, and nothing is run', async () => {
    const base = { language: 'python', program: PROGRAM };
    const check = parseCheck(
      mode === 'deduction' ? { ...base, mode, input: '3, 4' } : { ...base, mode, output: '10' },
    );
    // Even an executor that says yes to everything is not asked.
    const executor = scriptedExecutor({ [PROGRAM]: () => '10' });
    const { verdicts } = await judgeAll(
      executor,
      [planOf(openCheck(check, null), answer)],
      new AbortController().signal,
    );
    expect(verdicts).toEqual([expect.objectContaining({ code: 'unreadable', passed: false })]);
    expect(executor.seen).toEqual([]);
  });
});
