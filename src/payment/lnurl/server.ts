/**
 * LNURL-pay as we serve it for every agent: LUD-06 (pay), 09 (success action), 12 (comments), 16 (addresses),
 * 21 (verify) and NIP-57 (zaps). Pure: what the routes answer, and what they read from a callback's query.
 */
import { LNURL_COMMENT_CHARS, LNURL_MAX_SENDABLE_MSATS, LNURL_MIN_SENDABLE_MSATS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { type Msats, parseMsats } from '../msats.ts';
import type { SettledPayment } from '../settlement.ts';
import { zapRequestOf } from '../zaps/parameter.ts';
import { checkZapRequest, type ZapRequest, type ZapRequestRefusal } from '../zaps/request.ts';

/** Whom an endpoint collects for. */
export interface PayEndpoint {
  /** `slug@domain`. */
  readonly address: string;
  /** Shown by the wallet of who pays. */
  readonly description: string;
  /** Where the wallet asks for an invoice. No query: some clients replace it, so everything stands in the path. */
  readonly callback: string;
  /** The agent's public key, the only one a zap through this endpoint may name. */
  readonly recipient: string;
  /** The key that signs zap receipts. */
  readonly nostrPubkey: string;
}

/** LUD-06's first answer, with LUD-12 and NIP-57. Amounts are JSON numbers of msats there. */
export interface PayResponse {
  readonly tag: 'payRequest';
  readonly callback: string;
  readonly minSendable: number;
  readonly maxSendable: number;
  readonly metadata: string;
  readonly commentAllowed: number;
  readonly allowsNostr: true;
  readonly nostrPubkey: string;
}

/** How LNURL says no, with HTTP status 200. */
export interface LnurlError {
  readonly status: 'ERROR';
  readonly reason: string;
}

/** LUD-09. A URL has to be on the callback's domain. */
export type SuccessAction =
  | { readonly tag: 'message'; readonly message: string }
  | { readonly tag: 'url'; readonly description: string; readonly url: string };

/** LUD-06's second answer, with LUD-09 and LUD-21. */
export interface InvoiceResponse {
  readonly status: 'OK';
  readonly pr: string;
  readonly routes: readonly [];
  readonly verify: string;
  readonly successAction?: SuccessAction;
}

/** LUD-21. */
export interface VerifyResponse {
  readonly status: 'OK';
  readonly settled: boolean;
  readonly preimage: string | null;
  readonly pr: string;
}

/** The metadata string of an endpoint (LUD-06, LUD-16). Always the same text, because its hash is committed to. */
export function payMetadata({ address, description }: PayEndpoint): string {
  return JSON.stringify([
    ['text/plain', description],
    ['text/identifier', address],
  ]);
}

/** What a wallet gets first. */
export function payResponse(endpoint: PayEndpoint): PayResponse {
  return {
    tag: 'payRequest',
    callback: endpoint.callback,
    minSendable: LNURL_MIN_SENDABLE_MSATS,
    maxSendable: LNURL_MAX_SENDABLE_MSATS,
    metadata: payMetadata(endpoint),
    commentAllowed: LNURL_COMMENT_CHARS,
    allowsNostr: true,
    nostrPubkey: endpoint.nostrPubkey,
  };
}

/** What a callback asks for. */
export interface PayOrder {
  readonly amount: Msats;
  readonly comment: string;
  readonly zap: ZapRequest | null;
  /** What the invoice has to commit to (`h`), 32 bytes as hex. */
  readonly descriptionHash: string;
}

export type PayRefusal =
  | 'amount_malformed'
  | 'amount_out_of_range'
  | 'comment_too_long'
  | `zap_${ZapRequestRefusal}`;

/**
 * Reads a callback's query.
 *
 * @param query what follows the `?` of the URL, raw: see parameter.ts
 */
export function readCallback(query: string, endpoint: PayEndpoint): PayOrder | PayRefusal {
  const parameters = new URLSearchParams(query);
  const amount = parseMsats(parameters.get('amount') ?? '');
  if (amount === null) return 'amount_malformed';
  if (amount < LNURL_MIN_SENDABLE_MSATS || amount > LNURL_MAX_SENDABLE_MSATS) return 'amount_out_of_range';
  const { recipient, nostrPubkey: signer } = endpoint;
  const zap = zapRequestOf(query, (raw) => checkZapRequest(raw, { amount, recipient, signer }));
  if (typeof zap === 'string') return `zap_${zap}`;
  const comment = parameters.get('comment') ?? '';
  if ([...comment].length > LNURL_COMMENT_CHARS) return 'comment_too_long';
  // NIP-57: the invoice of a zap commits to the request and to nothing else.
  return { amount, comment, zap, descriptionHash: sha256Hex(zap === null ? payMetadata(endpoint) : zap.raw) };
}

const REASONS: { readonly [refusal: string]: string } = {
  amount_malformed: 'amount must be whole millisatoshis',
  amount_out_of_range: 'amount is not between minSendable and maxSendable',
  comment_too_long: 'comment is longer than commentAllowed',
};

/** A refusal as LNURL says it. */
export function refusedCallback(refusal: PayRefusal): LnurlError {
  return lnurlError(REASONS[refusal] ?? `the zap request is not valid: ${refusal.slice('zap_'.length)}`);
}

export function lnurlError(reason: string): LnurlError {
  return { status: 'ERROR', reason };
}

/** What a wallet gets for its callback. */
export function invoiceResponse(bolt11: string, verify: string, action?: SuccessAction): InvoiceResponse {
  const answer = { status: 'OK', pr: bolt11, routes: [], verify } as const;
  return action === undefined ? answer : { ...answer, successAction: action };
}

/** LUD-21's answer. The preimage is told only once the money is there. */
export function verifyResponse(bolt11: string, payment: SettledPayment | null): VerifyResponse {
  return { status: 'OK', settled: payment !== null, preimage: payment?.preimage ?? null, pr: bolt11 };
}
