/**
 * The arena's arithmetic beside what Absolute Zero Reasoner's own code computed (test/vectors/azr_golden.json). Where a
 * row has a field `ours` we differ on purpose, and the test says how.
 */
import { describe, expect, test } from 'vitest';
import { advantages, type Rewarded, whitened } from '../../src/arena/advantage.ts';
import { bannedImport } from '../../src/arena/banned.ts';
import { answerDiversity } from '../../src/arena/diversity.ts';
import { unwrapped } from '../../src/arena/format.ts';
import { importsOf, parseInputsProposal, parseProgramProposal } from '../../src/arena/proposal.ts';
import { learnability, proposerReward, solverReward } from '../../src/arena/rewards.ts';
import { BANNED_MODULES, DEFAULT_REWARDS, DEFAULT_SETTINGS, MODES, ROLES } from '../../src/arena/settings.ts';
import { checkOf, type Task } from '../../src/arena/task.ts';
import { tryOut } from '../../src/arena/try-out.ts';
import { takeAnswer } from '../../src/checks/answer.ts';
import { planOf } from '../../src/checks/plan.ts';
import { judgeAll } from '../../src/checks/run.ts';
import { readPythonArguments } from '../../src/values/python-read.ts';
import { azrGolden } from '../support/azr-golden.ts';
import { failing, type Script, scriptedExecutor } from '../support/scripted-executor.ts';

const never = new AbortController().signal;
/** The table has six digits. */
const TOLERANCE = 1e-6;

function close(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThan(TOLERANCE);
}

test('the settings are those of the published runs', () => {
  const { n_samples, io_n_references, num_inputs_induction, banned_words } = azrGolden.constants;
  expect(DEFAULT_SETTINGS).toMatchObject({
    attempts: n_samples,
    references: io_n_references,
    inductionInputs: num_inputs_induction,
  });
  expect(banned_words.filter((word) => !word.includes('.') && !BANNED_MODULES.includes(word))).toEqual([]);
});

describe('learnability() and proposerReward()', () => {
  test.each(azrGolden.learnability_table_n8)('$solved of 8 solved', (row) => {
    const learnable = learnability(row.solved, 8);
    expect(learnable).toBe(row.learnability);
    expect(proposerReward(true, true, learnable)).toBe(row.final_reward_in_code);
    const paper = { ...DEFAULT_REWARDS, worthless: 0 };
    expect(proposerReward(true, true, learnable, paper)).toBe(row.final_reward_by_the_papers_equations);
  });

  test.each(azrGolden.proposer_reward)('$mode, $solved of $n solved', (row) => {
    expect(proposerReward(row.format_score === 1, true, learnability(row.solved, row.n))).toBe(
      row.final_reward,
    );
  });

  test.each(azrGolden.intrinsic_combination)('$method with an extra reward', (row) => {
    const extra = { value: row.answer_diversity, coefficient: row.coef, max: row.max };
    const settings = { ...DEFAULT_REWARDS, combine: row.method };
    expect(proposerReward(true, true, row.learnability, settings, [extra])).toBeCloseTo(row.final_reward, 9);
  });

  test('several extras are added or multiplied among themselves as the second word says', () => {
    const extras = [0.5, 0.25].map((value) => ({ value, coefficient: 1, max: 1 }));
    const by = (combine: typeof DEFAULT_REWARDS.combine) =>
      proposerReward(true, true, 0.5, { ...DEFAULT_REWARDS, combine }, extras);
    expect([by('sum'), by('multiply'), by('sum_multiply'), by('multiply_sum')]).toEqual([
      1.25, 0.0625, 0.625, 0.375,
    ]);
    // They never save a task that cannot be learnt from.
    expect(proposerReward(true, true, 0, DEFAULT_REWARDS, extras)).toBe(-0.5);
  });
});

const PROGRAMS: Readonly<Record<string, Script>> = {
  'def f(a, b):\n    return a * 2 + b': (input) => linear(input, 2),
  'def f(x, y):\n    return x + x + y': (input) => linear(input, 2),
  'def f(x, y):\n    return 19': () => '19',
  'def f(x, y):\n    return 0': () => '0',
  'def f(a):\n    return a': (input) => input,
  'def f(a):\n    return set(a)': () => '{1, 2, 3}',
  'def f(a):\n    return a + 0.2': () => '0.30000000000000004',
  'def f(a):\n    return 1 / 0': () => failing('exception', 'ZeroDivisionError'),
  'import random\ndef f(a):\n    return a': (input) => input,
  'def f(a):\n    while True:\n        pass': () => failing('fuel'),
};

