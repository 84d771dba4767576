/** The shapes of what only the operator sees and does. */
import * as z from 'zod';
import { BLOCKED_REASON_MAX_CHARS, LEDGER_CHECK_GRACE_S, LEDGER_CHECK_MAX_GRACE_S } from '../limits.ts';
import { DIFFERENCE_CODES, NOTE_CODES } from '../payment/findings.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const unixMs = count.describe('Unix time, ms');
const msats = z.int().describe('msats');
const finding = <Codes extends readonly string[]>(codes: Codes) =>
  z.object({
    code: z.enum(codes),
    payment_hash: hex32.nullable(),
    about: z.string().nullable().describe('Key of an entry, or name of an account'),
    books_msats: msats.nullable(),
    wallet_msats: msats.nullable(),
    text: z.string(),
  });

export const LedgerReport = z.object({
  checked_at_ms: unixMs,
  grace_s: count.describe('What moved less than this ago is in `pending` at the worst, s'),
  complete: z.boolean().describe('False when there were more payments than one check reads'),
  payments: count.describe('Payments on which books and wallet agree'),
  sum_msats: msats.describe('Over the whole ledger: 0'),
  balances: z
    .record(z.string(), msats)
    .describe('By kind of account, as one says it: what it has or is owed'),
  wallet_balance_msats: msats.nullable().describe('Null where the wallet does not say'),
  own_money_msats: msats.nullable().describe('What the wallet holds beside the books'),
  differences: z.array(finding(DIFFERENCE_CODES)),
  pending: z.array(finding(DIFFERENCE_CODES)).describe('Too young to be a difference'),
  notes: z.array(finding(NOTE_CODES)),
});

/** Query of `GET /operator/ledger`. */
export const LedgerQuery = z.strictObject({
  grace_s: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a number')
    .transform(Number)
    .pipe(z.int().min(0).max(LEDGER_CHECK_MAX_GRACE_S))
    .default(LEDGER_CHECK_GRACE_S),
});

/** What a column holds, so that a reader can show it: `time` is Unix ms, `share` 0 to 1. */
export const CELL_TYPES = ['text', 'number', 'msats', 'ms', 'time', 'share', 'flag'] as const;

export const OperatorTable = z.object({
  name: z.string(),
  title: z.string(),
  about: z.string().describe('What a row is, and what is left out'),
  at_ms: unixMs,
  columns: z.array(z.object({ name: z.string(), title: z.string(), type: z.enum(CELL_TYPES) })),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  problem: z.string().nullable().describe('Why there are no rows, where they could not be read'),
});

export const OperatorTables = z.object({ tables: z.array(OperatorTable) });

/** Query of `GET /operator/tables/<table>`. */
export const TableQuery = z.strictObject({ format: z.enum(['json', 'csv']).default('json') });

/** Body of `POST /operator/blocked`. */
export const BlockRequest = z.strictObject({
  pubkey: hex32.describe('Public key, hex'),
  reason: z.string().max(BLOCKED_REASON_MAX_CHARS).default('').describe('A note to yourself'),
});

export const BlockedKey = z.object({ pubkey: hex32, reason: z.string(), at_ms: unixMs });

/** For openapi.json. */
export const OPERATOR_COMPONENTS = {
  LedgerReport,
  OperatorTable,
  OperatorTables,
  BlockRequest,
  BlockedKey,
} as const;
