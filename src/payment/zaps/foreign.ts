/**
 * Zap receipts from other providers (LIGHTNING §4.4 b), for agents whose `lud16` is elsewhere. NIP-57 says itself that
 * a receipt is no proof of payment, so what passes every check here is a {@link ClaimedZap}: the provider that the
 * payee chose claims to have been paid. Whether that is enough is the caller's decision, within a limit of trust; it
 * can never become a `SettledPayment`.
 */
import { ZAP_CLOCK_SKEW_S } from '../../limits.ts';
import { type NostrEvent, sha256Hex, tagValue, tagValues, verifyEvent } from '../../nostr/event.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { KIND } from '../../nostr/kinds.ts';
import { readInvoice } from '../bolt11/decode.ts';
import type { Invoice, Network } from '../bolt11/invoice.ts';
import { sameLnurl } from '../lnurl/address.ts';
import type { Msats } from '../msats.ts';
import { isPreimage } from '../settlement.ts';
import { readZapRequest, type ZapRequest, type ZapRequestRefusal } from './request.ts';

/** What a receipt has to pay, and what was learnt of the payee's provider by asking it. */
export interface ZapDue {
  /** `nostrPubkey` as the payee's current LNURL endpoint answers; never taken from an event. */
  readonly providerPubkey: string;
  /** Spellings of the payee's endpoint: its `lud16`, URL, callback. */
  readonly endpoints: readonly string[];
  readonly payee: string;
  /** The event that asked for the payment, its address where it has one, and its time, Unix s. */
  readonly event: { readonly id: string; readonly address: string | null; readonly createdAt_s: number };
  /** Whose job it is; null when anybody may pay. */
  readonly client: string | null;
  readonly price: Msats;
  readonly network: Network;
  /** Unix s. */
  readonly now_s: number;
  /** Whether a payment hash has paid for anything before. The database's unique index decides; this spares the work. */
  readonly isUsed: (paymentHash: string) => boolean;
}

/** What a provider claims to have received. */
export interface ClaimedZap {
  readonly paymentHash: string;
  readonly amount: Msats;
  readonly sender: string;
  readonly receiptId: string;
  /** NIP-57 only asks that the `lnurl` tag SHOULD be the payee's, and clients differ in what they write there. */
  readonly warnings: readonly 'lnurl_differs'[];
}

export type ZapRefusal =
  | 'wrong_kind'
  | 'foreign_signer'
  | 'bad_signature'
  | 'tags_malformed'
  | 'receipt_too_old'
  | 'receipt_in_future'
  | `request_${ZapRequestRefusal}`
  | 'other_recipient'
  | 'other_event'
  | 'other_sender'
  | 'invoice_malformed'
  | 'other_network'
  | 'amount_missing'
  | 'other_amount'
  | 'underpaid'
  | 'other_description'
  | 'invoice_too_old'
  | 'invoice_in_future'
  | 'receipt_before_invoice'
  | 'preimage_wrong'
  | 'payment_used';

/** Checks a receipt from another provider; cheap checks first, signatures last. */
export function checkForeignReceipt(receipt: NostrEvent, due: ZapDue): ClaimedZap | ZapRefusal {
  if (receipt.kind !== KIND.zapReceipt) return 'wrong_kind';
  if (receipt.pubkey !== due.providerPubkey) return 'foreign_signer';
  if (receipt.created_at > due.now_s + ZAP_CLOCK_SKEW_S) return 'receipt_in_future';
  if (receipt.created_at < due.event.createdAt_s - ZAP_CLOCK_SKEW_S) return 'receipt_too_old';
  const raw = onlyValue(receipt, 'description');
  const bolt11 = onlyValue(receipt, 'bolt11');
  if (raw === null || bolt11 === null || onlyValue(receipt, 'p') === null) return 'tags_malformed';
  if (typeof verifyEvent(receipt) === 'string') return 'bad_signature';
  const request = readZapRequest(raw);
  if (typeof request === 'string') return `request_${request}`;
  const invoice = readInvoice(bolt11);
  if (invoice === null) return 'invoice_malformed';
  const wrong = checkParties(receipt, request, due) ?? checkInvoice(receipt, request, invoice, due);
  if (wrong !== null) return wrong;
  if (due.isUsed(invoice.paymentHash)) return 'payment_used';
  return {
    paymentHash: invoice.paymentHash,
    amount: invoice.amount ?? due.price,
    sender: request.sender,
    receiptId: receipt.id,
    warnings: lnurlFits(request, due) ? [] : ['lnurl_differs'],
  };
}

/** Who paid whom for what: request, receipt and job have to agree. */
function checkParties(receipt: NostrEvent, request: ZapRequest, due: ZapDue): ZapRefusal | null {
  if (request.recipient !== due.payee || tagValue(receipt, 'p') !== due.payee) return 'other_recipient';
  if (!namesEvent(request, receipt, due)) return 'other_event';
  if (tagValues(receipt, 'P').some((sender) => sender !== request.sender)) return 'other_sender';
  return due.client === null || due.client === request.sender ? null : 'other_sender';
}

/** The request names the job's event by id, or by address where it has one; the receipt says nothing else. */
function namesEvent(request: ZapRequest, receipt: NostrEvent, { event }: ZapDue): boolean {
  const ids = [request.eventId, ...tagValues(receipt, 'e')].filter((id) => id !== null);
  const addresses = [request.address, ...tagValues(receipt, 'a')].filter((address) => address !== null);
  if (ids.some((id) => id !== event.id)) return false;
  if (addresses.some((address) => address !== event.address)) return false;
  return request.eventId !== null || request.address !== null;
}

function checkInvoice(
  receipt: NostrEvent,
  request: ZapRequest,
  invoice: Invoice,
  due: ZapDue,
): ZapRefusal | null {
  if (invoice.network !== due.network) return 'other_network';
  // Never only one of the two: a request over much with an invoice over little looks like much.
  if (invoice.amount === null || request.amount === null) return 'amount_missing';
  if (invoice.amount !== request.amount) return 'other_amount';
  if (invoice.amount < due.price) return 'underpaid';
  if (invoice.descriptionHash !== sha256Hex(request.raw)) return 'other_description';
  if (invoice.timestamp_s > due.now_s + ZAP_CLOCK_SKEW_S) return 'invoice_in_future';
  if (invoice.timestamp_s < due.event.createdAt_s - ZAP_CLOCK_SKEW_S) return 'invoice_too_old';
  if (receipt.created_at < invoice.timestamp_s - ZAP_CLOCK_SKEW_S) return 'receipt_before_invoice';
  // Some providers put other things there (a UUID for internal payments), which says nothing either way.
  const preimage = tagValue(receipt, 'preimage');
  if (isHex32(preimage) && !isPreimage(preimage, invoice.paymentHash)) return 'preimage_wrong';
  return null;
}

function lnurlFits({ event }: ZapRequest, { endpoints }: ZapDue): boolean {
  const named = tagValue(event, 'lnurl');
  return named === undefined || endpoints.some((endpoint) => sameLnurl(named, endpoint));
}

function onlyValue(event: NostrEvent, name: string): string | null {
  const tags = event.tags.filter((tag) => tag[0] === name);
  return tags.length === 1 ? (tags[0]?.[1] ?? null) : null;
}
