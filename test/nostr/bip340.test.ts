/**
 * Goal: our libsecp256k1 binding is BIP-340, for signatures that are valid and for those that only look so.
 * Method: the published vectors, each against our binding and against noble side by side; then random keys,
 * messages and damaged signatures, where both must agree.
 * Not proved: that no secret leaks through time; both libraries claim that for themselves.
 */
import { schnorr } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { CurveError, publicKeyOf, sharedX, signHash, verifySignature } from '../../src/nostr/schnorr.ts';
import vectors from '../vectors/bip340.json' with { type: 'json' };

const secretKeys = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => {
  const value = BigInt(`0x${toHex(key)}`);
  return value > 0n && value < schnorr.Point.Fn.ORDER;
});
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => toHex(bytes));

function nobleVerify(signature: string, hash: string, publicKey: string): boolean {
  return schnorr.verify(fromHex(signature), fromHex(hash), fromHex(publicKey));
}

describe('the published vectors', () => {
  test('are all there, with at least one of each outcome', () => {
    expect(vectors).toHaveLength(15);
    expect(vectors.filter(({ valid }) => !valid)).toHaveLength(10);
  });

  test.each(vectors)(
    'vector $index verifies as $valid $comment',
    ({ signature, message, publicKey, valid }) => {
      expect(verifySignature(signature, message, publicKey)).toBe(valid);
      expect(nobleVerify(signature, message, publicKey)).toBe(valid);
    },
  );

  const signed = vectors.filter((vector) => vector.secretKey !== null);
  test.each(signed)('vector $index is signed to the same bytes', (vector) => {
    const secretKey = fromHex(vector.secretKey ?? '');
    const auxiliary = fromHex(vector.auxiliary ?? '');
    expect(publicKeyOf(secretKey)).toBe(vector.publicKey);
    expect(signHash(vector.message, secretKey, auxiliary)).toBe(vector.signature);
    expect(toHex(schnorr.sign(fromHex(vector.message), secretKey, auxiliary))).toBe(vector.signature);
  });
});

test('signing and verifying agree with noble on random keys and messages', () => {
  fc.assert(
    fc.property(
      secretKeys,
      hashes,
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (secretKey, hash, auxiliary) => {
        const signature = signHash(hash, secretKey, auxiliary);
        expect(signature).toBe(toHex(schnorr.sign(fromHex(hash), secretKey, auxiliary)));
        expect(verifySignature(signature, hash, publicKeyOf(secretKey))).toBe(true);
      },
    ),
    { numRuns: 30, seed: 340 },
  );
});

test('a signature with any bit changed is refused by both', () => {
  fc.assert(
    fc.property(secretKeys, hashes, fc.nat(511), (secretKey, hash, bit) => {
      const signature = fromHex(signHash(hash, secretKey));
      const at = bit >> 3;
      signature[at] = (signature[at] ?? 0) ^ (1 << (bit & 7));
      const publicKey = publicKeyOf(secretKey);
      expect(verifySignature(toHex(signature), hash, publicKey)).toBe(false);
      expect(nobleVerify(toHex(signature), hash, publicKey)).toBe(false);
    }),
    { numRuns: 30, seed: 341 },
  );
});

test('sharedX is the same from both sides', () => {
  fc.assert(
    fc.property(secretKeys, secretKeys, (a, b) => {
      expect(sharedX(a, publicKeyOf(b))).toEqual(sharedX(b, publicKeyOf(a)));
    }),
    { numRuns: 20, seed: 342 },
  );
});

test.each([
  ['zero', '0'.repeat(64)],
  ['the curve order', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
  ['all ones', 'f'.repeat(64)],
])('a secret key of %s is refused', (_name, key) => {
  expect(() => publicKeyOf(fromHex(key))).toThrow(CurveError);
  expect(() => signHash('0'.repeat(64), fromHex(key))).toThrow(CurveError);
  expect(() => sharedX(fromHex(key), publicKeyOf(new Uint8Array(32).fill(1)))).toThrow(CurveError);
});

test('a public key that is no point of the curve is refused for ECDH', () => {
  const offCurve = vectors.find(({ comment }) => comment === 'public key not on the curve')?.publicKey ?? '';
  expect(offCurve).toHaveLength(64);
  expect(() => sharedX(new Uint8Array(32).fill(1), offCurve)).toThrow(CurveError);
});
