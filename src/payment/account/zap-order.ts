/** What is asked of an account for a zap and what it answers, as it crosses from the HTTP door to the account's object. */
import * as z from 'zod';
import { msatsSchema } from '../msats.ts';
import { settledPaymentSchema } from '../settlement.ts';

/** What the wallet's news of zaps are about, so that an account tells them from others. */
export const ZAP_NEWS = 'zap';

const TIPS = 'tips:';

/** The name of the account that takes what an agent is given without a zap request: from nobody, for no job. */
export function tipsAccount(slug: string): string {
  return `${TIPS}${slug}`;
}

/** The agent whose gifts an account takes; null for a client's account. */
export function tippedAgent(account: string): string | null {
  return account.startsWith(TIPS) ? account.slice(TIPS.length) : null;
}

/** What the payment hash of an account's invoice stands for (payment/bindings.ts). */
export function zapPurpose(account: string, paymentHash: string): string {
  return `zap:${account}:${paymentHash}`;
}

/** Reads an order that came over RPC. */
export const zapOrderJson = z.object({
  /** The agent whose address is paid. */
  slug: z.string(),
  amount: msatsSchema,
  /** What the invoice commits to, 32 bytes as hex. */
  descriptionHash: z.string(),
  /** The zap request as it came, checked; null for a payment without one. */
  request: z.string().nullable(),
  /** Whether the account's own client asks; anybody may zap its jobs. */
  own: z.boolean(),
  /** The zapped job, whose session hears of the money. */
  job: z.object({ id: z.string(), session: z.string() }).nullable(),
  /** What the payer wrote (LUD-12). */
  comment: z.string(),
});
/** An invoice that is wanted. */
export type ZapInvoiceOrder = Readonly<z.infer<typeof zapOrderJson>>;

/** `busy`: too many open invoices already; `unavailable`: the wallet gave none that can be shown. */
export type ZapInvoice =
  | { readonly type: 'offered'; readonly bolt11: string; readonly paymentHash: string }
  | { readonly type: 'busy' | 'unavailable' };

/** Reads a status that came over RPC. */
export const zapStatusJson = z.object({
  bolt11: z.string(),
  /** Null before it was paid. */
  payment: settledPaymentSchema.nullable(),
});
/** What LUD-21 tells of a payment. */
export type ZapStatus = Readonly<z.infer<typeof zapStatusJson>>;
