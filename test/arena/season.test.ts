/**
 * A season of the arena with the baseline agents in all seats and an interpreter in the place of the sandbox. What it
 * does not prove: that real engines agree with the interpreter (dsl.test.ts asks Python and Node for that).
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { baselineProposer } from '../../src/arena/baseline/proposer.ts';
import { baselineSolver } from '../../src/arena/baseline/solver.ts';
import { sizeOf } from '../../src/arena/dsl/expression.ts';
import { expressionOf } from '../../src/arena/dsl/program.ts';
import { KeptSeason } from '../../src/arena/house/kept-season.ts';
import { ARENA_SCHEMA } from '../../src/arena/house/schema.ts';
import { seededRandom } from '../../src/arena/random.ts';
import { playRound, type RoundInput, type RoundRecord } from '../../src/arena/round.ts';
import type { Solver } from '../../src/arena/seat.ts';
import { DEFAULT_SETTINGS, MODES } from '../../src/arena/settings.ts';
import type { Language } from '../../src/checks/executor.ts';
import { ARENA_EMBARGO_ROUNDS } from '../../src/limits.ts';
import { migrate } from '../../src/store/sql.ts';
import { dslExecutor } from '../support/dsl-executor.ts';
import { nodeSql } from '../support/node-sql.ts';
import { scriptedExecutor } from '../support/scripted-executor.ts';

const ROUNDS = 240;

async function play(seed: number, rounds: number, language: Language, change: Partial<RoundInput> = {}) {
  const random = seededRandom(seed);
  const executor = dslExecutor();
  const solvers = [baselineSolver('s1', 'o1'), baselineSolver('s2', 'o2')];
  const sql = nodeSql();
  migrate(sql, ARENA_SCHEMA);
  const season = new KeptSeason(sql);
  season.begin(language, seed, [], DEFAULT_SETTINGS.bufferTasks);
  const records: RoundRecord[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const mode = MODES[i % MODES.length] ?? 'deduction';
    const record = await playRound(season, {
      mode,
      language,
      proposer: baselineProposer('p', 'o3', DEFAULT_SETTINGS.inductionInputs),
      solvers,
      executor,
      settings: DEFAULT_SETTINGS,
      probe: null,
      random,
      signal: new AbortController().signal,
      ...change,
    });
    season.store(record.stored, DEFAULT_SETTINGS.bufferTasks, DEFAULT_SETTINGS.attempts);
    records.push(record);
  }
  const buffers = sql.all<{ mode: string; id: string }>('SELECT mode, id FROM tasks ORDER BY mode, place');
  return { season, records, buffers };
}

const sizeOfTask = ({ stored }: RoundRecord): number => {
  const expression = stored === null ? null : expressionOf(stored.task.program);
  return expression === null ? 0 : sizeOf(expression);
};
const learnable = (records: readonly RoundRecord[]) =>
  records.filter(({ stored }) => (stored?.learnability ?? 0) > 0);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a season of the baseline', () => {
  let played: Awaited<ReturnType<typeof play>>;
  let records: readonly RoundRecord[];
  beforeAll(async () => {
    played = await play(1, ROUNDS, 'python');
    ({ records } = played);
  });

  test('stores tasks of all modes, of which some and not all are solved', () => {
    for (const mode of MODES) {
      expect(played.buffers.filter((task) => task.mode === mode).length, mode).toBeGreaterThan(10);
      expect(learnable(records.filter((record) => record.mode === mode)).length, mode).toBeGreaterThan(3);
    }
    expect(played.season.round).toBe(ROUNDS);
  });

  test('moves its frontier: what can be learnt from later is larger than what could at first', async () => {
    const second = await play(2, ROUNDS, 'python');
    const third = ROUNDS / 3;
    const sizes = (from: number, to: number) =>
      [records, second.records].flatMap((all) => learnable(all.slice(from, to)).map(sizeOfTask));
    expect(mean(sizes(ROUNDS - third, ROUNDS))).toBeGreaterThan(1.25 * mean(sizes(0, third)));
  });

  test('rewards every proposal by the attempts that were made at it', () => {
    for (const { stored, attempts, reward, problem } of records) {
      if (stored === null) {
        expect([reward, attempts, typeof problem]).toEqual([-1, [], 'string']);
        continue;
      }
      const solved = attempts.filter(({ right }) => right).length;
      expect(attempts).toHaveLength(8);
      expect(stored.tally).toEqual({ solved, done: 8 });
      expect(reward).toBe(solved === 0 || solved === 8 ? -0.5 : 1 - solved / 8);
    }
  });

  test('asks no induction about a program that another was about, nor about one that is published', () => {
    const orders = records.flatMap(({ order, round }) =>
      order?.mode === 'induction' ? [{ round, program: order.subject.program }] : [],
    );
    expect(orders.length).toBeGreaterThan(40);
    for (const { round, program } of orders) {
      const same = records.filter(({ stored }) => stored?.task.program === program);
      const earlier = same.filter((record) => record.round < round);
      expect(earlier.length).toBeGreaterThan(0);
      expect(
        earlier.some(({ mode }) => mode === 'induction'),
        `round ${round}`,
      ).toBe(false);
      // At the least one of its tasks is younger than the embargo, and none is older.
      expect(Math.min(...earlier.map((record) => record.round))).toBeGreaterThan(
        round - 1 - ARENA_EMBARGO_ROUNDS,
      );
    }
  });

  test('holds no task twice', () => {
    const ids = records.flatMap(({ stored }) => stored?.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    // The identity in two modes is there from the beginning.
    expect(played.buffers).toHaveLength(ids.length + 2);
  });
});

test('a season is its seed', async () => {
  const [one, two, other] = [
    await play(5, 30, 'javascript'),
    await play(5, 30, 'javascript'),
    await play(6, 30, 'javascript'),
  ];
  expect(two.records).toEqual(one.records);
  expect(other.records).not.toEqual(one.records);
});

test('solvers see no hidden half, and no program they are asked to find', async () => {
  const asked: { readonly question: string; readonly seen: readonly string[] }[] = [];
  const watcher: Solver = {
    agent: 'w',
    owner: 'o1',
    solve: async (question, seen) => {
      asked.push({ question: JSON.stringify(question), seen: seen.map(({ program }) => program) });
      return '';
    },
  };
  const { records, season } = await play(2, 150, 'python', { solvers: [watcher] });
  const inductions = records.flatMap(({ stored }) =>
    stored?.task.mode === 'induction' ? [stored.task] : [],
  );
  expect(inductions.length).toBeGreaterThan(10);
  for (const task of inductions) {
    const mine = asked.filter(({ question }) => question.includes(JSON.stringify(task.given)));
    expect(mine.length).toBeGreaterThan(0);
    for (const { question, seen } of mine) {
      expect(question).not.toContain(JSON.stringify(task.hidden).slice(1, -1));
      expect(question).not.toContain('def f');
      expect(seen).not.toContain(task.program);
    }
  }
  // They do see what is older.
  expect(asked.at(-1)?.seen.length).toBeGreaterThan(20);
  expect(season.published(1_000).length).toBeLessThan(records.length);
});

test('a proposer whose owner holds all solvers gets no reward at all', async () => {
  const { records } = await play(3, 12, 'python', { solvers: [baselineSolver('s', 'o3')] });
  const stored = records.filter((record) => record.stored !== null);
  expect(stored.length).toBeGreaterThan(0);
  for (const { reward, attempts } of stored) expect([reward, attempts]).toEqual([null, []]);
});

test('a task given up after the probe earns nothing and has no learnability', async () => {
  const idle: Solver = { agent: 'idle', owner: 'o1', solve: async () => '<think></think> <answer></answer>' };
  const { records } = await play(4, 12, 'python', { solvers: [idle], probe: 4 });
  const stored = records.flatMap((record) => (record.stored === null ? [] : [record]));
  expect(stored.length).toBeGreaterThan(0);
  for (const { reward, attempts, stored: task } of stored) {
    expect([reward, attempts.length, task?.learnability]).toEqual([null, 4, null]);
  }
});

test('a program that changes its mind while it is judged is refused, and no solver pays for it', async () => {
  let runs = 0;
  const program = 'def f(a):\n    return a';
  const proposal = `<think></think> <answer>\`\`\`python\n${program}\n\`\`\`\n\`\`\`input\n1\n\`\`\`</answer>`;
  // Alike while it is tried out, and different from then on.
  const executor = scriptedExecutor({ [program]: () => String(runs++ < 2 ? 7 : runs) });
  const proposer = { agent: 'p', owner: 'o3', propose: async () => proposal };
  const answers: Solver = {
    agent: 's',
    owner: 'o1',
    solve: async () => '<think></think> <answer>7</answer>',
  };
  const { records } = await play(1, 1, 'python', { executor, proposer, solvers: [answers] });
  expect(records).toEqual([
    expect.objectContaining({
      stored: null,
      reward: -1,
      attempts: [],
      problem: 'its program is not deterministic',
    }),
  ]);
});
