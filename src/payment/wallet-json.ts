/** The wallet port as plain JSON, for calls between objects: amounts are msats as decimal strings. */
import * as z from 'zod';
import { type Msats, msatsSchema } from './msats.ts';
import type { WalletAnswer } from './wallet.ts';

/** A value with every amount written out. */
export type Plain<Value> = Value extends Msats
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: Plain<Value[Key]> }
      : Value;

const amount = msatsSchema;
const hex = z.string();
const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();
const state = z.enum(['pending', 'accepted', 'settled', 'expired', 'failed']);
const direction = z.enum(['incoming', 'outgoing']);
const purpose = z.union([z.object({ text: z.string() }), z.object({ hash: hex })]);

export const orderJson = z.object({ amount, purpose, expiry_s: z.number() });
export const holdOrderJson = orderJson.extend({ paymentHash: hex, minCltvDelta: z.number() });
export const invoiceJson = z.object({
  bolt11: z.string(),
  paymentHash: hex,
  amount,
  createdAt_s: z.number(),
  expiresAt_s: z.number(),
});
export const transactionJson = z.object({
  direction,
  state,
  paymentHash: hex,
  amount,
  fees: amount,
  bolt11: nullable(z.string()),
  preimage: nullable(hex),
  createdAt_s: z.number(),
  expiresAt_s: nullable(z.number()),
  settledAt_s: nullable(z.number()),
  settleDeadline: nullable(z.number()),
});
/** An amount alone, such as a balance. */
export const amountJson = amount;
export const paidJson = z.object({ preimage: hex, fees: amount });

/** Writes every amount in a value as a decimal string. */
export function toPlain<Value>(value: Value): Plain<Value>;
export function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map((item: unknown) => toPlain(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/** Reads an answer that came over RPC. @throws ZodError when it was written by another version of us */
export function answerOf<Schema extends z.ZodType>(
  schema: Schema,
  answer: WalletAnswer<unknown>,
): WalletAnswer<z.infer<Schema>> {
  return answer.type === 'ok' ? { type: 'ok', value: schema.parse(answer.value) } : answer;
}
