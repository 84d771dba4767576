/** The published BIP-340 vectors through libsecp256k1 as workerd loads it, beside noble (see test/nostr/bip340.test.ts). */
import { schnorr } from '@noble/curves/secp256k1.js';
import { expect, test } from 'vitest';
import { fromHex } from '../../src/nostr/hex.ts';
import { publicKeyOf, signHash, verifySignature } from '../../src/nostr/schnorr.ts';
import vectors from '../vectors/bip340.json' with { type: 'json' };

test.each(vectors)('vector $index in workerd: $valid $comment', (vector) => {
  const { signature, message, publicKey, secretKey, auxiliary, valid } = vector;
  expect(verifySignature(signature, message, publicKey)).toBe(valid);
  expect(schnorr.verify(fromHex(signature), fromHex(message), fromHex(publicKey))).toBe(valid);
  if (secretKey === null || auxiliary === null) return;
  expect(publicKeyOf(fromHex(secretKey))).toBe(publicKey);
  expect(signHash(message, fromHex(secretKey), fromHex(auxiliary))).toBe(signature);
});
