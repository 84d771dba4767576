import { expect, test } from 'vitest';
import { LINK_MAX_WAITING_QUERIES, LINK_QUERIES_IN_FLIGHT } from '../../src/limits.ts';
import { QueryTurns } from '../../src/link/query-turns.ts';
import { signEvent, type VerifiedEvent } from '../../src/nostr/event.ts';
import { settle } from './world.ts';

const URL_A = 'wss://a.test';
const event = signEvent({ kind: 1, created_at: 1, tags: [], content: '' }, new Uint8Array(32).fill(1));
const about = (n: number) => [{ kinds: [10_002], authors: [n.toString(16).padStart(64, '0')] }];

/** Questions that stay open until they are answered. */
function relay() {
  const open: ((events: VerifiedEvent[]) => void)[] = [];
  return { open, ask: () => new Promise<VerifiedEvent[]>((resolve) => open.push(resolve)) };
}

// Found by the bench: 32 jobs at once opened 32 subscriptions beside the standing ones; @nostr-relay/core keeps 20
// and dropped the one that hears requests, without a CLOSED.
test('QueryTurns never has more questions open at one relay than its limit, and asks all of them', async () => {
  const { open, ask } = relay();
  const turns = new QueryTurns();
  const answers = Array.from({ length: 40 }, (_, n) => turns.take(URL_A, about(n), ask));
  let answered = 0;
  while (answered < 40) {
    await settle();
    expect(open.length - answered).toBe(Math.min(LINK_QUERIES_IN_FLIGHT, 40 - answered));
    open[answered++]?.([event]);
  }
  expect((await Promise.all(answers)).every(([only]) => only === event)).toBe(true);
});

test('QueryTurns asks the same question once for all who wait for it, and again later', async () => {
  const { open, ask } = relay();
  const turns = new QueryTurns();
  const first = turns.take(URL_A, about(1), ask);
  const second = turns.take(URL_A, about(1), ask);
  await settle();
  expect(open.length).toBe(1);
  open[0]?.([event]);
  expect(await first).toEqual([event]);
  expect(await second).toEqual([event]);
  const third = turns.take(URL_A, about(1), ask);
  await settle();
  expect(open.length).toBe(2);
  open[1]?.([]);
  expect(await third).toEqual([]);
});

test('QueryTurns holds up nobody at another relay', async () => {
  const { open, ask } = relay();
  const turns = new QueryTurns();
  for (let n = 0; n < LINK_QUERIES_IN_FLIGHT; n++) void turns.take(URL_A, about(n), ask);
  void turns.take('wss://b.test', about(0), ask);
  await settle();
  expect(open.length).toBe(LINK_QUERIES_IN_FLIGHT + 1);
});

test('QueryTurns answers with nothing at once when too many wait already', async () => {
  const { open, ask } = relay();
  const turns = new QueryTurns();
  const many = LINK_QUERIES_IN_FLIGHT + LINK_MAX_WAITING_QUERIES;
  for (let n = 0; n < many; n++) void turns.take(URL_A, about(n), ask);
  expect(await turns.take(URL_A, about(many), ask)).toEqual([]);
  expect(open.length).toBe(LINK_QUERIES_IN_FLIGHT);
});
