/** Hashes and AES by the platform's own crypto: Node and workerd. `portable.ts` is the same for browsers. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

/** SHA-256. A text is hashed as UTF-8. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 as lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** HMAC-SHA256. */
export function hmacSha256(key: string, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(data).digest());
}

/** AES-256-CBC with PKCS#7 padding. @param iv 16 bytes */
export function encryptAesCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return joined(cipher.update(plain), cipher.final());
}

/** The other way. @throws Error when the padding is wrong */
export function decryptAesCbc(key: Uint8Array, iv: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-cbc', key, iv);
  return joined(decipher.update(encrypted), decipher.final());
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
