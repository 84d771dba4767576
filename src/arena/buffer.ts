/** What has been proposed and is valid, in the order in which it came: the references and the tasks of later rounds. */
import { type Random, sample } from './random.ts';

export interface Stored<T> {
  readonly item: T;
  /** The round that added it, from 0. */
  readonly round: number;
}

/** The oldest first. */
export type TaskBuffer<T> = readonly Stored<T>[];

/** @param limit of all that is kept; the oldest are dropped. (The original drops the newest, which ends its curriculum.) */
export function added<T>(
  buffer: TaskBuffer<T>,
  items: readonly T[],
  round: number,
  limit: number,
): TaskBuffer<T> {
  const all = [...buffer, ...items.map((item) => ({ item, round }))];
  return all.slice(Math.max(0, all.length - limit));
}

/** References: uniform, each at most once; fewer when there are fewer. */
export function references<T>(buffer: TaskBuffer<T>, count: number, random: Random): readonly T[] {
  return sample(buffer, count, random).map(({ item }) => item);
}

/**
 * Tasks to solve: those of this and the previous round first, the newest before the others, then uniform among the rest
 * (`max_new` of the original). Each at most once.
 */
export function toSolve<T>(
  buffer: TaskBuffer<T>,
  count: number,
  round: number,
  random: Random,
): readonly T[] {
  const fresh = buffer.filter((stored) => stored.round >= round - 1).toReversed();
  const first = fresh.slice(0, count);
  const older = buffer.filter((stored) => stored.round < round - 1);
  return [...first, ...sample(older, count - first.length, random)].map(({ item }) => item);
}

/** How much an agent of predicted success `p` gains by a task: by difficulty, or by how much the result tells of it. */
export function solvingWeight(p: number, by: 'learnability' | 'information'): number {
  if (by === 'information') return p * (1 - p);
  return p > 0.05 && p < 0.95 ? 1 - p : 0;
}
