/** What a zap receipt says (NIP-57), read for ranking only; money never moves by this (PROTOCOL §4). */
import { type NostrEvent, parseEvent, tagValue, verifyEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';

/** A zap as a ranking signal. */
export interface ZapSignal {
  readonly sender: string;
  /** Whole sats, at most {@link ZAP_MAX_SATS}. */
  readonly sats: number;
  /** The zapped event's id or address; null for a zap to the person. */
  readonly target: string | null;
  readonly recipient: string;
}

/** One zap counts for at most this, sats: a forged receipt can name any amount. */
export const ZAP_MAX_SATS = 100_000;

/** BOLT 11 amounts: a number and a multiplier of one bitcoin. */
const INVOICE_AMOUNT = /^ln(?:bcrt|bc|tbs|tb|sb)(\d{1,15})([munp]?)1/;
/** Millisats per unit; `p` (a tenth of a millisat) is handled apart. */
const MSATS_PER_UNIT: Readonly<Record<string, number>> = { '': 1e11, m: 1e8, u: 1e5, n: 1e2, p: 0.1 };

/** The amount a BOLT 11 invoice asks, in msats; null where it names none or cannot be read. */
export function invoiceMsats(invoice: string): number | null {
  const match = INVOICE_AMOUNT.exec(invoice.toLowerCase());
  const unit = MSATS_PER_UNIT[match?.[2] ?? ''];
  if (match?.[1] === undefined || unit === undefined) return null;
  const msats = Math.floor(Number(match[1]) * unit + 1e-6);
  return Number.isSafeInteger(msats) ? msats : null;
}

/**
 * Reads a receipt whose own signature was verified. The zap request inside is verified too, so that nobody votes
 * in another's name, and an amount it names must be the invoice's. That the receipt's signer is the recipient's
 * provider is NOT known here (it would take a request to that provider per recipient), hence the caps in rank.ts.
 * Null for what does not hold together.
 */
export function readZap(receipt: NostrEvent): ZapSignal | null {
  if (receipt.kind !== KIND.zapReceipt) return null;
  const description = tagValue(receipt, 'description');
  const invoice = tagValue(receipt, 'bolt11');
  const recipient = tagValue(receipt, 'p');
  if (description === undefined || invoice === undefined || recipient === undefined) return null;
  const msats = invoiceMsats(invoice);
  const request = readJsonEvent(description);
  if (msats === null || request === null || request.kind !== KIND.zapRequest) return null;
  const named = tagValue(request, 'amount');
  if (named !== undefined && named !== String(msats)) return null;
  if (tagValue(request, 'p') !== recipient) return null;
  if (request.pubkey === recipient) return null;
  if (typeof verifyEvent(request) === 'string') return null;
  return {
    sender: request.pubkey,
    sats: Math.min(ZAP_MAX_SATS, Math.floor(msats / 1000)),
    target: tagValue(request, 'a') ?? tagValue(request, 'e') ?? null,
    recipient,
  };
}

function readJsonEvent(text: string): NostrEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const event = parseEvent(value);
  return typeof event === 'string' ? null : event;
}
