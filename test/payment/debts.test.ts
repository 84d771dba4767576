/** What is lent for a job is given back when the job will never be, and stays owed when the client has its result. */
import { expect, test } from 'vitest';
import { BookStore } from '../../src/payment/account/book-store.ts';
import { Debts } from '../../src/payment/account/debts.ts';
import { type Msats, msats } from '../../src/payment/msats.ts';
import { nodeSql } from '../support/node-sql.ts';

const MAX = msats(21_000);
const PRICE = msats(13_000);
const TERMS = { shares: [{ payee: 'ann@owner.test', weight: 1 }], feeParts: 100_000 };

function account() {
  const sql = nodeSql();
  const books = new BookStore(sql);
  const debts = new Debts(sql, books, { now: () => 0, post: (entry) => books.post(entry, 0) });
  const pays = (amount: Msats) => {
    const postings = [
      { account: 'wallet', amount },
      { account: 'credit:ann', amount: -amount },
    ] as const;
    books.post({ key: `in:${amount}`, postings }, 0);
    debts.settle('ann');
  };
  const rows = () => sql.all('SELECT account FROM balances ORDER BY account').map((row) => row.account);
  return { books, debts, pays, rows, owing: () => books.balance('owing:ann') };
}

test('what is over leaves no row among the balances', () => {
  const { debts, pays, rows } = account();
  for (const job of ['one', 'two', 'three']) {
    debts.lend('ann', job, MAX, msats(3n * MAX));
    debts.owe('ann', job, MAX, PRICE, TERMS);
  }
  pays(msats(3n * PRICE));
  debts.abandon('ann', 'one');
  expect(rows()).toEqual(['revenue', 'transit:ann@owner.test', 'wallet']);
});

test('abandon() gives back what was lent for a job that will never be, once', () => {
  const { debts, owing, books } = account();
  expect(debts.lend('ann', 'job', MAX, MAX)).toBe(true);
  expect(owing()).toBe(MAX);
  for (let i = 0; i < 2; i++) debts.abandon('ann', 'job');
  expect(owing()).toBe(0n);
  expect(books.balance('job:job')).toBe(0n);
});

test('abandon() leaves a debt alone, so that a request that comes again after everybody forgot it is no way out', () => {
  const { debts, owing, books, pays } = account();
  debts.lend('ann', 'job', MAX, MAX);
  debts.owe('ann', 'job', MAX, PRICE, TERMS);
  debts.abandon('ann', 'job');
  expect(owing()).toBe(PRICE);
  pays(PRICE);
  expect(owing()).toBe(0n);
  expect(books.balance('transit:ann@owner.test') + books.balance('revenue')).toBe(PRICE);
});
