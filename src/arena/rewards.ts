/** What proposing and solving earn (SEEDS §3.4). */
import { DEFAULT_REWARDS, type RewardSettings } from './settings.ts';

/**
 * How much can be learnt from a task that `solved` of `attempts` solved: the harder the better, but nothing when nobody
 * or everybody did.
 */
export function learnability(solved: number, attempts: number): number {
  if (attempts < 1 || solved < 0 || solved > attempts) throw new RangeError('no share of attempts');
  return solved > 0 ? 1 - solved / attempts : 0;
}

/** An extra reward, for example for a rare answer: `coefficient` times the value, at most `max`. */
export interface Extra {
  readonly value: number;
  readonly coefficient: number;
  readonly max: number;
}

/**
 * @param valid whether the proposal became a task
 * @param learnable see {@link learnability}; 0 for what is not valid
 */
export function proposerReward(
  wellFormed: boolean,
  valid: boolean,
  learnable: number,
  settings: RewardSettings = DEFAULT_REWARDS,
  extras: readonly Extra[] = [],
): number {
  if (!wellFormed || !valid) return settings.malformed;
  if (learnable === 0) return settings.worthless;
  return combined(
    learnable,
    extras.map(({ value, coefficient, max }) => Math.min(coefficient * value, max)),
    settings.combine,
  );
}

export function solverReward(
  wellFormed: boolean,
  right: boolean,
  settings: RewardSettings = DEFAULT_REWARDS,
): number {
  if (!wellFormed) return settings.malformed;
  return right ? 1 : settings.worthless;
}

/** With one extra, `sum_multiply` is the sum and `multiply_sum` the product; they differ from the second on. */
function combined(learnable: number, extras: readonly number[], how: RewardSettings['combine']): number {
  if (extras.length === 0) return learnable;
  const sum = extras.reduce((total, one) => total + one, 0);
  const product = extras.reduce((total, one) => total * one, 1);
  switch (how) {
    case 'sum':
      return learnable + sum;
    case 'multiply':
      return learnable * product;
    case 'sum_multiply':
      return learnable + product;
    case 'multiply_sum':
      return learnable * sum;
  }
}
