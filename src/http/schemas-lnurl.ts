/** The shapes of LNURL-pay (LUD-06, LUD-12, LUD-16, LUD-21, NIP-57). */
import * as z from 'zod';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const msatsNumber = z.int().min(1).describe('msats');

/** LNURL says no with status 200 (LUD-06). */
export const LnurlError = z.object({ status: z.literal('ERROR'), reason: z.string() });

/** The first answer of LUD-06, with LUD-12 and NIP-57. */
const PayRequest = z.object({
  tag: z.literal('payRequest'),
  callback: z.url(),
  minSendable: msatsNumber,
  maxSendable: msatsNumber,
  metadata: z.string(),
  commentAllowed: count,
  allowsNostr: z.literal(true),
  nostrPubkey: hex32,
});
export const LnurlPay = z.union([PayRequest, LnurlError]);

/** The second answer of LUD-06, with LUD-09 and LUD-21. */
const PayInvoice = z.object({
  status: z.literal('OK'),
  pr: z.string(),
  routes: z.array(z.never()),
  verify: z.url(),
  successAction: z.object({ tag: z.literal('url'), description: z.string(), url: z.url() }).optional(),
});
export const LnurlInvoice = z.union([PayInvoice, LnurlError]);

/** LUD-21. */
const PayVerify = z.object({
  status: z.literal('OK'),
  settled: z.boolean(),
  preimage: hex32.nullable(),
  pr: z.string(),
});
export const LnurlVerify = z.union([PayVerify, LnurlError]);

/** Query of a callback. The rest of it (`lnurl`, `payerdata`, …) is not looked at. */
export const CallbackQuery = z.object({
  amount: z.string().describe('msats'),
  nostr: z.string().optional().describe('A signed zap request (NIP-57)'),
  comment: z.string().optional(),
});
