/** What the record says of who has an open request. */
import type { JobFailure } from '../errors.ts';

/** `refused`: nobody may have it, and the agent only says so. `nobody_left`: the agent was the last one that was tried. */
export const ASSIGNMENT_STATES = ['assigned', 'refused', 'nobody_left'] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];

export interface AssignmentRecord {
  readonly jobId: string;
  /** Slug. */
  readonly agent: string;
  /** Name of the agent's session for this job. */
  readonly session: string;
  /** Slugs of the agents that failed at it, in order; of the last one too, once nobody is left. */
  readonly tried: readonly string[];
  readonly state: AssignmentState;
  /** Why it is refused; null where it is not. */
  readonly failure: JobFailure | null;
  readonly createdAt_ms: number;
}
