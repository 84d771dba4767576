/** A wallet's answers held against what it was asked (LIGHTNING §2: each of these lies was seen or read in some wallet). */
import { sha256Hex } from '#primitives';
import { fromHex, isHex32 } from '../../nostr/hex.ts';
import { decodeInvoice } from '../bolt11/decode.ts';
import { type Invoice, InvoiceError, type Network } from '../bolt11/invoice.ts';
import { type Expected, mismatch } from '../bolt11/mismatch.ts';
import { msats, toNumber } from '../msats.ts';
import type {
  HoldOrder,
  InvoiceOrder,
  IssuedInvoice,
  Paid,
  TransactionState,
  WalletAnswer,
  WalletCapabilities,
  WalletTransaction,
} from '../wallet.ts';
import type { NwcInfo } from './messages.ts';
import { type infoSchema, invoiceSchema, type NwcTransaction, paidSchema } from './wire.ts';

/**
 * Codes that say that nothing was done and nothing will be. `INTERNAL`, `OTHER` and codes nobody knows are not among
 * them: Alby Hub, for one, says INTERNAL of a payment that takes long.
 */
const DEFINITIVE: ReadonlySet<string> = new Set([
  'RATE_LIMITED',
  'NOT_IMPLEMENTED',
  'INSUFFICIENT_BALANCE',
  'QUOTA_EXCEEDED',
  'RESTRICTED',
  'UNAUTHORIZED',
  'UNSUPPORTED_ENCRYPTION',
  'BAD_REQUEST',
  'PAYMENT_FAILED',
  'NOT_FOUND',
]);

/** Whether an error of that code means that the wallet certainly did nothing. */
export function isDefinitive(code: string): boolean {
  return DEFINITIVE.has(code);
}

/** It may have happened. */
export function unknown(reason: string): WalletAnswer<never> {
  return { type: 'unknown', reason };
}

/** It was never sent to the wallet. */
export function refused(message: string): WalletAnswer<never> {
  return { type: 'failed', code: 'REFUSED', message };
}

/** The wallet answered a question with something that is of no use. */
export function brokenAnswer(message: string): WalletAnswer<never> {
  return { type: 'failed', code: 'BROKEN_ANSWER', message };
}

/** SHA-256 of a preimage. @param preimage hex @returns hex */
export function hashOfPreimage(preimage: string): string {
  return sha256Hex(fromHex(preimage));
}

/** What NIP-47 wants to know of an order. Alby Hub ignores a description hash beside a text, so only one is sent. */
export function orderParams({ amount, purpose, expiry_s }: InvoiceOrder): Record<string, unknown> {
  return {
    amount: toNumber(amount),
    expiry: expiry_s,
    ...('hash' in purpose ? { description_hash: purpose.hash } : { description: purpose.text }),
  };
}

/**
 * The invoice a wallet made, when it asks for exactly what was ordered and can be paid.
 *
 * @param network the wallet's, where known
 */
export function checkInvoice(
  answer: unknown,
  order: InvoiceOrder | HoldOrder,
  network: Network | null,
  now_s: number,
): WalletAnswer<IssuedInvoice> {
  const parsed = invoiceSchema.safeParse(answer);
  if (!parsed.success) return brokenAnswer('the wallet made no invoice');
  const { invoice: bolt11, payment_hash } = parsed.data;
  const invoice = decoded(bolt11);
  if (typeof invoice === 'string') return brokenAnswer(invoice);
  const wrong = mismatch(invoice, { ...expectedOf(order, network, payment_hash), payableAt_s: now_s });
  if (wrong === 'expired') return brokenAnswer('the wallet made an invoice that has expired');
  if (wrong !== null) return brokenAnswer(`the wallet made an invoice with another ${wrong}`);
  return {
    type: 'ok',
    value: {
      bolt11: invoice.text,
      paymentHash: invoice.paymentHash,
      amount: order.amount,
      createdAt_s: invoice.timestamp_s,
      expiresAt_s: invoice.expiresAt_s,
    },
  };
}

/**
 * What the order fixes. The text of a description is not compared: wallets shorten it, and nothing depends on it. Its
 * hash is, because a zap is proved by it; Electrum writes it into the text instead (LIGHTNING §1.4).
 */
function expectedOf(order: InvoiceOrder | HoldOrder, network: Network | null, said: string | null): Expected {
  const paymentHash = 'paymentHash' in order ? order.paymentHash : said;
  return {
    amount: order.amount,
    ...(network === null ? {} : { network }),
    ...(paymentHash === null ? {} : { paymentHash }),
    ...('hash' in order.purpose ? { descriptionHash: order.purpose.hash } : {}),
  };
}

