/**
 * Who waits for which payment. Looking a payment up is the truth; a notification only makes the look come sooner. What
 * changed is told until whoever waits has taken it, across crashes of either side.
 */
import type { Clock } from '../clock.ts';
import {
  WALLET_LOOKUPS_IN_FLIGHT,
  WALLET_POLL_AGE_DIVISOR,
  WALLET_POLL_MAX_MS,
  WALLET_POLL_MIN_MS,
  WALLET_TELL_BASE_MS,
  WALLET_TELL_MAX_MS,
  WALLET_WATCH_GRACE_MS,
  WALLET_WATCH_HELD_MS,
} from '../limits.ts';
import { type RetryPolicy, retryDelay } from '../retry.ts';
import { first, migrate, type Sql, type SqlRow } from '../store/sql.ts';
import { isFinal, type WalletAnswer, type WalletTransaction } from './wallet.ts';

/** Telling is never given up: money depends on it. */
const TELLING: RetryPolicy = {
  baseMs: WALLET_TELL_BASE_MS,
  maxMs: WALLET_TELL_MAX_MS,
  attempts: Number.POSITIVE_INFINITY,
};

/** An object that waits for payments: a session, or a client's account (zaps that name no job). */
export interface Observer {
  readonly object: 'session' | 'account';
  readonly name: string;
}

/** One incoming payment that somebody waits for. */
export interface Watch {
  readonly paymentHash: string;
  /** Who is told. */
  readonly observer: Observer;
  /** What the observer knows the payment by: a job's id, for sessions. */
  readonly about: string;
  /** Unix ms until which the invoice can be paid. */
  readonly expires_ms: number;
}

export interface WatchPorts {
  readonly now: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly lookup: (paymentHash: string) => Promise<WalletAnswer<WalletTransaction | null>>;
  /** Resolves when it was durably taken; rejects when it has to be told again. */
  readonly tell: (watch: Watch, transaction: WalletTransaction) => Promise<void>;
  /** A look or a telling failed; it comes again. */
  readonly failed: (watch: Watch, reason: string) => void;
}

interface WatchRow extends SqlRow {
  id: number;
  hash: string;
  object: Observer['object'];
  name: string;
  about: string;
  expires_ms: number;
  since_ms: number;
  /** What whoever waits knows, as {@link signOf} writes it. */
  told: string;
  next_ms: number;
  /** Tellings in a row that were not taken. */
  attempts: number;
}

const SCHEMA: string[][] = [
  [
    `CREATE TABLE watch (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, object TEXT NOT NULL, name TEXT NOT NULL,
      about TEXT NOT NULL, expires_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL, told TEXT NOT NULL,
      next_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, UNIQUE (hash, object, name, about))`,
  ],
];

export class Watches {
  readonly #sql: Sql;
  readonly #ports: WatchPorts;
  /** Watches somebody is looking at just now. */
  readonly #busy = new Set<number>();

  constructor(sql: Sql, ports: WatchPorts) {
    this.#sql = sql;
    this.#ports = ports;
    migrate(sql, SCHEMA);
  }

