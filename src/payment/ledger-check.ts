/**
 * Gathers what books and wallet say and compares it (reconcile.ts). The ledger is read before the wallet: what moves in
 * between is young, and not held against anybody. What one side has and the list of the other does not show is asked
 * for by its name before it is missed, so a list that is cut short or shifts while it is read makes no difference.
 */
import {
  LEDGER_CHECK_LINES,
  LEDGER_CHECK_LOOKUPS,
  LEDGER_CHECK_NAMED,
  LEDGER_CHECK_PAGE,
  LEDGER_CHECK_PAGES,
  LEDGER_SET_ASIDE_MS,
} from '../limits.ts';
import type { Db } from '../store/db.ts';
import type { LedgerLine } from '../store/ledger.ts';
import {
  ledgerKinds,
  linesUnder,
  newestLines,
  suspectAccounts,
  unbalancedEntries,
} from '../store/ledger-report.ts';
import { DEBIT_KINDS } from './account-kinds.ts';
import { bookedPayments, keysOf, PAYMENT_ACCOUNTS } from './booked.ts';
import type { Sum } from './findings.ts';
import type { Msats } from './msats.ts';
import {
  type BookedPayment,
  type BookFacts,
  paymentName,
  type Reconciled,
  reconcile,
  unconfirmed,
} from './reconcile.ts';
import type { Wallet, WalletTransaction } from './wallet.ts';
import { type WalletHistory, walletHistory } from './wallet-history.ts';

/** The wallet did not say what the comparison needs. */
export interface Unchecked {
  readonly type: 'unchecked';
  readonly reason: string;
}

export interface LedgerCheck extends Reconciled {
  readonly type: 'checked';
  readonly at_ms: number;
  /** Debit minus credit by kind of account. */
  readonly kinds: readonly Sum[];
  /** Null where the wallet does not say. */
  readonly walletBalance: Msats | null;
  /** False when there were more payments than one comparison reads: the older ones were not looked at. */
  readonly complete: boolean;
}

export interface CheckPorts {
  readonly db: Db;
  readonly wallet: Pick<Wallet, 'list' | 'lookup' | 'balance'>;
  /** Unix ms. */
  readonly now_ms: number;
}

/** How much one comparison reads. */
export interface CheckBounds {
  readonly lines: number;
  readonly pageSize: number;
  readonly pages: number;
  readonly lookups: number;
}

const BOUNDS: CheckBounds = {
  lines: LEDGER_CHECK_LINES,
  pageSize: LEDGER_CHECK_PAGE,
  pages: LEDGER_CHECK_PAGES,
  lookups: LEDGER_CHECK_LOOKUPS,
};

/** @param grace_ms what moved less than this ago is `pending` at the worst */
export async function checkLedger(
  ports: CheckPorts,
  grace_ms: number,
  bounds: CheckBounds = BOUNDS,
): Promise<LedgerCheck | Unchecked> {
  const { db, wallet, now_ms } = ports;
  const books = await readBooks(db, now_ms, bounds.lines);
  const balance = await wallet.balance();
  if (balance.type === 'unknown') return unchecked('its balance', balance.reason);
  const history = await walletHistory(wallet, bounds.pageSize, bounds.pages);
  if (history.type === 'unknown') return unchecked('its list of payments', history.reason);
  if (history.type === 'failed') return unchecked('its list of payments', history.code);

  const older = await olderEntries(db, books.payments, history.value.transactions);
  const payments = [...books.payments, ...older];
  const looked = await lookUp(wallet, payments, history.value, bounds.lookups);
  if (looked.type === 'unchecked') return looked;
  const { found, unjudged } = looked;
  const walletBalance = balance.type === 'ok' ? balance.value : null;
  const compared = reconcile(
    { ...books, payments: payments.filter((payment) => !unjudged.has(payment)) },
    { transactions: merged(history.value.transactions, found), balance: walletBalance },
    { now_ms, grace_ms, setAside_ms: LEDGER_SET_ASIDE_MS },
  );
  const complete = !books.more && history.value.since_s === null && unjudged.size === 0;
  return { type: 'checked', at_ms: now_ms, kinds: books.kinds, walletBalance, complete, ...compared };
}

async function readBooks(db: Db, now_ms: number, limit: number): Promise<BookFacts & { more: boolean }> {
  const idle = { kind: 'job', before_ms: now_ms - LEDGER_SET_ASIDE_MS };
  const kinds = await ledgerKinds(db);
  const unbalanced = await unbalancedEntries(db, LEDGER_CHECK_NAMED);
  const suspects = await suspectAccounts(db, DEBIT_KINDS, idle, LEDGER_CHECK_NAMED);
  const lines = await newestLines(db, PAYMENT_ACCOUNTS, limit);
  const more = lines.length === limit;
  return {
    ...bookedPayments(more ? withoutOldestEntry(lines) : lines),
    unbalanced: unbalanced.map(({ key, msats }) => ({ name: key, msats: BigInt(msats) })),
    kinds: Object.entries(kinds).map(([name, msats]) => ({ name, msats: BigInt(msats) })),
    accounts: suspects.map(({ account, msats, newest_ms }) => ({
      name: account,
      msats: BigInt(msats),
      newest_ms,
    })),
    more,
  };
}

/** Where the reading stopped, an entry may have been cut in two. */
function withoutOldestEntry(lines: readonly LedgerLine[]): LedgerLine[] {
  const cut = lines.at(-1)?.key;
  return lines.filter(({ key }) => key !== cut);
}

/** What the wallet settled and the newest entries do not hold may stand further back. */
async function olderEntries(
  db: Db,
  booked: readonly BookedPayment[],
  transactions: readonly WalletTransaction[],
): Promise<readonly BookedPayment[]> {
  const known = new Set(booked.map(paymentName));
  const missing = transactions.filter((one) => one.state === 'settled' && !known.has(paymentName(one)));
  return bookedPayments(await linesUnder(db, PAYMENT_ACCOUNTS, keysOf(missing))).payments;
}

type Looked =
  | {
      readonly type: 'looked';
      readonly found: readonly WalletTransaction[];
      /** Not looked up: too many, or older than the list that was read. */
      readonly unjudged: ReadonlySet<BookedPayment>;
    }
  | Unchecked;

async function lookUp(
  wallet: CheckPorts['wallet'],
  payments: readonly BookedPayment[],
  { transactions, since_s }: WalletHistory,
  limit: number,
): Promise<Looked> {
  const missing = unconfirmed(payments, transactions);
  const worth = missing.filter(({ at_ms }) => since_s === null || at_ms >= since_s * 1_000).slice(0, limit);
  const found: WalletTransaction[] = [];
  for (const { paymentHash, direction } of worth) {
    const answer = await wallet.lookup(paymentHash, direction);
    if (answer.type === 'unknown') return unchecked(`payment ${paymentHash}`, answer.reason);
    if (answer.type === 'failed') return unchecked(`payment ${paymentHash}`, answer.code);
    if (answer.value !== null) found.push(answer.value);
  }
  const looked = new Set(worth);
  return { type: 'looked', found, unjudged: new Set(missing.filter((payment) => !looked.has(payment))) };
}

/** What was looked up is the newer word. */
function merged(
  listed: readonly WalletTransaction[],
  found: readonly WalletTransaction[],
): WalletTransaction[] {
  return [...new Map([...listed, ...found].map((one) => [paymentName(one), one])).values()];
}

function unchecked(what: string, why: string): Unchecked {
  return { type: 'unchecked', reason: `the wallet does not tell ${what}: ${why}` };
}