function linear(input: string, factor: number): ReturnType<Script> {
  const read = readPythonArguments(input);
  const numbers = read.ok
    ? read.value.map((one) => (one.type === 'int' ? Number(one.value) : Number.NaN))
    : [];
  const [a, b] = numbers;
  return a === undefined || b === undefined ? failing('exception', 'TypeError') : String(a * factor + b);
}

/** The prompt of the original ends with the opening of the thoughts. */
const generation = (answer: string) =>
  answer.includes('<answer>') ? `<think>${answer}` : `<think> t </think> <answer>${answer}</answer>`;

describe('proposals', () => {
  test.each(azrGolden.proposer_edge_cases)('$case', async (row) => {
    const mutable = 'def f(a, s=[]):\n    s.append(a)\n    return list(s)';
    let calls = 0;
    const executor = scriptedExecutor({ ...PROGRAMS, [mutable]: () => `[${'1, '.repeat(++calls)}1]` });
    const { wellFormed, answer } = unwrapped(`<think>${row.response}`, 'think');
    const order = { mode: 'deduction', language: 'python' } as const;
    const tried = await tryOut(answer, order, executor, DEFAULT_SETTINGS, never);
    // The original's check of determinism refuses nothing (SEEDS §3.3).
    expect(tried.ok).toBe(row.ours === undefined ? row.added_to_buffer : false);
    const reward = proposerReward(wellFormed, tried.ok, tried.ok ? learnability(4, 8) : 0);
    expect(reward).toBe(row.ours === undefined ? row.final_reward : -1);
  });
});

describe('answers of solvers', () => {
  const rows = azrGolden.solver_reward.filter(({ mode, split }) => mode !== 'error' && split === 'train');

  test.each(rows)('$case', async (row) => {
    const { wellFormed, answer } = unwrapped(generation(row.answer), 'think');
    const task = taskOf(row);
    const { verdicts } = await judgeAll(scriptedExecutor(PROGRAMS), [planOf(checkOf(task), answer)], never);
    // A program has to come in a block: a text is well formed only when one is in it.
    const formed = wellFormed && (row.mode !== 'induction' || answer.includes('```python'));
    const reward = solverReward(formed, verdicts[0]?.passed === true);
    const refusedByUs =
      row.ours?.startsWith('refuse') === true || row.ours?.startsWith('must be refused') === true;
    expect(reward).toBe(refusedByUs ? -0.5 : row.final_reward);
  });

  function taskOf(row: (typeof rows)[number]): Task {
    const base = { language: 'python', program: row.program } as const;
    if (row.mode === 'deduction' || row.mode === 'abduction') {
      return { ...base, mode: row.mode, input: row.input ?? '', output: row.output ?? '' };
    }
    const [givenIn = [], givenOut = [], hiddenIn = [], hiddenOut = []] = row.hidden ?? [];
    const pairs = (inputs: readonly string[], outputs: readonly string[]) =>
      inputs.map((input, i) => ({ input, output: outputs[i] ?? '' }));
    return {
      ...base,
      mode: 'induction',
      given: pairs(givenIn, givenOut),
      hidden: pairs(hiddenIn, hiddenOut),
      message: '',
    };
  }
});