  /** Begins to watch a payment nobody has paid yet. Repeat-safe; a repeated call makes the next look come at once. */
  add({ paymentHash, observer, about, expires_ms }: Watch): void {
    const now = this.#ports.now();
    this.#sql.run(
      `INSERT INTO watch (hash, object, name, about, expires_ms, since_ms, told, next_ms, attempts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
       ON CONFLICT (hash, object, name, about) DO UPDATE SET next_ms = excluded.since_ms, expires_ms = excluded.expires_ms`,
      paymentHash,
      observer.object,
      observer.name,
      about,
      expires_ms,
      now,
      UNPAID,
      now + WALLET_POLL_MIN_MS,
    );
  }

  /** A notification named this payment. Whether anybody waits for it. */
  wake(paymentHash: string): boolean {
    return this.#sql.run('UPDATE watch SET next_ms = ? WHERE hash = ?', this.#ports.now(), paymentHash) > 0;
  }

  /** Unix ms of the next look, or null when nobody waits. */
  get next_ms(): number | null {
    return (
      first<{ next_ms: number | null }>(this.#sql, 'SELECT MIN(next_ms) AS next_ms FROM watch')?.next_ms ??
      null
    );
  }

  /** Payments that are locked for somebody at this moment, as far as was told. */
  get held(): number {
    const held = first<{ count: number }>(
      this.#sql,
      "SELECT COUNT(*) AS count FROM watch WHERE told LIKE 'accepted%'",
    );
    return held?.count ?? 0;
  }

  get size(): number {
    return first<{ count: number }>(this.#sql, 'SELECT COUNT(*) AS count FROM watch')?.count ?? 0;
  }

  /** Looks at everything that is due, at most WALLET_LOOKUPS_IN_FLIGHT at a time. Never rejects. */
  async tick(): Promise<void> {
    for (;;) {
      const due = this.#sql
        .all<WatchRow>('SELECT * FROM watch WHERE next_ms <= ? ORDER BY next_ms', this.#ports.now())
        .filter(({ id }) => !this.#busy.has(id))
        .slice(0, WALLET_LOOKUPS_IN_FLIGHT - this.#busy.size);
      if (due.length === 0) return;
      await Promise.all(due.map((row) => this.#look(row)));
    }
  }

  async #look(row: WatchRow): Promise<void> {
    this.#busy.add(row.id);
    try {
      // Set first, so that a crash or a hanging call leaves a time at which it is looked at again.
      this.#after(row, this.#interval(row), row.attempts);
      const answer = await this.#ports.lookup(row.hash);
      if (answer.type === 'ok') await this.#found(row, answer.value);
      else this.#ports.failed(watchOf(row), answer.type === 'failed' ? answer.message : answer.reason);
    } catch (error) {
      this.#ports.failed(watchOf(row), String(error));
    } finally {
      this.#busy.delete(row.id);
    }
  }

  async #found(row: WatchRow, transaction: WalletTransaction | null): Promise<void> {
    const sign = transaction === null ? UNPAID : signOf(transaction);
    if (transaction !== null && sign !== row.told && !(await this.#tell(row, transaction, sign))) return;
    // Some wallets call a payment open, or held, for ever, whatever became of it.
    const grace_ms = transaction?.state === 'accepted' ? WALLET_WATCH_HELD_MS : WALLET_WATCH_GRACE_MS;
    const over = this.#ports.now() > row.expires_ms + grace_ms;
    if (over || (transaction !== null && isFinal(transaction)))
      this.#sql.run('DELETE FROM watch WHERE id = ?', row.id);
  }

  async #tell(row: WatchRow, transaction: WalletTransaction, sign: string): Promise<boolean> {
    try {
      await this.#ports.tell(watchOf(row), transaction);
    } catch (error) {
      const attempts = row.attempts + 1;
      const delay_ms = retryDelay(TELLING, attempts, this.#ports.random()) ?? WALLET_TELL_MAX_MS;
      this.#after(row, delay_ms, attempts);
      this.#ports.failed(watchOf(row), `not told: ${String(error)}`);
      return false;
    }
    this.#sql.run('UPDATE watch SET told = ?, attempts = 0 WHERE id = ?', sign, row.id);
    return true;
  }

  #after(row: WatchRow, delay_ms: number, attempts: number): void {
    const next_ms = this.#ports.now() + Math.max(1, Math.ceil(delay_ms));
    this.#sql.run('UPDATE watch SET next_ms = ?, attempts = ? WHERE id = ?', next_ms, attempts, row.id);
  }

  #interval({ since_ms }: WatchRow): number {
    const age_ms = this.#ports.now() - since_ms;
    return Math.min(WALLET_POLL_MAX_MS, Math.max(WALLET_POLL_MIN_MS, age_ms / WALLET_POLL_AGE_DIVISOR));
  }
}

/** What distinguishes one state of a payment from another for whoever waits. */
function signOf({ state, settleDeadline }: WalletTransaction): string {
  return state === 'accepted' ? `${state} ${settleDeadline ?? ''}` : state;
}

const UNPAID = 'pending';

function watchOf({ hash, object, name, about, expires_ms }: WatchRow): Watch {
  return { paymentHash: hash, observer: { object, name }, about, expires_ms };
}
