/**
 * NIP-44 version 2 encryption. The curve part is ours (libsecp256k1), the cipher is nostr-tools'.
 */

import { decrypt, encrypt } from 'nostr-tools/nip44';
import { sharedX } from '#curve';
import { hmacSha256 } from '#primitives';
import type { KeyPair } from './event.ts';
import { type RandomBytes, secureRandom } from './random.ts';

/** A text that is not what NIP-44 or NIP-04 makes, or was encrypted to somebody else. Says no more than that. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

/** Conversation keys remembered for each of our key pairs. */
const REMEMBERED_PEERS = 64;
const conversations = new WeakMap<KeyPair, Map<string, Uint8Array>>();

/**
 * The key two parties share: HKDF-extract of the ECDH x coordinate. Remembered for the last peers of a key pair,
 * because a streamed answer needs it for every delta and the curve operation is the expensive part.
 *
 * @param peer x-only public key, hex
 * @throws CurveError when the peer's key is not on the curve
 */
export function conversationKey(keys: KeyPair, peer: string): Uint8Array {
  let peers = conversations.get(keys);
  if (peers === undefined) {
    peers = new Map();
    conversations.set(keys, peers);
  }
  let key = peers.get(peer);
  if (key === undefined) {
    key = hmacSha256('nip44-v2', sharedX(keys.secretKey, peer));
    const oldest = peers.keys().next();
    if (peers.size >= REMEMBERED_PEERS && oldest.done !== true) peers.delete(oldest.value);
    peers.set(peer, key);
  }
  return key;
}

/**
 * Encrypts a text of at least one byte.
 *
 * @throws CurveError as {@link conversationKey}
 */
export function encryptNip44(
  text: string,
  keys: KeyPair,
  peer: string,
  random: RandomBytes = secureRandom,
): string {
  return encrypt(text, conversationKey(keys, peer), random(32));
}

/** Decrypts. @throws DecryptionError for whatever is not a text the peer encrypted to us */
export function decryptNip44(payload: string, keys: KeyPair, peer: string): string {
  const key = conversationKey(keys, peer);
  try {
    return decrypt(payload, key);
  } catch (cause) {
    throw new DecryptionError('not a NIP-44 text for this key', { cause });
  }
}
