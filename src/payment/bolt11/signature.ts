/**
 * Signatures of invoices: ECDSA over secp256k1 with a recovery id (BOLT 11). This is node keys, not Nostr keys, and
 * rare; so it is done by the JavaScript library that nostr-tools brings anyway.
 */

import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '#primitives';
import { fromHex, toHex } from '../../nostr/hex.ts';
import { InvoiceError } from './invoice.ts';
import { paddedBytesOf } from './words.ts';

/** Compact signature and recovery id, bytes. */
const SIGNATURE_BYTES = 64;
/** Words of signature and recovery id at the end of every invoice. */
export const SIGNATURE_WORDS = 104;

/**
 * Signers that are known, by hash and signature. An invoice is read at several doors of one isolate, and finding its
 * signer takes 5 ms of CPU each time. The oldest goes first.
 */
const known = new Map<string, string>();
const KNOWN_SIGNERS = 256;

function remember(key: string, signer: string): string {
  const [oldest] = known.keys();
  if (known.size >= KNOWN_SIGNERS && oldest !== undefined) known.delete(oldest);
  known.set(key, signer);
  return signer;
}

/** What is signed: SHA-256 of the prefix and of the data before the signature. */
function digest(prefix: string, data: readonly number[]): Uint8Array {
  return sha256(Uint8Array.of(...new TextEncoder().encode(prefix), ...paddedBytesOf(data)));
}

/**
 * The key an invoice is signed with: the one it names, when the signature is that key's, else the one that follows
 * from the signature. Beside a named key only low-S signatures count; for recovery both forms do (BOLT 11).
 *
 * @param signature 64 bytes and the recovery id
 * @param named compressed key as hex, or null
 * @throws InvoiceError `signature`
 */
export function signerOf(
  prefix: string,
  data: readonly number[],
  signature: Uint8Array,
  named: string | null,
): string {
  const hash = digest(prefix, data);
  const compact = signature.subarray(0, SIGNATURE_BYTES);
  const recovery = signature[SIGNATURE_BYTES];
  try {
    if (named !== null) {
      const valid = secp256k1.verify(compact, hash, fromHex(named), { prehash: false, lowS: true });
      if (!valid) throw new InvoiceError('signature', 'the invoice is not signed by the node it names');
      return named;
    }
    if (recovery === undefined || recovery > 3) throw new InvoiceError('signature', 'no such recovery id');
    const key = toHex(hash) + toHex(signature);
    const signer = known.get(key);
    if (signer !== undefined) return signer;
    const point = secp256k1.Signature.fromBytes(compact, 'compact').addRecoveryBit(recovery);
    return remember(key, point.recoverPublicKey(hash).toHex(true));
  } catch (cause) {
    if (cause instanceof InvoiceError) throw cause;
    // The library throws plain errors for numbers that are no signature or no key.
    throw new InvoiceError('signature', 'the signature belongs to no key', { cause });
  }
}

/** Signs an invoice; deterministic (RFC 6979). @returns the words that end it */
export function sign(prefix: string, data: readonly number[], secretKey: Uint8Array): Uint8Array {
  const hash = digest(prefix, data);
  const [recovery = 0, ...compact] = secp256k1.sign(hash, secretKey, { prehash: false, format: 'recovered' });
  const signature = Uint8Array.of(...compact, recovery);
  // Whoever signs knows who has signed.
  remember(toHex(hash) + toHex(signature), nodeIdOf(secretKey));
  return signature;
}

/** The compressed public key of a node's secret key, as hex. */
export function nodeIdOf(secretKey: Uint8Array): string {
  return toHex(secp256k1.getPublicKey(secretKey, true));
}
