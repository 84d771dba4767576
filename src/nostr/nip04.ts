/** NIP-04: the old encryption of NIP-90. Understood and answered in kind, never begun by us: it has no MAC. */

import { base64 } from '@scure/base';
import { sharedX } from '#curve';
import { decryptAesCbc, encryptAesCbc } from '#primitives';
import type { KeyPair } from './event.ts';
import { DecryptionError } from './nip44.ts';
import { type RandomBytes, secureRandom } from './random.ts';

const SHAPE = /^([A-Za-z0-9+/]+={0,2})\?iv=([A-Za-z0-9+/]{22}={0,2})$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encrypts with AES-256-CBC. @throws CurveError when the peer's key is not on the curve */
export function encryptNip04(
  text: string,
  keys: KeyPair,
  peer: string,
  random: RandomBytes = secureRandom,
): string {
  const iv = random(16);
  const encrypted = encryptAesCbc(sharedX(keys.secretKey, peer), iv, new TextEncoder().encode(text));
  return `${base64.encode(encrypted)}?iv=${base64.encode(iv)}`;
}

/** Decrypts. @throws DecryptionError for whatever is not a text the peer encrypted to us */
export function decryptNip04(payload: string, keys: KeyPair, peer: string): string {
  const [, data, iv] = SHAPE.exec(payload) ?? [];
  if (data === undefined || iv === undefined) throw new DecryptionError('not a NIP-04 text');
  const key = sharedX(keys.secretKey, peer);
  try {
    return strictUtf8.decode(decryptAesCbc(key, base64.decode(padded(iv)), base64.decode(padded(data))));
  } catch (cause) {
    throw new DecryptionError('not a NIP-04 text for this key', { cause });
  }
}

/** Some clients leave the padding out. */
function padded(text: string): string {
  return text.replace(/=+$/, '').padEnd(Math.ceil(text.replace(/=+$/, '').length / 4) * 4, '=');
}
