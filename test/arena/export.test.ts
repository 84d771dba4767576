import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { advantages } from '../../src/arena/advantage.ts';
import { exportable, type Rollout } from '../../src/arena/export/rollout.ts';
import { rolloutLines } from '../../src/arena/export/rollouts.ts';
import { dpoLines, grpoLines, ktoLines, sftLines } from '../../src/arena/export/trl.ts';
import { verlLines } from '../../src/arena/export/verl.ts';
import { MODES, ROLES } from '../../src/arena/settings.ts';

const KEY = 'f'.repeat(64);
const deduction = {
  mode: 'deduction',
  language: 'python',
  program: 'import math\ndef f(a):\n    return a',
  input: '1',
  output: '1',
} as const;
const induction = {
  mode: 'induction',
  language: 'python',
  program: 'def f(a):\n    return a + 1',
  given: [{ input: '1', output: '2' }],
  hidden: [{ input: '2', output: '3' }],
  message: 'successor',
} as const;

const solved = (uid: string, reward: number, change: Partial<Rollout> = {}): Rollout => ({
  uid,
  group: 'g1',
  mode: 'deduction',
  role: 'solve',
  task: { id: 't1', content: deduction },
  references: [],
  prompt: [{ role: 'user', content: 'what is f(1)?' }],
  completion: `answer ${uid}`,
  accuracy: reward > 0 ? 1 : 0,
  wellFormed: reward > -1,
  reward,
  advantage: null,
  length: 3,
  model: 'm',
  agent: KEY,
  contributors: ['proposer'],
  at_ms: 1_764_000_000_000,
  ...change,
});
const proposed: Rollout = {
  ...solved('p', 0.5),
  role: 'propose',
  references: ['t0'],
  prompt: [{ role: 'user', content: 'propose' }],
  contributors: [],
};
const other = solved('i', 1, {
  mode: 'induction',
  task: { id: 't2', content: induction },
  prompt: [{ role: 'user', content: 'find f' }],
});
const all = [solved('a', 1), solved('b', -0.5), solved('c', 1), solved('d', -1), proposed, other];

const parsed = (lines: string): unknown[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));

describe('verlLines()', () => {
  test('has one row per prompt, in the columns of the original', () => {
    const rows = parsed(verlLines(all, 'train'));
    expect(rows).toEqual([
      {
        data_source: 'pred_code_o',
        prompt: [{ role: 'user', content: 'what is f(1)?' }],
        problem: deduction.program,
        ability: 'code',
        reward_model: { style: 'rule', ground_truth: '1' },
        extra_info: {
          split: 'train',
          index: 0,
          metric: 'pred_code_o',
          imports: ['import math'],
          input: '1',
          output: '1',
        },
      },
      {
        data_source: 'gen_code_o',
        prompt: [{ role: 'user', content: 'propose' }],
        problem: '',
        ability: 'code',
        reward_model: { style: 'rule', ground_truth: '' },
        extra_info: {
          split: 'train',
          index: 1,
          metric: 'gen_code_o',
          imports: [],
          chosen_references: ['t0'],
        },
      },
      expect.objectContaining({
        data_source: 'pred_code_f',
        extra_info: {
          split: 'train',
          index: 2,
          metric: 'pred_code_f',
          imports: [],
          given_inputs: ['1'],
          given_outputs: ['2'],
          hidden_inputs: ['2'],
          hidden_outputs: ['3'],
          message: 'successor',
        },
      }),
    ]);
  });
});

describe('TRL', () => {
  const turn = (content: string) => [{ role: 'assistant', content }];

  test('grpoLines() has each prompt once, with its task as text', () => {
    const rows = z
      .array(z.object({ prompt: z.unknown(), mode: z.string(), task: z.string() }))
      .parse(parsed(grpoLines(all)));
    expect(rows.map(({ mode }) => mode)).toEqual(['deduction', 'induction']);
    expect(JSON.parse(rows[0]?.task ?? '')).toEqual(deduction);
  });

  test('sftLines() has what was right', () => {
    expect(parsed(sftLines(all))).toEqual(
      [all[0], all[2], other].map((one) => ({
        prompt: one?.prompt,
        completion: turn(one?.completion ?? ''),
      })),
    );
  });

  test('ktoLines() has everything with a label', () => {
    const rows = z.array(z.object({ label: z.boolean() }).loose()).parse(parsed(ktoLines(all)));
    expect(rows.map(({ label }) => label)).toEqual([true, false, true, false, true, true]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['completion', 'label', 'prompt']);
  });

  test('dpoLines() pairs a right with a wrong answer to the same prompt', () => {
    const prompt = [{ role: 'user', content: 'what is f(1)?' }];
    expect(parsed(dpoLines(all))).toEqual([
      { prompt, chosen: turn('answer a'), rejected: turn('answer b') },
      { prompt, chosen: turn('answer c'), rejected: turn('answer d') },
    ]);
    expect(dpoLines([solved('a', 1)])).toBe('');
  });
});

test('rolloutLines() holds what the baselines are computed of', () => {
  const schema = z.object({
    mode: z.enum(MODES),
    role: z.enum(ROLES),
    reward: z.number(),
    length: z.number(),
  });
  const rows = z.array(schema.loose()).parse(parsed(rolloutLines(all)));
  expect(advantages(rows, 'token')).toEqual(advantages(all, 'token'));
  expect(
    Object.keys(rows[0] ?? {})
      .sort()
      .join(),
  ).toBe('accuracy,advantage,agent,completion,format,group,length,mode,model,prompt,reward,role,task,ts,uid');
});

describe('exportable()', () => {
  test('leaves out what somebody in it keeps', () => {
    const kept = (who: string) => exportable(all, { consents: (agent) => agent !== who, salt: 's' });
    expect(kept('nobody')).toHaveLength(all.length);
    expect(kept(KEY)).toEqual([]);
    expect(kept('proposer').map(({ uid }) => uid)).toEqual(['p']);
  });

  test('holds no key, and other names with another salt', () => {
    const first = exportable(all, { consents: () => true, salt: 'one' });
    expect(rolloutLines(first)).not.toContain(KEY);
    expect(new Set(first.map(({ agent }) => agent)).size).toBe(1);
    expect(exportable(all, { consents: () => true, salt: 'two' })[0]?.agent).not.toBe(first[0]?.agent);
  });
});
