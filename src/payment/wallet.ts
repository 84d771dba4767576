/**
 * The port through which the marketplace touches Lightning. One wallet, its operator's; what it says is believed only
 * after it was checked (LIGHTNING §2: wallets lie), and what it does not say in time is unknown, never failed.
 */
import type { Network } from './bolt11/invoice.ts';
import type { Msats } from './msats.ts';

/** The methods a wallet needs before escrow may be offered (NIP-47). */
const HOLD_METHODS = ['make_hold_invoice', 'settle_hold_invoice', 'cancel_hold_invoice', 'lookup_invoice'];

/** Codes of NIP-47, as wallets write them, and two of ours: `REFUSED` was never sent, `BROKEN_ANSWER` is of no use. */
export type WalletErrorCode = string;

/**
 * What became of a call.
 * - `ok`: done, and checked;
 * - `failed`: certainly not done;
 * - `unknown`: it may have been done, or may still be. Look it up; never do something else instead.
 */
export type WalletAnswer<Value> =
  | { readonly type: 'ok'; readonly value: Value }
  | { readonly type: 'failed'; readonly code: WalletErrorCode; readonly message: string }
  | { readonly type: 'unknown'; readonly reason: string };

/** What an invoice says of its purpose: a text, or the hash of a longer one (NIP-57 zaps), 32 bytes as hex. */
export type Purpose = { readonly text: string } | { readonly hash: string };

export interface InvoiceOrder {
  readonly amount: Msats;
  readonly purpose: Purpose;
  /** How long it can be paid, s. */
  readonly expiry_s: number;
}

export interface HoldOrder extends InvoiceOrder {
  /** SHA-256 of a preimage the wallet does not know yet, hex. */
  readonly paymentHash: string;
  /** Blocks the payment may be held at least. */
  readonly minCltvDelta: number;
}

/** An invoice as the wallet made it: it was decoded, and asks for what was ordered. */
export interface IssuedInvoice {
  readonly bolt11: string;
  readonly paymentHash: string;
  readonly amount: Msats;
  /** Unix s. */
  readonly createdAt_s: number;
  /** Unix s until which it can be paid. */
  readonly expiresAt_s: number;
}

/**
 * - `pending`: not paid, or an outgoing payment under way;
 * - `accepted`: locked for us until we settle or cancel, or until the settle deadline: not ours;
 * - `settled`: paid, with a preimage that fits (in a list it may be missing);
 * - `expired`: can no longer be paid; - `failed`: cancelled, or an outgoing payment that did not arrive.
 */
export type TransactionState = 'pending' | 'accepted' | 'settled' | 'expired' | 'failed';

/** One payment, in or out, as the wallet sees it. */
export interface WalletTransaction {
  readonly direction: 'incoming' | 'outgoing';
  readonly state: TransactionState;
  readonly paymentHash: string;
  readonly amount: Msats;
  readonly fees: Msats;
  readonly bolt11: string | null;
  /** Hex; only one that hashes to the payment hash. */
  readonly preimage: string | null;
  readonly createdAt_s: number;
  readonly expiresAt_s: number | null;
  readonly settledAt_s: number | null;
  /** Block height at which a held payment goes back by itself. */
  readonly settleDeadline: number | null;
}

export interface Paid {
  /** Hex; hashes to the invoice's payment hash. */
  readonly preimage: string;
  readonly fees: Msats;
}

export interface Listing {
  /** Unix s, inclusive. */
  readonly from_s?: number;
  readonly until_s?: number;
  readonly limit: number;
  readonly offset?: number;
  readonly unpaid?: boolean;
  readonly direction?: WalletTransaction['direction'];
}

export interface WalletCapabilities {
  readonly methods: readonly string[];
  readonly notifications: readonly string[];
  /** Null where the wallet does not say. */
  readonly network: Network | null;
  /** The node's public key, 33 bytes as hex, where the wallet says. */
  readonly nodePubkey: string | null;
  readonly alias: string | null;
  /** Null where the wallet does not say; then there is no telling how near a settle deadline is. */
  readonly blockHeight: number | null;
}

export interface Wallet {
  makeInvoice(order: InvoiceOrder): Promise<WalletAnswer<IssuedInvoice>>;
  /** Repeat-safe by payment hash: a second call answers with the same invoice. */
  makeHold(order: HoldOrder): Promise<WalletAnswer<IssuedInvoice>>;
  /** Takes the money that is held. Repeat-safe. @param preimage hex */
  settleHold(preimage: string): Promise<WalletAnswer<null>>;
  /** Gives it back. Repeat-safe. Some wallets cannot cancel what nobody has paid yet and answer NOT_FOUND. */
  cancelHold(paymentHash: string): Promise<WalletAnswer<null>>;
  /** Null when the wallet knows no such payment in that direction. */
  lookup(
    paymentHash: string,
    direction: WalletTransaction['direction'],
  ): Promise<WalletAnswer<WalletTransaction | null>>;
  /** Pays an invoice that names its amount. May take as long as its receiver holds it. */
  pay(bolt11: string): Promise<WalletAnswer<Paid>>;
  /** Newest first. */
  list(listing: Listing): Promise<WalletAnswer<readonly WalletTransaction[]>>;
  capabilities(): Promise<WalletAnswer<WalletCapabilities>>;
  /** What can be spent, as the wallet counts it. Wallets that do not say fail with NOT_IMPLEMENTED. */
  balance(): Promise<WalletAnswer<Msats>>;
}

/** Whether a wallet can hold payments, so that escrow may be offered. It needs block heights for its deadlines. */
export function supportsHold({ methods, blockHeight }: WalletCapabilities): boolean {
  return blockHeight !== null && HOLD_METHODS.every((method) => methods.includes(method));
}

/**
 * Whether a payment is final and can be forgotten by whoever waits for it. What has merely expired is not: wallets say
 * so of what they still hold, and a payment may be under way at that moment (LIGHTNING §2.3).
 */
export function isFinal({ state }: WalletTransaction): boolean {
  return state === 'settled' || state === 'failed';
}
