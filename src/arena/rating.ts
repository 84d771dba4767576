/** Ratings: how much better than the others of its group an agent is, per mode and role (SEEDS §4.4). */
import {
  ARENA_EMA_RESULTS,
  ARENA_GROUP_AGE_MS,
  ARENA_GROUP_MIN_RESULTS,
  ARENA_GROUP_RESULTS,
  ARENA_RATING_PRIOR,
} from '../limits.ts';
import { whitened } from './advantage.ts';
import { wilson } from './interval.ts';
import type { Mode, Role } from './settings.ts';

/** One paid-out reward of an agent. */
export interface Result {
  readonly agent: string;
  readonly reward: number;
  /** Solvers: the answer was right. Proposers: the task could be learnt from. */
  readonly passed: boolean;
}

/** The results of one mode and role that are still to be compared with each other. */
export interface Group {
  readonly mode: Mode;
  readonly role: Role;
  /** Unix ms of the first result. */
  readonly opened_ms: number;
  readonly results: readonly Result[];
}

export interface Rating {
  /** Results in it. */
  readonly count: number;
  readonly sumAdvantage: number;
  /** Moving mean of the advantages, over about {@link ARENA_EMA_RESULTS} of them. */
  readonly ema: number;
  readonly passed: number;
}

export const UNRATED: Rating = { count: 0, sumAdvantage: 0, ema: 0, passed: 0 };

/** Whether a group is to be closed. One with too few results stays open however old: eight say little, three nothing. */
export function isDue({ results, opened_ms }: Group, now_ms: number): boolean {
  if (results.length >= ARENA_GROUP_RESULTS) return true;
  return results.length >= ARENA_GROUP_MIN_RESULTS && now_ms - opened_ms >= ARENA_GROUP_AGE_MS;
}

/** How much better than its group each result is. Each counts once, however long the response; equal ones are all 0. */
export function advantagesIn(results: readonly Pick<Result, 'reward'>[]): readonly number[] {
  const rewards = results.map(({ reward }) => reward);
  if (new Set(rewards).size < 2) return rewards.map(() => 0);
  return whitened(
    rewards,
    rewards.map(() => 1),
  );
}

/** The ratings of the agents of a group after it. In a group of equal rewards nobody gains or loses. */
export function closeGroup(
  { results }: Group,
  before: ReadonlyMap<string, Rating>,
): ReadonlyMap<string, Rating> {
  const advantages = advantagesIn(results);
  const after = new Map(before);
  for (const [i, { agent, passed }] of results.entries()) {
    const rating = after.get(agent) ?? UNRATED;
    const advantage = advantages[i] ?? 0;
    after.set(agent, {
      count: rating.count + 1,
      sumAdvantage: rating.sumAdvantage + advantage,
      ema: rating.ema + (advantage - rating.ema) * (2 / (ARENA_EMA_RESULTS + 1)),
      passed: rating.passed + (passed ? 1 : 0),
    });
  }
  return after;
}

/** What is made of a rating. */
export interface Standing {
  /** Around 0, and drawn towards it while there are few results. */
  readonly rating: number;
  /** How unsure that is; shrinks with the results. */
  readonly deviation: number;
  /** What share of results passes at least, with 95 % certainty (Wilson). */
  readonly lowerBound: number;
}

export function standing(rating: Rating): Standing {
  return {
    rating: rating.sumAdvantage / (rating.count + ARENA_RATING_PRIOR),
    deviation: 1 / Math.sqrt(rating.count + 1),
    lowerBound: wilson(rating.passed, rating.count).lower,
  };
}

/** The mean of several standings, for work that is of no one mode. As sure as a mean of independent guesses is. */
export function meanStanding(standings: readonly Standing[]): Standing {
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    rating: mean(standings.map(({ rating }) => rating)),
    deviation: Math.hypot(...standings.map(({ deviation }) => deviation)) / standings.length,
    lowerBound: mean(standings.map(({ lowerBound }) => lowerBound)),
  };
}
