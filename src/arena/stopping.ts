/**
 * Saving attempts without bending rewards. A task may be given up after a probe that all or none solved; it then has no
 * learnability at all, rather than one made of fewer attempts. The cost is known: of tasks that one in eight solves, 59 %
 * are given up, and those would have been the best paid.
 */
import { learnability } from './rewards.ts';

/** How far the attempts at a task are. Attempts that say nothing (no executor, a broken check) are not in it. */
export interface Tally {
  readonly solved: number;
  readonly done: number;
}

/** @param probe attempts after which a task may be given up; null runs all of them */
export function nextStep(
  { solved, done }: Tally,
  attempts: number,
  probe: number | null,
): 'attempt' | 'stop' | 'complete' {
  if (done >= attempts) return 'complete';
  const hopeless = probe !== null && done >= probe && done < attempts && (solved === 0 || solved === done);
  // Decided at the end of the probe alone: looking after every attempt would stop on streaks.
  return hopeless && done === probe ? 'stop' : 'attempt';
}

/** The learnability of a task, or null for one whose attempts were not all made: no reward, no pay, no rating then. */
export function measured(tally: Tally, attempts: number): number | null {
  return tally.done === attempts ? learnability(tally.solved, attempts) : null;
}
