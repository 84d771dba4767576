/** Randomness of the arena: an argument everywhere, so that a seed replays a season. */

/** Uniform in [0, 1). */
export type Random = () => number;

/** A generator of a seed (mulberry32). For play, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 up to and without `limit`. */
export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

/** One of them, or undefined of none. */
export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[below(items.length, random)];
}

/** So many of them, each at most once, every choice equally likely; all of them, shuffled, when there are fewer. */
export function sample<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  const pool = [...items];
  const chosen: T[] = [];
  while (chosen.length < count && pool.length > 0) chosen.push(...pool.splice(below(pool.length, random), 1));
  return chosen;
}

/** One of them, with a chance in proportion to its weight; undefined where no weight is above 0. */
export function pickWeighted<T>(
  items: readonly T[],
  weight: (item: T) => number,
  random: Random,
): T | undefined {
  const weights = items.map((item) => Math.max(0, weight(item)));
  let left = random() * weights.reduce((total, one) => total + one, 0);
  for (const [i, one] of weights.entries()) {
    if (one > 0 && left < one) return items[i];
    left -= one;
  }
  return undefined;
}

/** A draw of the normal distribution (Box and Muller). */
export function normal(mean: number, deviation: number, random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return mean + deviation * radius * Math.cos(2 * Math.PI * random());
}