describe('parsing', () => {
  const rows = azrGolden.parsing;
  const of = (fn: string) => rows.filter((row) => row.fn === fn);

  test.each(of('format reward'))('wrapper: $case', (row) => {
    const { wellFormed, answer } = unwrapped(row.text, 'think');
    expect([wellFormed ? 1 : 0, answer]).toEqual([row.result, row.extracted_answer]);
  });

  // Several functions are never allowed here, so that option is not ours.
  test.each(of('parse proposal').filter((row) => row.options?.reject_multiple_functions !== false))(
    'proposal: $case',
    (row) => {
      const parsed = parseProgramProposal(row.text, 'python');
      expect(parsed.ok).toBe(row.ok);
      if (!parsed.ok) return;
      const { program, input } = parsed;
      expect({ code: program, input, output: '', imports: importsOf(program) }).toEqual(row.result);
    },
  );

  test.each(of('parse induction proposal'))('inputs: $case', (row) => {
    const parsed = parseInputsProposal(row.text, row.n ?? 0);
    expect(parsed.ok).toBe(row.ok);
    if (parsed.ok) expect({ inputs: parsed.inputs, message: parsed.message }).toEqual(row.result);
  });

  test.each([...of('extract input'), ...of('extract output')])('$fn: $case', (row) => {
    const kind = row.fn === 'extract input' ? 'input' : 'output';
    const expected = typeof row.result === 'string' ? row.result.trim() : row.result;
    expect(takeAnswer(row.text, kind, 'python')).toBe(expected);
  });

  test.each(of('parse program answer').filter(({ ok }) => ok === true))('program: $case', (row) => {
    expect(takeAnswer(row.text, 'program', 'python')).toBe(row.result);
  });
});

describe('TRR++', () => {
  test.each(azrGolden.trr_pp.groups)('$group', (row) => {
    const compute = () => whitened(row.rewards, row.response_lengths);
    if (row.advantage_per_response === undefined) expect(compute).toThrow(RangeError);
    else close(compute(), row.advantage_per_response);
  });

  const contrast = azrGolden.trr_pp.one_global_baseline_for_contrast;
  const groups = ROLES.flatMap((role) => MODES.map((mode) => ({ role, mode })));
  const samples = azrGolden.trr_pp.groups.flatMap((row): readonly Rewarded[] => {
    const group = groups.find(({ role, mode }) => `${role}/${mode}` === row.group);
    if (group === undefined) return [];
    return row.rewards.map((reward, i) => ({ ...group, reward, length: row.response_lengths[i] ?? 1 }));
  });

  test('six baselines are separate: pooling the same rewards gives other advantages', () => {
    expect(samples.map(({ reward }) => reward)).toEqual(contrast.rewards);
    const separate = advantages(samples, 'token');
    const pooled = advantages(samples, 'token', 'pooled');
    close(pooled, contrast.advantage_per_response);
    const own = azrGolden.trr_pp.groups
      .slice(0, groups.length)
      .flatMap((row) => row.advantage_per_response ?? []);
    close(separate, own);
    const apart = separate.map((value, i) => Math.abs(value - (pooled[i] ?? 0)));
    expect(Math.max(...apart)).toBeGreaterThan(0.1);
  });

  test('at the level of responses, lengths do not matter', () => {
    const [row] = azrGolden.trr_pp.groups.filter(({ group }) => group.startsWith('length one each'));
    const group = { role: 'solve', mode: 'deduction' } as const;
    const long = (row?.rewards ?? []).map((reward, i) => ({ ...group, reward, length: 10 ** i }));
    close(advantages(long, 'response'), row?.advantage_per_response ?? [0]);
  });

  test('a response that is alone in its group says nothing', () => {
    expect(advantages([{ role: 'solve', mode: 'deduction', reward: 1, length: 1 }], 'token')).toEqual([0]);
  });
});

test.each(azrGolden.diversity.type_counts)(
  'answerDiversity() of $answer, hierarchical: $hierarchical',
  (row) => {
    const counts = new Map(
      Object.entries(row.counters).map(([type, values]) => [type, new Map(Object.entries(values))]),
    );
    expect(answerDiversity(row.answer, counts, row.hierarchical)).toBeCloseTo(row.reward, 9);
  },
);

describe('bannedImport()', () => {
  test.each([
    ['import random', 'random'],
    ['from time import sleep', 'time'],
    ['from numpy import random', 'random'],
    ['def f(a):\n    import random\n    return a', 'random'],
    ['import math, os.path as p', 'os'],
    ['import sys', 'sys'],
    ['if True: import random', 'random'],
    ['def f(a):\n    return __import__("random").__name__', '__import__'],
    ['import math\nfrom collections import Counter as random', null],
    ['def f(a):\n    random = a  # random\n    return random', null],
  ])('%j names %s', (program, found) => {
    expect(bannedImport(program, 'python', BANNED_MODULES)).toBe(found);
  });
});
