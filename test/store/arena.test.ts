import { describe, expect, test } from 'vitest';
import type { Qualification } from '../../src/arena/qualification.ts';
import type { Rating } from '../../src/arena/rating.ts';
import { MODES, ROLES } from '../../src/arena/settings.ts';
import {
  type ArenaAttemptRecord,
  type ArenaFrontierRecord,
  type ArenaNews,
  type ArenaTaskRecord,
  allRatings,
  frontierOf,
  newestTask,
  qualificationsOf,
  ratingsOf,
  ratingsOfAgent,
  recordArena,
} from '../../src/store/arena.ts';
import {
  ARENA_MODES,
  ARENA_ROLES,
  type QualificationRecord,
  type RatingRecord,
} from '../../src/store/arena-record.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf } from '../support/records.ts';

const NOTHING: ArenaNews = {
  tasks: [],
  attempts: [],
  advantages: [],
  groups: [],
  ratings: [],
  qualifications: [],
  frontier: [],
};

function rating(agent: string, count: number, change: Partial<RatingRecord> = {}): RatingRecord {
  return {
    ...{ agent, mode: 'deduction', role: 'solve', count, sumAdvantage: count / 4, ema: 0.5, passed: count },
    updatedAt_ms: count,
    ...change,
  };
}

function qualification(agent: string, at_ms: number, qualified: boolean): QualificationRecord {
  return { agent, mode: 'deduction', qualified, at_ms, models: ['a', 'b'] };
}

function attempt(round: number, at: number): ArenaAttemptRecord {
  return {
    ...{ round, at, mode: 'deduction', role: 'solve', agent: 'x', owner: 'o', answerHash: hexOf(1) },
    ...{
      formatOk: true,
      accuracy: 1,
      reward: 1,
      group: 'g',
      advantage: null,
      tokens: 1,
      took_ms: 1,
      at_ms: 1,
    },
  };
}

function task(round: number): ArenaTaskRecord {
  return {
    ...{ round, id: hexOf(round), mode: 'deduction', language: 'python', program: 'p', programId: hexOf(2) },
    ...{ proposer: 'x', refs: '[]', attempts: 8, solved: 1, learnability: 0.875, executor: 'e' },
    createdAt_ms: 1,
  };
}

function stretch(number: number, rounds: number): ArenaFrontierRecord {
  return {
    ...{ stretch: number, mode: 'abduction', rounds, tasks: rounds, attempts: 8 * rounds, solved: rounds },
    ...{ learnability: 0.875 * rounds, frontier: rounds, frontierChars: 10 },
  };
}

test('the record and the rules have the same modes and roles, and types that fit', async () => {
  expect(ARENA_MODES).toEqual(MODES);
  expect(ARENA_ROLES).toEqual(ROLES);
  const { db } = nodeD1();
  const ratings: ReadonlyMap<string, Rating> = await ratingsOf(db, 'deduction');
  const verdicts: ReadonlyMap<string, Qualification> = await qualificationsOf(db, 'deduction');
  expect([ratings.size, verdicts.size]).toEqual([0, 0]);
});

describe('ratings', () => {
  test('only grow, whatever comes twice or late', async () => {
    const { db } = nodeD1();
    await recordArena(db, { ...NOTHING, ratings: [rating('x', 8)] });
    await recordArena(db, { ...NOTHING, ratings: [rating('x', 16)] });
    await recordArena(db, { ...NOTHING, ratings: [rating('x', 8), rating('x', 16, { passed: 0 })] });
    expect(await ratingsOfAgent(db, 'x')).toEqual([rating('x', 16)]);
  });

  test('are read by mode and role', async () => {
    const { db } = nodeD1();
    const all = [
      rating('x', 8),
      rating('y', 9),
      rating('x', 10, { role: 'propose' }),
      rating('x', 11, { mode: 'induction' }),
    ];
    await recordArena(db, { ...NOTHING, ratings: all });
    const solvers = await ratingsOf(db, 'deduction');
    expect([...solvers.keys()].sort()).toEqual(['x', 'y']);
    expect(solvers.get('x')).toEqual({ count: 8, sumAdvantage: 2, ema: 0.5, passed: 8 });
    expect((await ratingsOf(db, 'deduction', 'propose')).get('x')?.count).toBe(10);
    expect(await allRatings(db)).toHaveLength(4);
  });

  test('of more agents than one statement takes are all kept', async () => {
    const { db } = nodeD1();
    const many = Array.from({ length: 40 }, (_, i) => rating(`agent-${i}`, i + 1));
    await recordArena(db, { ...NOTHING, ratings: many });
    expect(await allRatings(db)).toHaveLength(40);
  });
});

test('the newest verdict on an agent counts', async () => {
  const { db } = nodeD1();
  await recordArena(db, { ...NOTHING, qualifications: [qualification('x', 5, true)] });
  await recordArena(db, { ...NOTHING, qualifications: [qualification('x', 9, false)] });
  await recordArena(db, { ...NOTHING, qualifications: [qualification('x', 5, true)] });
  expect((await qualificationsOf(db, 'deduction')).get('x')).toEqual(qualification('x', 9, false));
  expect((await qualificationsOf(db, 'induction')).size).toBe(0);
});

test('an attempt is told its advantage once', async () => {
  const { db, rows } = nodeD1();
  await recordArena(db, { ...NOTHING, attempts: [attempt(1, 0), attempt(1, 1)] });
  await recordArena(db, { ...NOTHING, advantages: [{ round: 1, at: 1, advantage: 0.25 }] });
  await recordArena(db, { ...NOTHING, advantages: [{ round: 1, at: 1, advantage: 9 }] });
  await recordArena(db, { ...NOTHING, attempts: [attempt(1, 1)] });
  expect(rows('SELECT at, advantage FROM arena_attempt ORDER BY at')).toEqual([
    { at: 0, advantage: null },
    { at: 1, advantage: 0.25 },
  ]);
});

test('the frontier is read by its last stretches, and a stretch never shrinks', async () => {
  const { db } = nodeD1();
  expect(await frontierOf(db, 2)).toEqual([]);
  await recordArena(db, { ...NOTHING, frontier: [stretch(0, 9), stretch(1, 9), stretch(2, 3)] });
  await recordArena(db, { ...NOTHING, frontier: [stretch(2, 2)] });
  expect(await frontierOf(db, 2)).toEqual([stretch(1, 9), stretch(2, 3)]);
});

test('the newest task is found by the primary key', async () => {
  const { db, plan, statements } = nodeD1();
  expect(await newestTask(db)).toBeUndefined();
  await recordArena(db, { ...NOTHING, tasks: [task(3), task(7), task(3)] });
  expect((await newestTask(db))?.round).toBe(7);
  expect((await newestTask(db, 6))?.round).toBe(3);
  expect(plan(statements.at(-1) ?? '').join()).toMatch(/SEARCH arena_task USING INTEGER PRIMARY KEY/);
});
