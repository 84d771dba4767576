/**
 * Double-entry books, append only: every msat that comes, moves or goes is an entry whose postings add up to nothing.
 * Pure arithmetic; the store keeps entries in a table with a unique index on the key and applies the same rules.
 *
 * A positive posting is a debit. What the operator has (wallet, what clients owe, routing fees spent) stands on the
 * debit side, what it owes or has earned on the credit side, so that `wallet` always equals what is owed to others plus
 * what is the operator's own. {@link balanceOf} gives each account's amount as one says it in words: never negative.
 */
import * as z from 'zod';
import { inWords } from './account-kinds.ts';
import type { Msats } from './msats.ts';

/**
 * - `wallet`: the operator's Lightning wallet; `routing`: fees paid on the way; `hiring`: paid to agents of others for
 *   work on jobs here; `owing:<client>`: delivered, not paid;
 * - `credit:<client>`: paid and not used; `job:<agent>:<id>`: set aside for a job; `payee:<Lightning address>`: earned by an
 *   agent and owed to its owner; `sending:<payout>`: claimed by a payment under way; `revenue`: the operator's fees;
 *   `capital`: its own money;
 * - `transit:<Lightning address>`, `transit:client/<client>`: on its way from the books of who paid to those of an owner, or
 *   of another client (an API key's), each of which is a store of its own.
 *
 * One store may hold less than nothing in `transit` and in the `wallet` only: an owner is paid from what clients brought
 * into theirs. Over all stores neither does.
 */
export type Account =
  | 'wallet'
  | 'routing'
  | 'hiring'
  | 'revenue'
  | 'capital'
  | `${'owing' | 'credit' | 'job' | 'payee' | 'transit' | 'sending'}:${string}`;

export interface Posting {
  readonly account: Account;
  /** msats; positive is a debit. */
  readonly amount: bigint;
}

/** Something that happened to money, once. */
export interface Entry {
  /** The same key is the same event: posting it again changes nothing. */
  readonly key: string;
  readonly postings: readonly Posting[];
  /** The key of what makes this impossible once it has happened; the entry is then refused, even if it was made before. */
  readonly unless?: string | undefined;
}

/** The books at one moment. */
export interface Books {
  /** Debits minus credits by account; accounts at nothing are absent. */
  readonly balances: ReadonlyMap<Account, bigint>;
  /** What was posted under each key. */
  readonly posted: ReadonlyMap<string, string>;
}

export const EMPTY_BOOKS: Books = { balances: new Map(), posted: new Map() };

export type Posted =
  | { readonly type: 'posted'; readonly books: Books }
  /** It was there already. */
  | { readonly type: 'repeated'; readonly books: Books }
  /** An account would hold less than nothing. */
  | { readonly type: 'overdrawn'; readonly account: Account }
  /** What it depends on is over ({@link Entry.unless}). */
  | { readonly type: 'over' }
  /** The key stands for another event: somebody books two things under one name. */
  | { readonly type: 'conflict' };

const NAMES = /^(?:wallet|routing|hiring|revenue|capital|(?:owing|credit|job|payee|transit|sending):.+)$/;

/** Reads an entry that was stored with `toJson`. */
export const entrySchema = z.object({
  key: z.string().min(1),
  unless: z.string().optional(),
  postings: z.array(
    z.object({
      account: z.string().refine(isAccount, 'is no account'),
      amount: z
        .string()
        .regex(/^-?\d{1,20}$/)
        .transform(BigInt),
    }),
  ),
});

/** An entry as plain JSON, for calls between objects: amounts are decimal strings. */
export type PlainEntry = z.input<typeof entrySchema>;

export function toPlainEntry({ key, postings, unless }: Entry): PlainEntry {
  return {
    key,
    unless,
    postings: postings.map(({ account, amount }) => ({ account, amount: amount.toString() })),
  };
}

/**
 * An entry that moves amounts from account to account; whatever moves nothing is left out.
 *
 * @param moves each takes `amount` from the credit side of `from` to that of `to` (for `wallet`, `routing`, `hiring`
 *   and `owing` the sides are the other way round: money comes into the wallet *from* it)
 */
export function entry(key: string, moves: readonly Move[]): Entry {
  const postings = moves.flatMap(({ from, to, amount }) =>
    amount === 0n
      ? []
      : [
          { account: from, amount },
          { account: to, amount: -amount },
        ],
  );
  return { key, postings };
}

export interface Move {
  readonly from: Account;
  readonly to: Account;
  readonly amount: Msats;
}

/**
 * Posts an entry.
 *
 * @throws RangeError when the postings do not add up to nothing: then the code that made them is wrong
 */
export function post(books: Books, { key, postings, unless }: Entry): Posted {
  if (postings.reduce((sum, { amount }) => sum + amount, 0n) !== 0n) {
    throw new RangeError(`the entry ${key} does not balance`);
  }
  if (unless !== undefined && books.posted.has(unless)) return { type: 'over' };
  const fingerprint = fingerprintOf(postings);
  const before = books.posted.get(key);
  if (before !== undefined)
    return before === fingerprint ? { type: 'repeated', books } : { type: 'conflict' };
  const balances = new Map(books.balances);
  for (const { account, amount } of postings) {
    const balance = (balances.get(account) ?? 0n) + amount;
    if (balance === 0n) balances.delete(account);
    else balances.set(account, balance);
  }
  const next = { balances, posted: new Map(books.posted).set(key, fingerprint) };
  const overdrawn = postings.find(({ account }) => isOverdrawn(next, account));
  if (overdrawn !== undefined) return { type: 'overdrawn', account: overdrawn.account };
  return { type: 'posted', books: next };
}

/** What stands on an account, in words: the wallet *has*, an owner *is owed*, a client *has to its credit*, msats. */
export function balanceOf({ balances }: Books, account: Account): bigint {
  return inWords(account, balances.get(account) ?? 0n);
}

/** Whether an account holds less than nothing although it may not. */
export function isOverdrawn(books: Books, account: Account): boolean {
  return balanceOf(books, account) < 0n && account !== 'wallet' && !account.startsWith('transit:');
}

/** Debits minus credits over all accounts: nothing, at any moment. */
export function imbalance({ balances }: Books): bigint {
  return [...balances.values()].reduce((sum, balance) => sum + balance, 0n);
}

function fingerprintOf(postings: readonly Posting[]): string {
  return postings.map(({ account, amount }) => `${account} ${amount}`).join('\n');
}

/** Whether a name is that of an account. */
export function isAccount(name: string): name is Account {
  return NAMES.test(name);
}
