/** The 5-bit words of bech32 in which an invoice is written, and what stands in them. */
import { InvoiceError } from './invoice.ts';

/** Words as bytes; bits left over must be the zeros that padding is. @throws InvoiceError `field` */
export function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.floor((words.length * 5) / 8));
  const rest = pack(words, bytes);
  if (rest !== 0) throw new InvoiceError('field', 'a field is padded with something else than zeros');
  return bytes;
}

/** Words as bytes with zero bits added up to a whole byte: what is signed (BOLT 11). */
export function paddedBytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((words.length * 5) / 8));
  const rest = pack(words, bytes);
  const bits = (words.length * 5) % 8;
  if (bits !== 0) bytes[bytes.length - 1] = rest << (8 - bits);
  return bytes;
}

/** Fills `bytes` with whole bytes and returns the bits that made none. */
function pack(words: readonly number[], bytes: Uint8Array): number {
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const word of words) {
    held = (held << 5) | word;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  return held;
}

/** Bytes as words, padded with zero bits. */
export function wordsOf(bytes: Uint8Array): number[] {
  const words: number[] = [];
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      words.push(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) words.push(held << (5 - bits));
  return words;
}

/** Words as a whole number, most significant first. @throws InvoiceError `field` when it is larger than a number can say */
export function integerOf(words: readonly number[]): number {
  let value = 0;
  for (const word of words) {
    value = value * 32 + word;
    if (!Number.isSafeInteger(value)) throw new InvoiceError('field', 'a number is too large');
  }
  return value;
}

/** A whole number as words, with `length` of them or as few as will do. */
export function integerWords(value: number, length?: number): number[] {
  const words: number[] = [];
  let rest = value;
  do {
    words.unshift(rest % 32);
    rest = Math.floor(rest / 32);
  } while (rest > 0);
  while (length !== undefined && words.length < length) words.unshift(0);
  return words;
}
