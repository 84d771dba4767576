/** What the development wallet keeps: balances, payments, and which requests it has seen. */
import type { Sql, SqlRow } from '../../store/sql.ts';
import { first, migrate } from '../../store/sql.ts';
import type { NwcEncryption } from '../nwc/wire.ts';
import type { DevWalletName } from './keys.ts';

/** One side of a payment. Amounts are msats and stay far below 2^53; times are Unix s. */
export interface DevPayment extends SqlRow {
  wallet: DevWalletName;
  direction: 'incoming' | 'outgoing';
  hash: string;
  state: 'pending' | 'accepted' | 'settled' | 'failed';
  amount: number;
  bolt11: string;
  preimage: string | null;
  description: string | null;
  description_hash: string | null;
  created_at: number;
  expires_at: number;
  settled_at: number | null;
  /** 1 for an invoice whose preimage only its owner knows. */
  hold: number;
  /** Blocks a payment of a hold invoice is kept. */
  cltv: number;
  /** Block height at which a held payment goes back. */
  deadline: number | null;
  /** Of an outgoing payment: the request that is answered when it ends. */
  request: string | null;
  encryption: NwcEncryption | null;
}

const SCHEMA: string[][] = [
  [
    'CREATE TABLE balance (wallet TEXT PRIMARY KEY, msats INTEGER NOT NULL CHECK (msats >= 0))',
    `CREATE TABLE payment (wallet TEXT NOT NULL, direction TEXT NOT NULL, hash TEXT NOT NULL, state TEXT NOT NULL,
      amount INTEGER NOT NULL, bolt11 TEXT NOT NULL, preimage TEXT, description TEXT, description_hash TEXT,
      created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, settled_at INTEGER, hold INTEGER NOT NULL,
      cltv INTEGER NOT NULL, deadline INTEGER, request TEXT, encryption TEXT, PRIMARY KEY (hash, direction))`,
    'CREATE TABLE seen (request TEXT PRIMARY KEY, until_s INTEGER NOT NULL)',
  ],
];

const COLUMNS = [
  'wallet',
  'direction',
  'hash',
  'state',
  'amount',
  'bolt11',
  'preimage',
  'description',
  'description_hash',
  'created_at',
  'expires_at',
  'settled_at',
  'hold',
  'cltv',
  'deadline',
  'request',
  'encryption',
] as const;

export class DevRows {
  readonly #sql: Sql;

  /** @param opening balances of wallets that are new, msats */
  constructor(sql: Sql, opening: Readonly<Record<DevWalletName, number>>) {
    this.#sql = sql;
    migrate(sql, SCHEMA);
    for (const [wallet, msats] of Object.entries(opening))
      sql.run('INSERT OR IGNORE INTO balance (wallet, msats) VALUES (?, ?)', wallet, msats);
  }

  balance(wallet: DevWalletName): number {
    const row = first<{ msats: number }>(this.#sql, 'SELECT msats FROM balance WHERE wallet = ?', wallet);
    return row?.msats ?? 0;
  }

  /** @param by_msats negative to take */
  addToBalance(wallet: DevWalletName, by_msats: number): void {
    this.#sql.run('UPDATE balance SET msats = msats + ? WHERE wallet = ?', by_msats, wallet);
  }

  find(hash: string, direction: DevPayment['direction']): DevPayment | undefined {
    return first<DevPayment>(
      this.#sql,
      'SELECT * FROM payment WHERE hash = ? AND direction = ?',
      hash,
      direction,
    );
  }

  /** Stores a payment, or what has become of it. */
  put(payment: DevPayment): void {
    const marks = COLUMNS.map(() => '?').join(', ');
    this.#sql.run(
      `INSERT OR REPLACE INTO payment (${COLUMNS.join(', ')}) VALUES (${marks})`,
      ...COLUMNS.map((column) => payment[column]),
    );
  }

  /** Held payments, the soonest deadline first. */
  held(): DevPayment[] {
    return this.#sql.all<DevPayment>(
      "SELECT * FROM payment WHERE direction = 'incoming' AND state = 'accepted' ORDER BY deadline",
    );
  }

  /** Payments of a wallet, newest first. Times are Unix s, inclusive. */
  list(
    wallet: DevWalletName,
    query: {
      from_s: number;
      until_s: number;
      unpaid: boolean;
      limit: number;
      offset: number;
      type: string | null;
    },
  ): DevPayment[] {
    return this.#sql.all<DevPayment>(
      `SELECT * FROM payment WHERE wallet = ? AND created_at BETWEEN ? AND ? AND (? = 1 OR state = 'settled')
       AND (? IS NULL OR direction = ?) ORDER BY created_at DESC, hash LIMIT ? OFFSET ?`,
      wallet,
      query.from_s,
      query.until_s,
      query.unpaid ? 1 : 0,
      query.type,
      query.type,
      query.limit,
      query.offset,
    );
  }

  /** Remembers a request until it is not served any more, Unix s; false when it was seen before. */
  firstSight(request: string, until_s: number): boolean {
    return this.#sql.run('INSERT OR IGNORE INTO seen (request, until_s) VALUES (?, ?)', request, until_s) > 0;
  }

  /** Forgets requests that are not served any more, seen or not. */
  forgetSeen(now_s: number): void {
    this.#sql.run('DELETE FROM seen WHERE until_s < ?', now_s);
  }
}
