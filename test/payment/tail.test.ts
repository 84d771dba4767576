/** An account's books are told on, and an alarm that began that can wait until it is done. */
import { expect, test } from 'vitest';
import { BookStore } from '../../src/payment/account/book-store.ts';
import { Tail } from '../../src/payment/account/tail.ts';
import { nodeSql } from '../support/node-sql.ts';

const DEPOSIT = [
  { account: 'wallet', amount: 1n },
  { account: 'capital', amount: -1n },
] as const;

function account(tell: () => Promise<void>) {
  const books = new BookStore(nodeSql());
  let now_ms = 0;
  const told: string[] = [];
  const tail = new Tail(
    'record',
    books,
    async (entries) => {
      await tell();
      told.push(...entries.map(({ key }) => key));
    },
    { now: () => now_ms, defer: (work) => void work, woken: () => undefined, log: () => undefined },
  );
  const book = (key: string) => {
    books.post({ key, postings: DEPOSIT }, now_ms);
    tail.behind();
  };
  const ring = () => {
    now_ms = tail.nextAt_ms() ?? now_ms;
    tail.tick();
  };
  return { tail, told, book, ring };
}

test('told() ends when what was begun has been told, and what came meanwhile has its time', async () => {
  const gate = Promise.withResolvers<void>();
  const { tail, told, book, ring } = account(() => gate.promise);
  book('one');
  ring();
  let ended = false;
  const ending = tail.told().then(() => {
    ended = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  book('two');
  gate.resolve();
  await ending;
  expect(told).toEqual(['one']);
  ring();
  await tail.told();
  expect(told).toEqual(['one', 'two']);
  expect(tail.nextAt_ms()).toBeNull();
});

test('told() ends too when nobody could be told, and there is a time for the next try', async () => {
  let away = true;
  const { tail, told, book, ring } = account(() =>
    away ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  await tail.told();
  book('one');
  ring();
  await tail.told();
  expect(told).toEqual([]);
  expect(tail.nextAt_ms()).not.toBeNull();
  away = false;
  ring();
  await tail.told();
  expect(told).toEqual(['one']);
});
