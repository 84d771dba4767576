/**
 * Goal: our build of libsecp256k1 is BIP-340, for signatures that are valid and for those that only look so, and its
 * kept key pairs never sign for another key.
 * Method: the published vectors, each against our binding and against noble side by side; then random keys,
 * messages and damaged signatures, where both must agree; then more keys in turn than the build keeps.
 * test/workers/signatures.test.ts runs all of it again inside workerd.
 * Not proved: that no secret leaks through time; both libraries claim that for themselves.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { CurveError, publicKeyOf, sharedX, signHash, verifySignature } from '../../src/nostr/schnorr.ts';
import vectors from '../vectors/bip340.json' with { type: 'json' };

const secretKeys = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((key) => {
  const value = BigInt(`0x${toHex(key)}`);
  return value > 0n && value < schnorr.Point.Fn.ORDER;
});
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const FIELD_SIZE = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f';
const GENERATOR_X = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
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

test('whatever is put in place of a signature, hash or key, both libraries say the same', () => {
  const edges = ['0'.repeat(64), `${'0'.repeat(63)}1`, 'f'.repeat(64), ORDER, FIELD_SIZE, GENERATOR_X];
  const words = fc.oneof(hashes, fc.constantFrom(...edges));
  fc.assert(
    fc.property(words, words, words, words, (r, s, hash, publicKey) => {
      expect(verifySignature(r + s, hash, publicKey)).toBe(nobleVerify(r + s, hash, publicKey));
    }),
    { numRuns: 200, seed: 343 },
  );
});

test('sharedX is the same from both sides, and what noble computes', () => {
  fc.assert(
    fc.property(secretKeys, secretKeys, (a, b) => {
      const shared = sharedX(a, publicKeyOf(b));
      expect(shared).toEqual(sharedX(b, publicKeyOf(a)));
      expect(shared).toEqual(secp256k1.getSharedSecret(a, fromHex(`02${publicKeyOf(b)}`)).slice(1));
    }),
    { numRuns: 20, seed: 342 },
  );
});

describe('key pairs are kept between signatures', () => {
  const auxiliary = new Uint8Array(32).fill(5);
  const hash = 'ab'.repeat(32);
  const nobleSign = (key: Uint8Array) => toHex(schnorr.sign(fromHex(hash), key, auxiliary));
  const keyNumber = (i: number) => new Uint8Array(32).fill(i + 1);

  test('and more of them than are kept still sign each for itself, in any order', () => {
    const expected = Array.from({ length: 40 }, (_, i) => nobleSign(keyNumber(i)));
    fc.assert(
      fc.property(fc.array(fc.nat(39), { minLength: 60, maxLength: 60 }), (order) => {
        for (const i of order) expect(signHash(hash, keyNumber(i), auxiliary)).toBe(expected[i]);
      }),
      { numRuns: 10, seed: 344 },
    );
  });

  test('by what the key says and not by the array that carries it', () => {
    const key = keyNumber(0);
    expect(signHash(hash, key, auxiliary)).toBe(nobleSign(keyNumber(0)));
    key[31] = 9;
    expect(signHash(hash, key, auxiliary)).toBe(nobleSign(Uint8Array.from([...keyNumber(0).slice(1), 9])));
    key.fill(0);
    expect(() => signHash(hash, key, auxiliary)).toThrow(CurveError);
  });

  test('and a refused key leaves nothing that signs', () => {
    for (let i = 0; i < 40; i++) expect(() => signHash(hash, fromHex(ORDER), auxiliary)).toThrow(CurveError);
    expect(signHash(hash, keyNumber(3), auxiliary)).toBe(nobleSign(keyNumber(3)));
  });
});

test('the first and the last secret key are accepted', () => {
  const last = fromHex(ORDER);
  last[31] = (last[31] ?? 0) - 1;
  expect(publicKeyOf(last)).toBe(GENERATOR_X);
  expect(publicKeyOf(fromHex(`${'0'.repeat(63)}1`))).toBe(GENERATOR_X);
});

test('signatures of one hash differ when no auxiliary randomness is given', () => {
  const key = new Uint8Array(32).fill(1);
  expect(signHash('0'.repeat(64), key)).not.toBe(signHash('0'.repeat(64), key));
});

test.each([
  ['zero', '0'.repeat(64)],
  ['the curve order', ORDER],
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

test.each([0, 31, 33])('a secret key of %i bytes is refused', (length) => {
  const key = new Uint8Array(length).fill(1);
  expect(() => publicKeyOf(key)).toThrow(CurveError);
  expect(() => signHash('0'.repeat(64), key)).toThrow(CurveError);
  expect(() => sharedX(key, GENERATOR_X)).toThrow(CurveError);
});
