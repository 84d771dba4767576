/** NIP-04: the old encryption of NIP-90. Understood and answered in kind, never begun by us: it has no MAC. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyPair } from './event.ts';
import { DecryptionError } from './nip44.ts';
import { type RandomBytes, secureRandom } from './random.ts';
import { sharedX } from './schnorr.ts';

const SHAPE = /^([A-Za-z0-9+/]+={0,2})\?iv=([A-Za-z0-9+/]{22}={0,2})$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encrypts with AES-256-CBC. @throws CurveError when the peer's key is not on the curve */
export function encryptNip04(
  text: string,
  keys: KeyPair,
  peer: string,
  random: RandomBytes = secureRandom,
): string {
  const iv = Buffer.from(random(16));
  const cipher = createCipheriv('aes-256-cbc', sharedX(keys.secretKey, peer), iv);
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `${encrypted.toString('base64')}?iv=${iv.toString('base64')}`;
}

/** Decrypts. @throws DecryptionError for whatever is not a text the peer encrypted to us */
export function decryptNip04(payload: string, keys: KeyPair, peer: string): string {
  const [, data, iv] = SHAPE.exec(payload) ?? [];
  if (data === undefined || iv === undefined) throw new DecryptionError('not a NIP-04 text');
  const key = sharedX(keys.secretKey, peer);
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64'));
    return strictUtf8.decode(Buffer.concat([decipher.update(data, 'base64'), decipher.final()]));
  } catch (cause) {
    throw new DecryptionError('not a NIP-04 text for this key', { cause });
  }
}
