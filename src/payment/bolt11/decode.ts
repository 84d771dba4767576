/**
 * Reads Lightning invoices by BOLT 11, and refuses every one the specification says must be refused. Where it leaves
 * a choice (a field twice, padding that is not zero, numbers with leading zeros) the answer is no: an invoice that two
 * readers may understand differently is not one to move money by.
 */
import { bech32 } from '@scure/base';
import { toHex } from '../../nostr/hex.ts';
import { msats } from '../msats.ts';
import { parsePrefix } from './amount.ts';
import { type Fallback, type Invoice, InvoiceError, type RouteHop } from './invoice.ts';
import { SIGNATURE_WORDS, signerOf } from './signature.ts';
import { bytesOf, integerOf } from './words.ts';

/** What fits a QR code, characters; nobody writes longer ones. */
const MAX_CHARS = 7_089;
const TIMESTAMP_WORDS = 7;
/** Type and length before each field's data. */
const FIELD_HEAD_WORDS = 3;
const HASH_WORDS = 52;
const KEY_WORDS = 53;
const HOP_BYTES = 51;
/** BOLT 11: in force when the field is missing. */
const DEFAULT_EXPIRY_S = 3_600;
const DEFAULT_MIN_FINAL_CLTV = 18;
/** Feature bits that invoices may demand (BOLT 9, context `9`) and any wallet of today knows. */
const KNOWN_FEATURES = new Set([8, 14, 16, 24, 36, 48]);

/** Field types by their number. */
const FIELD = { p: 1, r: 3, features: 5, x: 6, f: 9, d: 13, s: 16, n: 19, h: 23, c: 24, m: 27 } as const;
/** Fields that may be there more than once. */
const REPEATABLE: ReadonlySet<number> = new Set([FIELD.r, FIELD.f]);
/** Fields that are passed over, as unknown ones are, when their length is not theirs. */
const FIXED_WORDS: ReadonlyMap<number, number> = new Map([
  [FIELD.p, HASH_WORDS],
  [FIELD.s, HASH_WORDS],
  [FIELD.h, HASH_WORDS],
  [FIELD.n, KEY_WORDS],
]);

/**
 * Reads an invoice and checks its checksum and signature.
 *
 * @param text as it came, in upper or lower case, without a `lightning:` before it
 * @throws InvoiceError
 */
export function decodeInvoice(text: string): Invoice {
  if (text.length > MAX_CHARS) throw new InvoiceError('too_long', 'the invoice is too long');
  const { prefix, words } = decodeBech32(text);
  const { network, amount } = parsePrefix(prefix);
  if (words.length < TIMESTAMP_WORDS + SIGNATURE_WORDS) {
    throw new InvoiceError('truncated', 'the invoice is too short');
  }
  const data = words.slice(0, -SIGNATURE_WORDS);
  const fields = readFields(data.slice(TIMESTAMP_WORDS));
  const only = (type: number): readonly number[] | null => fields.get(type)?.[0] ?? null;
  const named = only(FIELD.n);
  // The key comes first: nothing that stands in an unsigned text is worth an opinion.
  const payee = signerOf(
    prefix,
    data,
    bytesOf(words.slice(-SIGNATURE_WORDS)),
    named === null ? null : hex(named),
  );
  const description = only(FIELD.d);
  const descriptionHash = only(FIELD.h);
  if ((description === null) === (descriptionHash === null)) {
    throw new InvoiceError('field', 'an invoice has either a description or the hash of one');
  }
  const timestamp_s = integerOf(data.slice(0, TIMESTAMP_WORDS));
  const expiry_s = minimal(only(FIELD.x)) ?? DEFAULT_EXPIRY_S;
  const metadata = only(FIELD.m);
  return {
    text: text.toLowerCase(),
    network,
    amount,
    timestamp_s,
    expiry_s,
    expiresAt_s: timestamp_s + expiry_s,
    payee,
    paymentHash: required(only(FIELD.p), 'payment hash'),
    paymentSecret: required(only(FIELD.s), 'payment secret'),
    description: description === null ? null : utf8(bytesOf(description)),
    descriptionHash: descriptionHash === null ? null : hex(descriptionHash),
    minFinalCltv: minimal(only(FIELD.c)) ?? DEFAULT_MIN_FINAL_CLTV,
    metadata: metadata === null ? null : hex(metadata),
    routes: (fields.get(FIELD.r) ?? []).map((route) => readRoute(bytesOf(route))),
    fallbacks: (fields.get(FIELD.f) ?? []).flatMap((fallback) => readFallback(fallback) ?? []),
    features: readFeatures(only(FIELD.features) ?? []),
  };
}

