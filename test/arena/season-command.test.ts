/** `npm run arena`: its season is its seed. The interpreter stands in for the sandbox; test/sandbox has the command whole. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { playSeason } from '../../scripts/arena/season.ts';
import { advantages } from '../../src/arena/advantage.ts';
import { rolloutLines } from '../../src/arena/export/rollouts.ts';
import { MODES, ROLES } from '../../src/arena/settings.ts';
import type { Language } from '../../src/checks/executor.ts';
import { dslExecutor } from '../support/dsl-executor.ts';

const play = (seed: number, rounds: number, language: Language = 'python') =>
  playSeason({ seed, rounds, language, executor: dslExecutor() });

test('the same seed gives the same season to the last byte, another one another', async () => {
  const [one, two, other] = [await play(7, 24), await play(7, 24), await play(8, 24)];
  expect(two.records).toEqual(one.records);
  expect(two.ratings).toEqual(one.ratings);
  expect(two.frontier).toEqual(one.frontier);
  const lines = rolloutLines(await one.rollouts());
  expect(rolloutLines(await two.rollouts())).toBe(lines);
  expect(rolloutLines(await other.rollouts())).not.toBe(lines);
});

test('both languages are played', async () => {
  const { records } = await play(1, 12, 'javascript');
  expect(records.some(({ stored }) => stored?.task.program.includes('function f('))).toBe(true);
});

const row = z.object({
  group: z.string(),
  mode: z.enum(MODES),
  role: z.enum(ROLES),
  reward: z.number(),
  advantage: z.number().nullable(),
  prompt: z.array(z.object({ role: z.string(), content: z.string() })).nonempty(),
  completion: z.string(),
});

test('the exported rollouts are enough to compute the advantages of every closed group again', async () => {
  const season = await play(3, 90);
  const rows = rolloutLines(await season.rollouts())
    .trim()
    .split('\n')
    .map((line) => row.parse(JSON.parse(line)));
  const groups = [...Map.groupBy(rows, ({ group }) => group)];
  const closed = groups.filter(([, members]) => members.every(({ advantage }) => advantage !== null));
  expect(closed.length).toBeGreaterThan(5);
  // What is not closed is open as a whole.
  for (const [, members] of groups) {
    expect(new Set(members.map(({ advantage }) => advantage === null)).size).toBe(1);
  }
  for (const [group, members] of closed) {
    expect(members.length, group).toBeGreaterThanOrEqual(8);
    const again = advantages(
      members.map(({ mode, role, reward }) => ({ mode, role, reward, length: 1 })),
      'response',
    );
    for (const [i, member] of members.entries()) {
      expect(member.advantage ?? Number.NaN, group).toBeCloseTo(again[i] ?? Number.NaN, 9);
    }
  }
});

test('a rating is the sum of the advantages of its agent', async () => {
  const season = await play(4, 90);
  const rollouts = await season.rollouts();
  expect(season.ratings.length).toBeGreaterThan(8);
  for (const { agent, mode, role, count, sumAdvantage } of season.ratings) {
    const own = rollouts.filter(
      (one) => one.agent === agent && one.mode === mode && one.role === role && one.advantage !== null,
    );
    expect(own).toHaveLength(count);
    expect(own.reduce((sum, { advantage }) => sum + (advantage ?? 0), 0)).toBeCloseTo(sumAdvantage, 9);
  }
});
