/**
 * What the record of the arena is made of. The rules of the arena (`src/arena/`) stand on a higher floor and have the
 * same names; their types fit these.
 */
export const ARENA_MODES = ['deduction', 'abduction', 'induction'] as const;
export type ArenaMode = (typeof ARENA_MODES)[number];

export const ARENA_ROLES = ['propose', 'solve'] as const;
export type ArenaRole = (typeof ARENA_ROLES)[number];

/** The sums of one agent in one mode and role (`Rating` of `src/arena/rating.ts`). */
export interface RatingSums {
  readonly count: number;
  readonly sumAdvantage: number;
  readonly ema: number;
  readonly passed: number;
}

export interface RatingRecord extends RatingSums {
  /** Slug of the agent; a name with a colon in it is a baseline's. */
  readonly agent: string;
  readonly mode: ArenaMode;
  readonly role: ArenaRole;
  readonly updatedAt_ms: number;
}

/** The newest verdict on an agent in a mode (`Qualification` of `src/arena/qualification.ts`). */
export interface QualificationRecord {
  readonly agent: string;
  readonly mode: ArenaMode;
  readonly qualified: boolean;
  /** Unix ms of the last task of the examination. */
  readonly at_ms: number;
  /** The models on the agent's card then. */
  readonly models: readonly string[];
}