/** An invoice that may be given to the wallet to pay, or why not. */
export function payableInvoice(bolt11: string, network: Network | null, now_s: number): Invoice | string {
  const invoice = decoded(bolt11);
  if (typeof invoice === 'string') return invoice;
  if (invoice.amount === null) return 'the invoice names no amount';
  const wrong = mismatch(invoice, { payableAt_s: now_s, ...(network === null ? {} : { network }) });
  return wrong === null ? invoice : `the invoice cannot be paid: ${wrong}`;
}

function decoded(bolt11: string): Invoice | string {
  try {
    return decodeInvoice(bolt11);
  } catch (error) {
    if (error instanceof InvoiceError) return `no valid invoice: ${error.message}`;
    throw error;
  }
}

/** What a payment brought: without the right preimage there is no telling whether it was made. */
export function checkPaid(answer: unknown, paymentHash: string): WalletAnswer<Paid> {
  const parsed = paidSchema.safeParse(answer);
  if (!parsed.success) return unknown('the wallet answered a payment without a preimage');
  const { preimage, fees_paid } = parsed.data;
  return hashOfPreimage(preimage) === paymentHash
    ? { type: 'ok', value: { preimage, fees: msats(fees_paid ?? 0) } }
    : unknown('the wallet answered a payment with a preimage of another hash');
}

/**
 * A transaction as the wallet told it.
 *
 * @param direction what it is when the wallet does not say
 * @param listed one of a list, which proves nothing: what is called settled there may come without a preimage
 */
export function toTransaction(
  told: NwcTransaction,
  direction: WalletTransaction['direction'] | null,
  now_s: number,
  listed = false,
): WalletAnswer<WalletTransaction> {
  const side = told.type ?? direction;
  if (side === null) return unknown('the wallet does not say which way a payment went');
  const preimage =
    told.preimage !== null && hashOfPreimage(told.preimage) === told.payment_hash ? told.preimage : null;
  const state = stateOf(told, side, now_s);
  if (state === 'settled' && preimage === null && !listed)
    return unknown('the wallet says settled and has no preimage that fits');
  return {
    type: 'ok',
    value: {
      direction: side,
      state,
      paymentHash: told.payment_hash,
      amount: msats(told.amount),
      fees: msats(told.fees_paid ?? 0),
      bolt11: told.invoice,
      preimage: state === 'settled' ? preimage : null,
      createdAt_s: told.created_at ?? 0,
      expiresAt_s: told.expires_at,
      settledAt_s: state === 'settled' ? told.settled_at : null,
      settleDeadline: told.settle_deadline,
    },
  };
}

function stateOf(
  { state, settled_at, settle_deadline, expires_at }: NwcTransaction,
  side: WalletTransaction['direction'],
  now_s: number,
): TransactionState {
  if (state === 'settled' || state === 'accepted' || state === 'failed') return state;
  if (side === 'outgoing') return settled_at !== null && settled_at > 0 ? 'settled' : 'pending';
  // Alby Hub calls a held payment expired once its invoice is (LIGHTNING §2.3); a deadline is the sign of holding.
  if (settle_deadline !== null && settle_deadline > 0) return 'accepted';
  // `state` is optional; wallets without it tell by the time of settlement. A preimage alone says nothing: some
  // show it to whoever made the invoice.
  if (state === null && settled_at !== null && settled_at > 0) return 'settled';
  if (state === 'expired') return 'expired';
  return expires_at !== null && expires_at < now_s ? 'expired' : 'pending';
}

/** What a wallet can do: by what it told this connection, else by what it announced to everybody. */
export function toCapabilities(
  told: (typeof infoSchema)['_output'],
  announced: NwcInfo | null,
): WalletCapabilities {
  const methods = told.methods.length > 0 ? told.methods : (announced?.methods ?? []);
  return {
    methods,
    notifications: told.notifications ?? announced?.notifications ?? [],
    network: networkOf(told.network),
    nodePubkey:
      told.pubkey !== null && /^0[23]/.test(told.pubkey) && isHex32(told.pubkey.slice(2))
        ? told.pubkey
        : null,
    alias: told.alias,
    blockHeight: told.block_height === 0 ? null : told.block_height,
  };
}

function networkOf(told: string | null): Network | null {
  // LND calls it as its configuration does.
  if (told === 'bitcoin') return 'mainnet';
  return told === 'mainnet' || told === 'testnet' || told === 'signet' || told === 'regtest' ? told : null;
}
