/** Goal: however many runs name an address, its owner is asked once, and never again after a no. */
import { expect, test } from 'vitest';
import { MAIL_ASK_PAUSE_MS } from '../../src/limits.ts';
import { noteAnswer, takeLeaveToAsk } from '../../src/store/mail-addresses.ts';
import { nodeD1 } from '../support/node-d1.ts';
import { hexOf } from '../support/records.ts';

const ANN = hexOf(0xa);
const BOB = hexOf(0xb);
const NOW_MS = 1_790_000_000_000;

function desk() {
  const { db } = nodeD1();
  return {
    ask: (job: number, at_ms = NOW_MS, who = ANN) => takeLeaveToAsk(db, who, hexOf(job), at_ms),
    answer: (answer: 'yes' | 'no', who = ANN) => noteAnswer(db, who, answer, NOW_MS),
  };
}

test('one run may ask an address, however often it is repeated, and others not until much later', async () => {
  const { ask } = desk();
  expect([await ask(1), await ask(1), await ask(2), await ask(1)]).toEqual([true, true, false, true]);
  expect(await ask(2, NOW_MS + MAIL_ASK_PAUSE_MS - 1)).toBe(false);
  expect(await ask(2, NOW_MS + MAIL_ASK_PAUSE_MS)).toBe(true);
  expect(await ask(1, NOW_MS + MAIL_ASK_PAUSE_MS)).toBe(false);
  expect(await ask(3, NOW_MS, BOB)).toBe(true);
});

test('of many runs at once one may ask', async () => {
  const { ask } = desk();
  const asked = await Promise.all([1, 2, 3, 4, 5].map((job) => ask(job)));
  expect(asked.filter(Boolean)).toHaveLength(1);
});

test('after a yes the next run may ask at once', async () => {
  const { ask, answer } = desk();
  await ask(1);
  await answer('yes');
  expect([await ask(2), await ask(3)]).toEqual([true, false]);
});

test('after a no nobody may, for good, until it is taken back', async () => {
  const { ask, answer } = desk();
  await ask(1);
  await answer('no');
  await answer('yes', BOB);
  expect([await ask(1), await ask(2, NOW_MS + 1_000 * MAIL_ASK_PAUSE_MS)]).toEqual([false, false]);
  expect(await ask(2, NOW_MS, BOB)).toBe(true);
  await answer('yes');
  expect(await ask(2)).toBe(true);
});
