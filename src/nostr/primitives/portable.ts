/** Hashes and AES in plain JavaScript, for browsers: what `node.ts` does by `node:crypto`. */
import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as hash } from '@noble/hashes/sha2.js';
import { toHex } from '../hex.ts';

const utf8 = new TextEncoder();

/** SHA-256. A text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return hash(typeof data === 'string' ? utf8.encode(data) : data);
}

/** SHA-256 as lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return toHex(sha256(data));
}

/** HMAC-SHA256. */
export function hmacSha256(key: string, data: Uint8Array): Uint8Array {
  return hmac(hash, utf8.encode(key), data);
}

/** AES-256-CBC with PKCS#7 padding. @param iv 16 bytes */
export function encryptAesCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  return cbc(key, iv).encrypt(plain);
}

/** The other way. @throws Error when the padding is wrong */
export function decryptAesCbc(key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array {
  return cbc(key, iv).decrypt(encrypted);
}
