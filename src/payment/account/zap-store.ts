/** The rows of an account's zaps: an invoice each, what became of it, and what is still to be done for it. */
import * as z from 'zod';
import { ZAP_KEEP_PAID_MS, ZAP_KEEP_UNPAID_MS } from '../../limits.ts';
import type { Owed } from '../../link/outbox.ts';
import { first, type Sql, type SqlRow } from '../../store/sql.ts';
import { msatsSchema } from '../msats.ts';
import { settledPaymentSchema } from '../settlement.ts';
import { toPlain } from '../wallet-json.ts';

const factsSchema = z.object({
  /** The agent whose address was paid. */
  slug: z.string(),
  amount: msatsSchema,
  bolt11: z.string(),
  /** The zap request as it came; null for a payment without one. */
  request: z.string().nullable(),
  /** The zapped job, whose session hears of the money. */
  job: z.object({ id: z.string(), session: z.string() }).nullable(),
  /** What the payer wrote (LUD-12). */
  comment: z.string(),
});
/** What an invoice was made for. Never changes. */
export type ZapFacts = Readonly<z.infer<typeof factsSchema>>;

const paidSchema = z.object({ payment: settledPaymentSchema, at_ms: z.number() });

/** `watch`: have the wallet watch the invoice; `tell`: tell the job's session that its client has more credit. */
const dutySchema = z.object({ name: z.enum(['watch', 'tell']), attempts: z.number(), next_ms: z.number() });
export type Duty = Readonly<z.infer<typeof dutySchema>>;

const todoSchema = z.object({
  duty: dutySchema.nullable(),
  /** Relays that are owed the receipt. */
  owed: z.array(z.object({ target: z.string(), attempts: z.number(), nextAt_ms: z.number() })),
});

export interface Zap {
  readonly paymentHash: string;
  /** Unix ms until which the invoice can be paid. */
  readonly expires_ms: number;
  readonly facts: ZapFacts;
  /** Null while the wallet has not said that it is paid. */
  readonly paid: Readonly<z.infer<typeof paidSchema>> | null;
  readonly duty: Duty | null;
  readonly owed: readonly Owed[];
}

interface ZapRow extends SqlRow {
  hash: string;
  expires: number;
  facts: string;
  paid: string | null;
  todo: string;
}

export class ZapStore {
  readonly #sql: Sql;

  /** @param sql of the account, with its schema (BookStore makes it) */
  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Stores a new zap; false when its payment hash is there already. */
  insert(zap: Zap, own: boolean): boolean {
    const written = this.#sql.run(
      'INSERT OR IGNORE INTO zaps (hash, expires, own, facts, paid, todo, wake) VALUES (?, ?, ?, ?, ?, ?, ?)',
      zap.paymentHash,
      zap.expires_ms,
      Number(own),
      JSON.stringify(toPlain(zap.facts)),
      ...changingOf(zap),
    );
    return written > 0;
  }

  update(zap: Zap): void {
    this.#sql.run(
      'UPDATE zaps SET paid = ?, todo = ?, wake = ? WHERE hash = ?',
      ...changingOf(zap),
      zap.paymentHash,
    );
  }

  delete(paymentHash: string): void {
    this.#sql.run('DELETE FROM zaps WHERE hash = ?', paymentHash);
  }

  find(paymentHash: string): Zap | null {
    const row = first<ZapRow>(this.#sql, 'SELECT * FROM zaps WHERE hash = ?', paymentHash);
    return row === undefined ? null : zapOf(row);
  }

  /** Invoices that can still be paid: the account's own, or those of others. */
  countOpen(own: boolean, now_ms: number): number {
    const row = first(
      this.#sql,
      'SELECT count(*) AS n FROM zaps WHERE own = ? AND paid IS NULL AND expires > ?',
      Number(own),
      now_ms,
    );
    return Number(row?.n ?? 0);
  }

  /** Those that want something done, the longest due first. */
  due(now_ms: number, limit: number): Zap[] {
    return this.#sql
      .all<ZapRow>('SELECT * FROM zaps WHERE wake <= ? ORDER BY wake LIMIT ?', now_ms, limit)
      .map(zapOf);
  }

  /** When the next one wants something, Unix ms, besides those named; null when none does. */
  next_ms(besides: ReadonlySet<string>): number | null {
    const rows = this.#sql.all('SELECT hash, wake FROM zaps ORDER BY wake LIMIT ?', besides.size + 1);
    const row = rows.find(({ hash }) => !besides.has(String(hash)));
    return row === undefined ? null : Number(row.wake);
  }
}

/** From when on nobody needs to know of it, Unix ms. */
export function forgetAt_ms({ paid, expires_ms }: Pick<Zap, 'paid' | 'expires_ms'>): number {
  return paid === null ? expires_ms + ZAP_KEEP_UNPAID_MS : paid.at_ms + ZAP_KEEP_PAID_MS;
}

function changingOf(zap: Zap): [paid: string | null, todo: string, wake: number] {
  const { paid, duty, owed } = zap;
  const times = [forgetAt_ms(zap), ...owed.map(({ nextAt_ms }) => nextAt_ms)];
  if (duty !== null) times.push(duty.next_ms);
  return [
    paid === null ? null : JSON.stringify(toPlain(paid)),
    JSON.stringify({ duty, owed }),
    Math.min(...times),
  ];
}

function zapOf({ hash, expires, facts, paid, todo }: ZapRow): Zap {
  return {
    paymentHash: hash,
    expires_ms: Number(expires),
    facts: factsSchema.parse(JSON.parse(facts)),
    paid: paid === null ? null : paidSchema.parse(JSON.parse(paid)),
    ...todoSchema.parse(JSON.parse(todo)),
  };
}
