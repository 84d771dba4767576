/** Lower-case hex, the only spelling Nostr knows for ids, keys and signatures (NIP-01). */

const HEX_32 = /^[0-9a-f]{64}$/;
const HEX_64 = /^[0-9a-f]{128}$/;

/** Whether `value` is a 32-byte lower-case hex string (an id or an x-only public key). */
export function isHex32(value: unknown): value is string {
  return typeof value === 'string' && value.length === 64 && HEX_32.test(value);
}

/** Whether `value` is a 64-byte lower-case hex string (a BIP-340 signature). */
export function isHex64(value: unknown): value is string {
  return typeof value === 'string' && value.length === 128 && HEX_64.test(value);
}

/** Bytes to lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += BYTE_TO_HEX[byte];
  return text;
}

/** Hex to bytes. @throws RangeError on an odd length or a character that is not hex. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) throw new RangeError('not a hex string');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Writes a hex string that was already checked into `target`, without an allocation. */
export function writeHex(hex: string, target: Uint8Array): void {
  for (let i = 0, j = 0; i < target.length; i++, j += 2) {
    target[i] = (nibble(hex.charCodeAt(j)) << 4) | nibble(hex.charCodeAt(j + 1));
  }
}

const BYTE_TO_HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
