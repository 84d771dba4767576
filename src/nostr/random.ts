/** Randomness as an argument: production passes {@link secureRandom}, tests a seeded generator. */

/** Gives that many random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

export const secureRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A whole number from 0 up to and without `limit` (at most 2^32). */
export function randomBelow(limit: number, random: RandomBytes): number {
  const bytes = random(4);
  const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  return Math.floor((value / 2 ** 32) * limit);
}
