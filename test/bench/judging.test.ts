import { expect, test } from 'vitest';
import { dayRows, type Unit } from './agents/day.ts';
import { type Counts, growth } from './money/counted.ts';
import { percentile } from './statistics.ts';
import { isMet, render } from './table.ts';
import { isRightAnswer } from './wires.ts';

test('percentile is the nearest rank, in any order', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.99, 1].map((p) => percentile(values, p))).toEqual([1, 50, 99, 100]);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

test('a goal is judged on the ratio, or on the value where there is no reference', () => {
  const row = { name: 'x', value: 6, unit: 'ms' };
  const reference = { name: 'y', value: 2 };
  expect(isMet({ ...row, reference, goal: { atLeast: 3 } })).toBe(true);
  expect(isMet({ ...row, reference, goal: { above: 3 } })).toBe(false);
  expect(isMet({ ...row, reference, goal: { atMost: 2.9 } })).toBe(false);
  expect(isMet({ ...row, goal: { atMost: 6 } })).toBe(true);
  expect(isMet(row)).toBeUndefined();
  expect(render([{ ...row, reference, goal: { above: 3 } }])).toMatch(
    /x +6\.00 ms +2\.00 ms \(y\) +3\.00x +> 3 +NO$/,
  );
});

test('an answer is right when it names exactly the notes asked for', () => {
  const ids = new Set(['a', 'b']);
  expect(isRightAnswer('[["e","b"],["e","a"]]', ids)).toBe(true);
  expect(isRightAnswer('[["e","a"]]', ids)).toBe(false);
  expect(isRightAnswer('[["e","a"],["e","c"]]', ids)).toBe(false);
  expect(isRightAnswer('[["p","a"],["e","b"]]', ids)).toBe(false);
  expect(isRightAnswer('{}', ids)).toBe(false);
});

const NOTHING: Record<Unit, Counts> = {
  'a step of an agent': {},
  'a step of a team': {},
  'a report': {},
  'a message by request': {},
  'a message by direct message': {},
};

test('a day of a team costs what its steps, reports and messages write and call, and the calls that show it is alive', () => {
  const day = (unit: Unit, counts: Counts) => {
    const [rows, calls, cents] = dayRows({ ...NOTHING, [unit]: counts }).map(({ value }) => value);
    return { rows, calls, cents };
  };
  const beats = 17_280;
  const idle = day('a step of an agent', { 'object x': 1_000_000 });
  expect(idle).toMatchObject({ rows: 0, calls: beats });
  const steps = day('a step of a team', { 'object x': 3, D1: 1, alarm: 1, 'call AgentSession': 10 });
  expect(steps).toMatchObject({ rows: 1_000, calls: beats + 2_000 });
  // A thousand rows are a tenth of a cent; two thousand calls of ten ms are 0.03 cents for themselves and 0.0032 in memory.
  expect((steps.cents ?? 0) - (idle.cents ?? 0)).toBeCloseTo(0.1 + 0.03 + 0.0032, 6);
  expect(day('a message by request', { 'object x': 40 })).toMatchObject({ rows: 400 });
});

test('growth is what came on top, for each thing done', () => {
  expect(growth({ D1: 4, alarm: 2 }, { D1: 10, alarm: 2, 'object x': 3 }, 3)).toEqual({
    D1: 2,
    'object x': 1,
  });
});
