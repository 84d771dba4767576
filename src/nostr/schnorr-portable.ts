/**
 * BIP-340 signatures and ECDH in plain JavaScript, for browsers: the functions of schnorr.ts by noble's curves, five
 * times slower and without WASM, which a strict content security policy forbids to compile.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { CurveError } from './curve-error.ts';
import { fromHex, isHex32, isHex64, toHex } from './hex.ts';

export { CurveError } from './curve-error.ts';

// Tables for the base point are made with the first use. Noble's own (8 bits) take four times as long as these, which is more than
// the few signatures of a page win by them.
secp256k1.Point.BASE.precompute(2);

/** Verifies a BIP-340 signature. Never throws: whatever is not a valid signature is `false`. All three are hex. */
export function verifySignature(signature: string, hash: string, publicKey: string): boolean {
  if (!isHex64(signature) || !isHex32(hash) || !isHex32(publicKey)) return false;
  return schnorr.verify(fromHex(signature), fromHex(hash), fromHex(publicKey));
}

/**
 * Signs 32 bytes by BIP-340.
 *
 * @param hash 32 bytes as hex
 * @param secretKey 32 bytes
 * @param auxiliary 32 random bytes; a fixed value makes the signature deterministic (tests)
 * @returns the signature, 64 bytes as hex
 * @throws CurveError when the key is zero or not below the curve order
 */
export function signHash(hash: string, secretKey: Uint8Array, auxiliary?: Uint8Array): string {
  if (!isHex32(hash)) throw new CurveError('a hash to sign must be 32 bytes of lower-case hex');
  if (auxiliary !== undefined && auxiliary.length !== 32)
    throw new CurveError('auxiliary randomness has 32 bytes');
  return refusing(() => toHex(schnorr.sign(fromHex(hash), secretKey, auxiliary)));
}

/** The x-only public key of a secret key, as hex. @throws CurveError when the secret key is out of range. */
export function publicKeyOf(secretKey: Uint8Array): string {
  return refusing(() => toHex(schnorr.getPublicKey(secretKey)));
}

/**
 * The x coordinate of `secretKey · publicKey`, 32 bytes: the shared secret of NIP-04 and NIP-44.
 *
 * @throws CurveError when the secret key is out of range or the public key is not a point of the curve
 */
export function sharedX(secretKey: Uint8Array, publicKey: string): Uint8Array {
  if (!isHex32(publicKey)) throw new CurveError('a public key must be 32 bytes of lower-case hex');
  return refusing(() => secp256k1.getSharedSecret(secretKey, fromHex(`02${publicKey}`)).slice(1, 33));
}

/** The library throws plain errors for numbers that are no key and no point. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CurveError('the key is not one: out of range, or no point of the curve', { cause });
  }
}
