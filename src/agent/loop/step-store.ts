/** The port to the journal of runs: append-only, one sequence per run. */
import type { Entry } from './entry.ts';

export interface StepStore {
  /** All entries of a run, in order; empty for one that has not begun. */
  load(run: string): Promise<readonly Entry[]>;
  /**
   * Adds an entry for good before it answers.
   *
   * @param seq its place, counting from 0
   * @throws when the place is taken: then another driver works on the run, and this one has to stop. (In SQLite:
   *   `(run, seq)` is the primary key, and a plain INSERT.)
   */
  append(run: string, seq: number, entry: Entry): Promise<void>;
}
