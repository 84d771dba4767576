/**
 * Goal: what we encrypt is read by nostr-tools, what it encrypts is read by us, and nothing else decrypts.
 * Method: nostr-tools does its curve arithmetic with noble, so each side is independent where it matters.
 * Not proved here: the cipher itself, which is nostr-tools' on both sides of the NIP-44 tests.
 */
import fc from 'fast-check';
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import { getPublicKey } from 'nostr-tools/pure';
import { describe, expect, test } from 'vitest';
import type { KeyPair } from '../../src/nostr/event.ts';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { decryptNip04, encryptNip04 } from '../../src/nostr/nip04.ts';
import { conversationKey, DecryptionError, decryptNip44, encryptNip44 } from '../../src/nostr/nip44.ts';
import { CurveError, publicKeyOf } from '../../src/nostr/schnorr.ts';
import { seededBytes } from '../support/seeded.ts';

function pair(fill: number): KeyPair {
  const secretKey = new Uint8Array(32).fill(fill);
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}
const agent = pair(1);
const client = pair(2);
const stranger = pair(3);
const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 });

describe('NIP-44', () => {
  test('keys 1 and 2 share the conversation key and the ciphertext known of them', () => {
    // The first example of the NIP's reference vectors.
    const one = fromHex('1'.padStart(64, '0'));
    const two = fromHex('2'.padStart(64, '0'));
    const left = { secretKey: one, publicKey: publicKeyOf(one) };
    const right = { secretKey: two, publicKey: publicKeyOf(two) };
    expect(toHex(conversationKey(left, right.publicKey))).toBe(
      'c41c775356fd92eadc63ff5a0dc1da211b268cbea22316767095b2871ea1412d',
    );
    const payload =
      'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4DwrcNaCXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb';
    expect(encryptNip44('a', left, right.publicKey, () => fromHex('1'.padStart(64, '0')))).toBe(payload);
    expect(decryptNip44(payload, right, left.publicKey)).toBe('a');
  });

  test('conversation keys equal those of nostr-tools', () => {
    const random = seededBytes(44);
    for (let i = 0; i < 20; i++) {
      const secretKey = random(32);
      const peer = getPublicKey(random(32));
      const keys = { secretKey, publicKey: publicKeyOf(secretKey) };
      expect(conversationKey(keys, peer)).toEqual(nip44.getConversationKey(secretKey, peer));
    }
  });

  test('any text crosses in both directions', () => {
    const shared = nip44.getConversationKey(client.secretKey, agent.publicKey);
    fc.assert(
      fc.property(texts, (text) => {
        expect(nip44.decrypt(encryptNip44(text, agent, client.publicKey), shared)).toBe(text);
        expect(decryptNip44(nip44.encrypt(text, shared), agent, client.publicKey)).toBe(text);
      }),
      { numRuns: 50, seed: 44 },
    );
  });

  test('a damaged payload, a stranger, and noise are all refused alike', () => {
    const payload = encryptNip44('secret', client, agent.publicKey);
    const damaged = payload.slice(0, 60) + (payload[60] === 'A' ? 'B' : 'A') + payload.slice(61);
    expect(() => decryptNip44(damaged, agent, client.publicKey)).toThrow(DecryptionError);
    expect(() => decryptNip44(payload, stranger, client.publicKey)).toThrow(DecryptionError);
    fc.assert(
      fc.property(fc.string(), (noise) => {
        expect(() => decryptNip44(noise, agent, client.publicKey)).toThrow(DecryptionError);
      }),
      { seed: 45 },
    );
  });

  test('a peer that is no point of the curve is a CurveError', () => {
    expect(() => encryptNip44('x', agent, 'f'.repeat(64))).toThrow(CurveError);
  });

  test('remembers a bounded number of peers, and answers right after forgetting', () => {
    const random = seededBytes(7);
    const mine = pair(9);
    const first = conversationKey(mine, client.publicKey);
    for (let i = 0; i < 80; i++) conversationKey(mine, getPublicKey(random(32)));
    expect(conversationKey(mine, client.publicKey)).toEqual(first);
    expect(conversationKey(mine, client.publicKey)).not.toBe(first);
  });
});

describe('NIP-04', () => {
  test('any text crosses in both directions', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const ours = encryptNip04(text, agent, client.publicKey);
        expect(nip04.decrypt(client.secretKey, agent.publicKey, ours)).toBe(text);
        const theirs = nip04.encrypt(client.secretKey, agent.publicKey, text);
        expect(decryptNip04(theirs, agent, client.publicKey)).toBe(text);
      }),
      { numRuns: 50, seed: 4 },
    );
  });

  test('what is not NIP-04 is refused', () => {
    const payload = encryptNip04('secret', client, agent.publicKey);
    for (const broken of [
      '',
      'x',
      payload.replace('?iv=', '?vi='),
      `${payload}AAAA`,
      `AAAA${payload.slice(4, -24)}`,
    ]) {
      expect(() => decryptNip04(broken, agent, client.publicKey)).toThrow(DecryptionError);
    }
  });
});