/** An invoice as somebody handed it in, perhaps as a `lightning:` URI; null when it is none. */
export function readInvoice(text: string): Invoice | null {
  try {
    return decodeInvoice(text.trim().replace(/^lightning:/i, ''));
  } catch (error) {
    if (error instanceof InvoiceError) return null;
    throw error;
  }
}

function decodeBech32(text: string): { readonly prefix: string; readonly words: readonly number[] } {
  try {
    return bech32.decode<string>(withSeparator(text), false);
  } catch (cause) {
    throw new InvoiceError('encoding', 'the invoice is not in bech32', { cause });
  }
}

function withSeparator(text: string): `${string}1${string}` {
  if (hasSeparator(text)) return text;
  throw new InvoiceError('encoding', 'the invoice is not in bech32');
}

function hasSeparator(text: string): text is `${string}1${string}` {
  return text.includes('1');
}

/** The data of each field by its type, in order. */
function readFields(words: readonly number[]): Map<number, (readonly number[])[]> {
  const fields = new Map<number, (readonly number[])[]>();
  for (let at = 0; at < words.length; ) {
    const [type, high, low] = words.slice(at, at + FIELD_HEAD_WORDS);
    if (type === undefined || high === undefined || low === undefined) {
      throw new InvoiceError('truncated', 'a field has no length');
    }
    const length = high * 32 + low;
    const from = at + FIELD_HEAD_WORDS;
    if (from + length > words.length) throw new InvoiceError('truncated', 'a field runs over the end');
    at = from + length;
    const fixed = FIXED_WORDS.get(type);
    if (fixed !== undefined && fixed !== length) continue;
    const known = fields.get(type) ?? [];
    if (known.length > 0 && !REPEATABLE.has(type) && isKnown(type)) {
      throw new InvoiceError('field', 'a field is there twice');
    }
    fields.set(type, [...known, words.slice(from, at)]);
  }
  return fields;
}

function isKnown(type: number): boolean {
  return Object.values(FIELD).some((known) => known === type);
}

function required(words: readonly number[] | null, name: string): string {
  if (words === null) throw new InvoiceError('field', `the invoice has no ${name}`);
  return hex(words);
}

function hex(words: readonly number[]): string {
  return toHex(bytesOf(words));
}

/** A number in as few words as it needs, null when the field is missing. */
function minimal(words: readonly number[] | null): number | null {
  if (words === null) return null;
  // Zero has a word of its own; anything longer that begins with zero is not minimal.
  if (words.length === 0 || (words[0] === 0 && words.length > 1)) {
    throw new InvoiceError('field', 'a number is not in its shortest form');
  }
  return integerOf(words);
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InvoiceError('field', 'the description is not in UTF-8', { cause });
  }
}

function readFeatures(words: readonly number[]): number[] {
  if (words[0] === 0) throw new InvoiceError('field', 'the features are not in their shortest form');
  const features: number[] = [];
  for (const [index, word] of words.toReversed().entries()) {
    for (let bit = 0; bit < 5; bit++) if (((word >> bit) & 1) === 1) features.push(index * 5 + bit);
  }
  // Even bits are demands; odd ones may be ignored ("it's OK to be odd").
  if (features.some((feature) => feature % 2 === 0 && !KNOWN_FEATURES.has(feature))) {
    throw new InvoiceError('feature', 'the invoice demands an unknown feature');
  }
  return features;
}

function readRoute(bytes: Uint8Array): RouteHop[] {
  if (bytes.length === 0 || bytes.length % HOP_BYTES !== 0) {
    throw new InvoiceError('field', 'a route is not a list of channels');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / HOP_BYTES }, (_, index) => {
    const at = index * HOP_BYTES;
    const channel = view.getBigUint64(at + 33);
    return {
      pubkey: toHex(bytes.subarray(at, at + 33)),
      shortChannelId: `${channel >> 40n}x${(channel >> 16n) & 0xffffffn}x${channel & 0xffffn}`,
      feeBase: msats(view.getUint32(at + 41)),
      feeProportionalMillionths: view.getUint32(at + 45),
      cltvExpiryDelta: view.getUint16(at + 49),
    };
  });
}

/** Null for versions nobody knows, which are skipped (BOLT 11). */
function readFallback([version, ...program]: readonly number[]): Fallback | null {
  if (version === undefined || version > 18) return null;
  return { version, program: hex(program) };
}
