/** Randomness of a seed, for tests that must replay. Not for secrets. */
import type { RandomBytes } from '../../src/nostr/random.ts';

/** A generator of bytes (mulberry32) that always gives the same bytes for the same seed. */
export function seededBytes(seed: number): RandomBytes {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) & 255;
  };
  return (length) => Uint8Array.from({ length }, next);
}
