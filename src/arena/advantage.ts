/**
 * Task-relative REINFORCE++ (SEEDS §3.5): how much better than its own kind a response did. Each of the six groups,
 * role times mode, has its own mean and scale, so that an easy mode does not make a good agent.
 */
import type { Mode, Role } from './settings.ts';

/** Keeps the scale of a group in which all are nearly equal from exploding; the original's figure. */
const EPSILON = 1e-8;

export interface Rewarded {
  readonly mode: Mode;
  readonly role: Role;
  readonly reward: number;
  /** Tokens of the response. */
  readonly length: number;
}

/** `token`: long responses weigh more, as in training. `response`: each counts once, as for ratings. */
export type Level = 'token' | 'response';

/**
 * The advantages within one group, in the order of the rewards.
 *
 * @param lengths tokens of each response, from 1; all 1 for the level of responses
 * @throws RangeError for a group of a single token, which has no variance
 */
export function whitened(rewards: readonly number[], lengths: readonly number[]): readonly number[] {
  if (rewards.length !== lengths.length || lengths.some((length) => length < 1)) {
    throw new RangeError('every reward has a length from 1');
  }
  if (rewards.length === 0) return [];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total < 2) throw new RangeError('a single token has no variance');
  const weighted = (value: (reward: number) => number) =>
    rewards.reduce((sum, reward, i) => sum + (lengths[i] ?? 0) * value(reward), 0);
  const mean = weighted((reward) => reward) / total;
  const variance = weighted((reward) => (reward - mean) ** 2) / (total - 1);
  return rewards.map((reward) => (reward - mean) / Math.sqrt(variance + EPSILON));
}

/**
 * @param baseline `separate`: one per role and mode. `pooled`: one for all, what plain REINFORCE++ does; for comparison
 * @returns one advantage per sample, in their order; 0 for one that is alone in its group
 */
export function advantages(
  samples: readonly Rewarded[],
  level: Level,
  baseline: 'separate' | 'pooled' = 'separate',
): readonly number[] {
  const groups = Map.groupBy(samples.keys(), (i) => {
    const sample = samples[i];
    return baseline === 'pooled' || sample === undefined ? '' : `${sample.role}/${sample.mode}`;
  });
  const result = samples.map(() => 0);
  for (const members of groups.values()) {
    const chosen = members.flatMap((i) => samples[i] ?? []);
    const lengths = chosen.map(({ length }) => (level === 'token' ? length : 1));
    if (lengths.reduce((sum, length) => sum + length, 0) < 2) continue;
    const values = whitened(
      chosen.map(({ reward }) => reward),
      lengths,
    );
    for (const [at, i] of members.entries()) result[i] = values[at] ?? 0;
  }
  return result;
}
