import { expect, test } from 'vitest';
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
