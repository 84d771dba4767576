/** The books of one account object: entries by key, balances, and what others have not been told of them. */
import * as z from 'zod';
import { ACCOUNT_SCHEMA } from '../../store/account-schema.ts';
import { first, migrate, type Sql } from '../../store/sql.ts';
import { type Account, balanceOf, type Entry, isAccount, isOverdrawn } from '../ledger.ts';

/**
 * `overdrawn`: an account would hold less than nothing; `over`: what it depends on has ended; `conflict`: the key stands
 * for another event, which is a fault of ours.
 */
export type PostResult = 'posted' | 'repeated' | 'overdrawn' | 'over' | 'conflict';

/** An entry as it stands in the books. */
export interface StoredEntry {
  readonly key: string;
  /** Unix ms when it was booked. */
  readonly at_ms: number;
  /** Account and amount, msats; positive is a debit. */
  readonly postings: readonly (readonly [account: string, amount: bigint])[];
}

const postingsSchema = z.array(z.tuple([z.string(), z.string().transform(BigInt)]));

export class BookStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, ACCOUNT_SCHEMA);
  }

  /**
   * Posts an entry in one transaction: with its balances, or not at all.
   *
   * @param also stored in the same transaction, when the entry is posted
   * @throws RangeError when the postings do not add up to nothing: then the code that made them is wrong
   */
  post(entry: Entry, at_ms: number, also?: () => void): PostResult {
    const postings = sumByAccount(entry);
    const text = JSON.stringify(postings.map(([account, amount]) => [account, amount.toString()]));
    return this.#sql.transaction(() => {
      if (entry.unless !== undefined && this.has(entry.unless)) return 'over';
      const before = first(this.#sql, 'SELECT postings FROM entries WHERE key = ?', entry.key);
      if (before !== undefined) return before.postings === text ? 'repeated' : 'conflict';
      const balances = new Map(postings.map(([account, amount]) => [account, this.#raw(account) + amount]));
      for (const account of balances.keys()) {
        if (isOverdrawn({ balances, posted: new Map() }, account)) return 'overdrawn';
      }
      this.#sql.run('INSERT INTO entries (key, at, postings) VALUES (?, ?, ?)', entry.key, at_ms, text);
      for (const [account, amount] of balances) this.#setBalance(account, amount);
      also?.();
      return 'posted';
    });
  }

  /** Whether something was booked under a key. */
  has(key: string): boolean {
    return first(this.#sql, 'SELECT 1 AS one FROM entries WHERE key = ?', key) !== undefined;
  }

  /** What stands on an account, in words: a client *has* credit; never negative. msats. */
  balance(account: Account): bigint {
    return balanceOf({ balances: new Map([[account, this.#raw(account)]]), posted: new Map() }, account);
  }

  /** What stands on every account that is not empty, in words. */
  balances(): ReadonlyMap<Account, bigint> {
    const rows = this.#sql.all('SELECT account FROM balances ORDER BY account');
    return new Map(
      rows.flatMap(({ account }) => {
        const name = String(account);
        return isAccount(name) ? [[name, this.balance(name)] as const] : [];
      }),
    );
  }

  /** Whether there are entries that this listener has not been told of. */
  isBehind(listener: string): boolean {
    return Number(first(this.#sql, 'SELECT max(seq) AS seq FROM entries')?.seq ?? 0) > this.#mark(listener);
  }

  /** The entries a listener has not been told of, in order, and the mark to set once it was. */
  untold(listener: string, limit: number): { entries: StoredEntry[]; mark: number } {
    const mark = this.#mark(listener);
    const rows = this.#sql.all(
      'SELECT seq, key, at, postings FROM entries WHERE seq > ? ORDER BY seq LIMIT ?',
      mark,
      limit,
    );
    const entries = rows.map((row) => ({
      key: String(row.key),
      at_ms: Number(row.at),
      postings: postingsSchema.parse(JSON.parse(String(row.postings))),
    }));
    return { entries, mark: Number(rows.at(-1)?.seq ?? mark) };
  }

  /** The listener knows everything up to this mark. */
  told(listener: string, mark: number): void {
    this.#sql.run(
      'INSERT INTO told (listener, seq) VALUES (?, ?) ON CONFLICT (listener) DO UPDATE SET seq = excluded.seq',
      listener,
      mark,
    );
  }

  /** What is empty leaves no row: every job has an account of its own, and most are over. */
  #setBalance(account: Account, amount: bigint): void {
    if (amount === 0n) this.#sql.run('DELETE FROM balances WHERE account = ?', account);
    else
      this.#sql.run(
        'INSERT INTO balances (account, amount) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET amount = excluded.amount',
        account,
        Number(amount),
      );
  }

  #mark(listener: string): number {
    return Number(first(this.#sql, 'SELECT seq FROM told WHERE listener = ?', listener)?.seq ?? 0);
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
