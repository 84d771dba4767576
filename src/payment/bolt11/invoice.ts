/** What a Lightning invoice says (BOLT 11), and why one is refused. */
import type { Msats } from '../msats.ts';

/** Networks by the names NIP-47 gives them, with the invoice's prefix after `ln`. */
export const PREFIXES = { mainnet: 'bc', testnet: 'tb', signet: 'tbs', regtest: 'bcrt' } as const;
export type Network = keyof typeof PREFIXES;

/** One channel of a private route to the payee (`r`). */
export interface RouteHop {
  /** The node the channel starts at, 33 bytes as hex. */
  readonly pubkey: string;
  /** `block x transaction x output`, as in 66051x263430x1800. */
  readonly shortChannelId: string;
  readonly feeBase: Msats;
  readonly feeProportionalMillionths: number;
  /** Blocks. */
  readonly cltvExpiryDelta: number;
}

/** A fallback address on the chain (`f`), not checked any further: we never pay on the chain. */
export interface Fallback {
  /** 0 to 16: witness version; 17: public key hash; 18: script hash. */
  readonly version: number;
  /** Hex. */
  readonly program: string;
}

/** An invoice before it is signed. Hashes, keys and secrets are lower-case hex. */
export interface InvoiceContent {
  readonly network: Network;
  /** Null when the payer chooses. */
  readonly amount: Msats | null;
  /** Unix s of its making. */
  readonly timestamp_s: number;
  readonly paymentHash: string;
  readonly paymentSecret: string;
  /** Exactly one of `description` and `descriptionHash` is there. */
  readonly description: string | null;
  readonly descriptionHash: string | null;
  /** For how long it can be paid, s. */
  readonly expiry_s: number;
  /** Blocks the last hop must leave. */
  readonly minFinalCltv: number;
  readonly routes: readonly (readonly RouteHop[])[];
  readonly fallbacks: readonly Fallback[];
  /** Numbers of the feature bits that are set, ascending. */
  readonly features: readonly number[];
  /** Metadata the payer passes on to the payee (`m`), hex. */
  readonly metadata: string | null;
}

/** An invoice whose checksum and signature are right. That somebody signed it does not say that it is ours. */
export interface Invoice extends InvoiceContent {
  /** In lower case, as it can be compared and paid. */
  readonly text: string;
  /** The node that signed it, compressed key of 33 bytes. */
  readonly payee: string;
  /** Unix s from which on it cannot be paid. */
  readonly expiresAt_s: number;
}

export type InvoiceErrorCode =
  /** Longer than an invoice may be. */
  | 'too_long'
  /** Not bech32: checksum, separator, mixed case, characters. */
  | 'encoding'
  /** An unknown prefix. */
  | 'network'
  /** Zero, with a leading zero, finer than a msat, with an unknown multiplier, or absurdly large. */
  | 'amount'
  /** A field runs over the end, or the invoice is too short for a signature. */
  | 'truncated'
  /** A field is there twice, has a wrong form, or is missing although it must be there. */
  | 'field'
  /** It asks for a feature nobody here knows (an even bit). */
  | 'feature'
  /** The signature gives no key, is not by the key that is named, or is not in low-S form beside a named key. */
  | 'signature';

/** Why a text is no invoice. Carries nothing of the text. */
export class InvoiceError extends Error {
  override readonly name = 'InvoiceError';
  readonly code: InvoiceErrorCode;

  constructor(code: InvoiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
