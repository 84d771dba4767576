/**
 * Other people's LNURL-pay endpoints, as we use them to pay owners and to pay clients back (LUD-06, 09, 12, NIP-57).
 * Their answers are checked as strictly as a wallet checks them: an invoice that is not exactly what was asked for is
 * not paid. The calls themselves go through the guarded door (`safeFetch`).
 */
import * as z from 'zod';
import { PAYOUT_MAX_FINAL_CLTV_BLOCKS, PAYOUT_MIN_PAYABLE_S } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { decodeInvoice } from '../bolt11/decode.ts';
import { type Invoice, InvoiceError, type InvoiceErrorCode, type Network } from '../bolt11/invoice.ts';
import { type Mismatch, mismatch } from '../bolt11/mismatch.ts';
import { type Msats, msats } from '../msats.ts';

/** What an endpoint offers. */
export interface PayOffer {
  readonly callback: string;
  readonly min: Msats;
  readonly max: Msats;
  /** The raw string: its hash has to stand in the invoice. */
  readonly metadata: string;
  readonly commentAllowed: number;
  /** The key that signs its zap receipts; null when it does not take zaps. */
  readonly nostrPubkey: string | null;
}

export type OfferRefusal =
  | { readonly refusal: 'endpoint_error'; readonly reason: string }
  | { readonly refusal: 'malformed'; readonly reason: string };

const webUrl = z
  .string()
  .max(2_048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http(s) URL');
const wholeMsats = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const errorShape = z.object({ status: z.string().regex(/^error$/i), reason: z.string().catch('') });

// LUDs let answers carry members nobody knows yet, so unknown ones are dropped here and not refused.
const offerShape = z
  .object({
    tag: z.literal('payRequest'),
    callback: webUrl,
    minSendable: wholeMsats,
    maxSendable: wholeMsats,
    metadata: z.string().refine(isMetadata, 'must be a list with one text/plain entry'),
    commentAllowed: z.number().int().min(0).catch(0),
    allowsNostr: z.boolean().catch(false),
    nostrPubkey: z.string().nullable().catch(null),
  })
  .refine(({ minSendable, maxSendable }) => minSendable <= maxSendable, 'minSendable is over maxSendable');

/** Reads the first answer of an endpoint. */
export function readOffer(answer: unknown): PayOffer | OfferRefusal {
  const error = errorShape.safeParse(answer);
  if (error.success) return { refusal: 'endpoint_error', reason: error.data.reason.slice(0, 200) };
  const parsed = offerShape.safeParse(answer);
  if (!parsed.success) return { refusal: 'malformed', reason: issueOf(parsed.error) };
  const { callback, minSendable, maxSendable, metadata, commentAllowed, allowsNostr, nostrPubkey } =
    parsed.data;
  return {
    callback,
    min: msats(minSendable),
    max: msats(maxSendable),
    metadata,
    commentAllowed,
    nostrPubkey: allowsNostr && isHex32(nostrPubkey) ? nostrPubkey : null,
  };
}

/** What is asked of an endpoint's callback. */
export interface CallbackOrder {
  readonly amount: Msats;
  readonly comment?: string;
  /** A signed zap request as JSON, with the payee's `lnurl`. */
  readonly zap?: { readonly raw: string; readonly lnurl: string };
}

/** The URL to call for an invoice, or why the offer does not allow it. */
export function callbackUrl(offer: PayOffer, order: CallbackOrder): URL | 'amount_out_of_range' | 'no_zaps' {
  if (order.amount < offer.min || order.amount > offer.max) return 'amount_out_of_range';
  if (order.zap !== undefined && offer.nostrPubkey === null) return 'no_zaps';
  const url = new URL(offer.callback);
  url.searchParams.set('amount', order.amount.toString());
  const comment = [...(order.comment ?? '')].slice(0, offer.commentAllowed).join('');
  if (comment !== '') url.searchParams.set('comment', comment);
  if (order.zap !== undefined) {
    url.searchParams.set('nostr', order.zap.raw);
    url.searchParams.set('lnurl', order.zap.lnurl);
  }
  return url;
}

const invoiceShape = z.object({
  pr: z.string().min(1),
  successAction: z
    .object({ tag: z.string() })
    .nullish()
    .catch(() => ({ tag: 'malformed' })),
});

/** Success actions of LUD-09 and LUD-10. A wallet must not pay when it does not know the action that would follow. */
const KNOWN_ACTIONS = new Set(['message', 'url', 'aes']);

/** What the invoice has to be, besides what the order says. */
export interface InvoiceTerms {
  readonly network: Network;
  /** Unix s. */
  readonly now_s: number;
  /** Our own wallet's node, which must not pay itself; null where it is not known. */
  readonly ownNode: string | null;
}

export type PayAnswerRefusal =
  | { readonly refusal: 'endpoint_error'; readonly reason: string }
  | { readonly refusal: 'malformed'; readonly reason: string }
  | { readonly refusal: 'success_action' }
  | { readonly refusal: 'invoice'; readonly reason: InvoiceErrorCode | Mismatch };

/** Reads the second answer of an endpoint: an invoice that is exactly what was asked for, or why it is refused. */
export function readPayAnswer(
  answer: unknown,
  offer: PayOffer,
  order: CallbackOrder,
  terms: InvoiceTerms,
): Invoice | PayAnswerRefusal {
  const error = errorShape.safeParse(answer);
  if (error.success) return { refusal: 'endpoint_error', reason: error.data.reason.slice(0, 200) };
  const parsed = invoiceShape.safeParse(answer);
  if (!parsed.success) return { refusal: 'malformed', reason: issueOf(parsed.error) };
  const action = parsed.data.successAction;
  if (action !== null && action !== undefined && !KNOWN_ACTIONS.has(action.tag))
    return { refusal: 'success_action' };
  try {
    const invoice = decodeInvoice(parsed.data.pr);
    const wrong = mismatch(invoice, {
      network: terms.network,
      amount: order.amount,
      descriptionHash: sha256Hex(order.zap?.raw ?? offer.metadata),
      payableAt_s: terms.now_s + PAYOUT_MIN_PAYABLE_S,
      maxFinalCltv: PAYOUT_MAX_FINAL_CLTV_BLOCKS,
      notPayee: terms.ownNode,
    });
    return wrong === null ? invoice : { refusal: 'invoice', reason: wrong };
  } catch (cause) {
    if (cause instanceof InvoiceError) return { refusal: 'invoice', reason: cause.code };
    throw cause;
  }
}

/** LUD-06: a list of lists that begin with their type, one of them `text/plain`. */
function isMetadata(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  if (!Array.isArray(value)) return false;
  const entries: readonly unknown[] = value;
  const types = entries.map((entry) => (Array.isArray(entry) ? entry[0] : undefined));
  if (!types.every((type) => typeof type === 'string')) return false;
  return types.filter((type) => type === 'text/plain').length === 1;
}

function issueOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'is wrong'}`;
}
