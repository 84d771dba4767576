import { expect, test } from 'vitest';
import { tokenMemory } from '../../src/store/tokens.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf } from '../support/records.ts';

test('tokenMemory notes each token once until it can no longer be valid, then forgets it', async () => {
  const { db } = nodeD1();
  const at = (now_s: number) => tokenMemory(db, now_s);
  expect(await at(100).note(hexOf(1), 161)).toBe(true);
  expect(await at(100).note(hexOf(2), 161)).toBe(true);
  expect(await at(161).note(hexOf(1), 161)).toBe(false);
  expect(await at(162).note(hexOf(3), 223)).toBe(true);
  // Whoever still presents the first one now is refused for its age; that it is noted anew shows it was forgotten.
  expect(await at(162).note(hexOf(1), 161)).toBe(true);
});

test('of two at once one counts', async () => {
  const { db } = nodeD1();
  const memory = tokenMemory(db, 100);
  const noted = await Promise.all([memory.note(hexOf(1), 161), memory.note(hexOf(1), 161)]);
  expect(noted.toSorted()).toEqual([false, true]);
});
