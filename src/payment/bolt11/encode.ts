/** Writes and signs Lightning invoices by BOLT 11: for the development wallet and for tests. */
import { bech32 } from '@scure/base';
import { fromHex } from '../../nostr/hex.ts';
import { formatPrefix } from './amount.ts';
import { decodeInvoice } from './decode.ts';
import type { Invoice, InvoiceContent, RouteHop } from './invoice.ts';
import { nodeIdOf, sign } from './signature.ts';
import { integerWords, wordsOf } from './words.ts';

/** `var_onion_optin`, `payment_secret` (required) and `basic_mpp` (optional), BOLT 9. */
export const USUAL_FEATURES: readonly number[] = [8, 14, 17];
const MAX_FIELD_WORDS = 1_023;
const TIMESTAMP_WORDS = 7;

/** What has a usual value when it is not given. */
type Defaults = 'expiry_s' | 'minFinalCltv' | 'routes' | 'fallbacks' | 'features' | 'metadata';
export type InvoiceDraft = Omit<InvoiceContent, Defaults> &
  Partial<Pick<InvoiceContent, Defaults>> & {
    /** Whether the payee's key is named (`n`) besides following from the signature. */
    readonly namePayee?: boolean;
  };

/**
 * Writes and signs an invoice. The result was read back, so it is one that {@link decodeInvoice} accepts.
 *
 * @param secretKey the node's, 32 bytes
 * @throws InvoiceError when what is to be written is no valid invoice; RangeError for a field that does not fit
 */
export function encodeInvoice(draft: InvoiceDraft, secretKey: Uint8Array): Invoice {
  const prefix = formatPrefix(draft.network, draft.amount);
  const data = [...integerWords(draft.timestamp_s, TIMESTAMP_WORDS)];
  const field = (type: number, words: readonly number[]): void => {
    if (words.length > MAX_FIELD_WORDS) throw new RangeError('a field of an invoice is too long');
    data.push(type, words.length >> 5, words.length & 31, ...words);
  };
  field(16, wordsOf(fromHex(draft.paymentSecret)));
  field(1, wordsOf(fromHex(draft.paymentHash)));
  if (draft.description !== null) field(13, wordsOf(new TextEncoder().encode(draft.description)));
  if (draft.descriptionHash !== null) field(23, wordsOf(fromHex(draft.descriptionHash)));
  if (draft.metadata !== undefined && draft.metadata !== null) field(27, wordsOf(fromHex(draft.metadata)));
  if (draft.namePayee === true) field(19, wordsOf(fromHex(nodeIdOf(secretKey))));
  if (draft.expiry_s !== undefined) field(6, integerWords(draft.expiry_s));
  if (draft.minFinalCltv !== undefined) field(24, integerWords(draft.minFinalCltv));
  for (const { version, program } of draft.fallbacks ?? []) {
    field(9, [version, ...wordsOf(fromHex(program))]);
  }
  for (const route of draft.routes ?? []) field(3, wordsOf(routeBytes(route)));
  const features = draft.features ?? USUAL_FEATURES;
  if (features.length > 0) field(5, featureWords(features));
  const signature = wordsOf(sign(prefix, data, secretKey));
  return decodeInvoice(bech32.encode(prefix, [...data, ...signature], false));
}

function featureWords(features: readonly number[]): number[] {
  const words = new Array<number>(Math.floor(Math.max(...features) / 5) + 1).fill(0);
  for (const feature of features) {
    const index = words.length - 1 - Math.floor(feature / 5);
    words[index] = (words[index] ?? 0) | (1 << (feature % 5));
  }
  return words;
}

function routeBytes(route: readonly RouteHop[]): Uint8Array {
  const bytes = new Uint8Array(route.length * 51);
  const view = new DataView(bytes.buffer);
  for (const [index, hop] of route.entries()) {
    const at = index * 51;
    const [block = '0', transaction = '0', output = '0'] = hop.shortChannelId.split('x');
    bytes.set(fromHex(hop.pubkey), at);
    view.setBigUint64(at + 33, (BigInt(block) << 40n) | (BigInt(transaction) << 16n) | BigInt(output));
    view.setUint32(at + 41, Number(hop.feeBase));
    view.setUint32(at + 45, hop.feeProportionalMillionths);
    view.setUint16(at + 49, hop.cltvExpiryDelta);
  }
  return bytes;
}
