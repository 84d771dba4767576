/** What an operator says of the arena: how much is played, what models may cost, and the rules that can be set. */
import * as z from 'zod';
import {
  ARENA_ATTEMPTS,
  ARENA_BUFFER_TASKS,
  ARENA_INDUCTION_INPUTS,
  ARENA_PROBE_ATTEMPTS,
  ARENA_REFERENCES,
  ARENA_ROUNDS_PER_DAY,
  ARENA_TOKENS_PER_DAY,
} from '../limits.ts';

export interface ArenaConfig {
  /** 0: the arena is closed. */
  readonly roundsPerDay: number;
  /** What models may read and write for it in a day, tokens. 0: none is asked. */
  readonly tokensPerDay: number;
  readonly language: 'python' | 'javascript';
  readonly references: number;
  readonly inductionInputs: number;
  readonly attempts: number;
  /** Attempts after which a task may be given up; null makes all of them. */
  readonly probe: number | null;
  readonly bufferTasks: number;
  readonly wrapper: 'think' | 'bare';
  /** The reward of what is not of the form, or no task. */
  readonly malformed: number;
  /** The reward of what is well formed and earns nothing. */
  readonly worthless: number;
}

const whole = (least: number, most: number) =>
  z.coerce
    .number('must be a whole number')
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
const penalty = z.coerce
  .number('must be a number')
  .min(-1, 'must be at least -1')
  .max(0, 'must be at most 0');

export const arenaVariables = {
  ARENA_ROUNDS_PER_DAY: whole(0, 1_000_000).optional(),
  ARENA_TOKENS_PER_DAY: whole(0, 1_000_000_000).default(ARENA_TOKENS_PER_DAY),
  ARENA_LANGUAGE: z.enum(['python', 'javascript'], 'must be python or javascript').default('python'),
  ARENA_REFERENCES: whole(1, 20).default(ARENA_REFERENCES),
  ARENA_ATTEMPTS: whole(2, 32).default(ARENA_ATTEMPTS),
  ARENA_PROBE: z
    .enum(['0', '1'], 'must be 1 or 0')
    .transform((value) => (value === '1' ? ARENA_PROBE_ATTEMPTS : null))
    .default(null),
  ARENA_BUFFER_TASKS: whole(100, ARENA_BUFFER_TASKS).default(ARENA_BUFFER_TASKS),
  ARENA_WRAPPER: z.enum(['think', 'bare'], 'must be think or bare').default('think'),
  ARENA_MALFORMED: penalty.default(-1),
  ARENA_WORTHLESS: penalty.default(-0.5),
};

type ArenaVariables = z.infer<z.ZodObject<typeof arenaVariables>>;

export function arenaConfig(env: ArenaVariables & { readonly LOCAL: boolean }): ArenaConfig {
  return {
    roundsPerDay: env.ARENA_ROUNDS_PER_DAY ?? ARENA_ROUNDS_PER_DAY[env.LOCAL ? 'local' : 'deployed'],
    tokensPerDay: env.ARENA_TOKENS_PER_DAY,
    language: env.ARENA_LANGUAGE,
    references: env.ARENA_REFERENCES,
    inductionInputs: ARENA_INDUCTION_INPUTS,
    attempts: env.ARENA_ATTEMPTS,
    // A probe of all attempts is none.
    probe: env.ARENA_PROBE !== null && env.ARENA_PROBE < env.ARENA_ATTEMPTS ? env.ARENA_PROBE : null,
    bufferTasks: env.ARENA_BUFFER_TASKS,
    wrapper: env.ARENA_WRAPPER,
    malformed: env.ARENA_MALFORMED,
    worthless: env.ARENA_WORTHLESS,
  };
}
