/** The books of one client, in its account object: entries by key, balances, and what the record (D1) has not seen. */
import { ACCOUNT_SCHEMA } from '../store/account-schema.ts';
import type { LedgerLine } from '../store/ledger.ts';
import { first, migrate, type Sql } from '../store/sql.ts';
import { type Account, balanceOf, type Entry } from './ledger.ts';

/** `conflict`: the key stands for another event, which is a fault of ours. */
export type PostResult = 'posted' | 'repeated' | 'overdrawn' | 'conflict';

export class BookStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, ACCOUNT_SCHEMA);
  }

  /**
   * Posts an entry in one transaction: with its balances, or not at all.
   *
   * @throws RangeError when the postings do not add up to nothing: then the code that made them is wrong
   */
  post(entry: Entry, at_ms: number): PostResult {
    const postings = sumByAccount(entry);
    const text = JSON.stringify(postings.map(([account, amount]) => [account, amount.toString()]));
    return this.#sql.transaction(() => {
      const before = first(this.#sql, 'SELECT postings FROM entries WHERE key = ?', entry.key);
      if (before !== undefined) return before.postings === text ? 'repeated' : 'conflict';
      const balances = new Map(postings.map(([account, amount]) => [account, this.#raw(account) + amount]));
      for (const account of balances.keys()) {
        if (balanceOf({ balances, posted: new Map() }, account) < 0n) return 'overdrawn';
      }
      this.#sql.run('INSERT INTO entries (key, at, postings) VALUES (?, ?, ?)', entry.key, at_ms, text);
      for (const [account, amount] of balances) {
        this.#sql.run(
          'INSERT INTO balances (account, amount) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET amount = excluded.amount',
          account,
          Number(amount),
        );
      }
      return 'posted';
    });
  }

  /** What stands on an account, in words: a client *has* credit; never negative. msats. */
  balance(account: Account): bigint {
    return balanceOf({ balances: new Map([[account, this.#raw(account)]]), posted: new Map() }, account);
  }

  /** The lines the record has not seen, in order, and the mark to set once it has. */
  unprojected(limit: number): { lines: LedgerLine[]; mark: number } {
    const mark = Number(first(this.#sql, 'SELECT seq FROM projected WHERE id = 1')?.seq ?? 0);
    const rows = this.#sql.all(
      'SELECT seq, key, at, postings FROM entries WHERE seq > ? ORDER BY seq LIMIT ?',
      mark,
      limit,
    );
    const lines = rows.flatMap((row) => {
      const postings: readonly (readonly [string, string])[] = JSON.parse(String(row.postings));
      return postings.map(([account, amount]) => ({
        key: String(row.key),
        account,
        amount_msats: Number(amount),
        at_ms: Number(row.at),
      }));
    });
    return { lines, mark: Number(rows.at(-1)?.seq ?? mark) };
  }

  /** The record has everything up to this mark. */
  markProjected(mark: number): void {
    this.#sql.run(
      'INSERT INTO projected (id, seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq',
      mark,
    );
  }

  #raw(account: Account): bigint {
    return BigInt(
      Number(first(this.#sql, 'SELECT amount FROM balances WHERE account = ?', account)?.amount ?? 0),
    );
  }
}

function sumByAccount({ key, postings }: Entry): [Account, bigint][] {
  const sums = new Map<Account, bigint>();
  let total = 0n;
  for (const { account, amount } of postings) {
    total += amount;
    sums.set(account, (sums.get(account) ?? 0n) + amount);
  }
  if (total !== 0n) throw new RangeError(`the entry ${key} does not balance`);
  return [...sums].filter(([, amount]) => amount !== 0n);
}
