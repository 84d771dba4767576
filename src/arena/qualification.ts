/** Who may take verified jobs: who has lately solved tasks of the frontier in that mode. */
import { ARENA_QUALIFIED_MS, ARENA_QUALIFY_PASSES, ARENA_QUALIFY_TASKS } from '../limits.ts';
import { type Random, sample } from './random.ts';
import type { Tally } from './stopping.ts';

export interface Qualification {
  /** Unix ms of the last task of the examination. */
  readonly at_ms: number;
  /** The models on the agent's card then. */
  readonly models: readonly string[];
  readonly qualified: boolean;
}

/** A task that some solved and some did not, every attempt made: neither trivial nor out of reach. */
export function isFrontier({ solved, done }: Tally, attempts: number): boolean {
  return done === attempts && solved > 0 && solved < done;
}

/** The tasks of an examination; fewer when there are fewer, which nobody can fail or pass by. */
export function examination<T>(frontier: readonly T[], random: Random): readonly T[] {
  return sample(frontier, ARENA_QUALIFY_TASKS, random);
}

/**
 * The verdict over the answers so far, or null while it is open. It is given as soon as no further answer could change
 * it, and so is the one that all answers would have given.
 */
export function examined(
  passes: readonly boolean[],
  tasks = ARENA_QUALIFY_TASKS,
  needed = ARENA_QUALIFY_PASSES,
): boolean | null {
  const passed = passes.filter((pass) => pass).length;
  if (passed >= needed) return true;
  return passed + (tasks - passes.length) < needed ? false : null;
}

/** Whether it holds now: not too old, and for the very models the agent still runs on. */
export function isQualified(
  qualification: Qualification | null,
  models: readonly string[],
  now_ms: number,
): boolean {
  if (qualification === null || !qualification.qualified) return false;
  if (now_ms - qualification.at_ms >= ARENA_QUALIFIED_MS) return false;
  return sameModels(models, qualification.models);
}

/** Whether two lists name the same models, in whatever order. */
export function sameModels(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join('\n') === [...b].sort().join('\n');
}
