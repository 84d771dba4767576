/** Public keys as people write them: in hex, or as an npub (NIP-19). */
import { bech32 } from '@scure/base';
import { isHex32, toHex } from './hex.ts';

/** A public key in hex, from itself or from its npub; null for any other text. */
export function publicKeyNamed(text: string): string | null {
  const hex = text.trim().toLowerCase();
  if (isHex32(hex)) return hex;
  const decoded = bech32.decodeUnsafe(text.trim(), false);
  if (decoded?.prefix !== 'npub') return null;
  const bytes = bech32.fromWordsUnsafe(decoded.words);
  return bytes?.length === 32 ? toHex(bytes) : null;
}
