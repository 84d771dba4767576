/** A team as data: who works, in which order, how often, within what. Parsed once, when a team is made or a run opened. */
import * as z from 'zod';
import {
  TEAM_MAX_BRANCHES,
  TEAM_MAX_ITERATIONS,
  TEAM_MAX_PROMPT_CHARS,
  TEAM_MAX_RANKED,
  TEAM_MAX_REST_MS,
  TEAM_MAX_ROLES,
  TEAM_MAX_STAGES,
  TEAM_MAX_TIME_MS,
} from '../../limits.ts';
import { reporterSchema } from './report/settings.ts';

const whole = (min: number, max: number) => z.int().min(min).max(max);
const amount = whole(0, Number.MAX_SAFE_INTEGER);
const name = z.string().regex(/^[A-Za-z][\w-]{0,31}$/);

/** The share of a prompt that the client's directives may take. */
export const DIRECTIVES_SHARE = 0.5;

/** Of a role that says nothing else. */
export const USUAL_LIMITS = {
  steps: 12,
  tokens: 60_000,
  msats: 50_000,
  hires_msats: 0,
  time_ms: 900_000,
  outputTokens: 6_000,
};

const limitsSchema = z.strictObject({
  /** Model calls of one step. */
  steps: whole(1, 200).default(USUAL_LIMITS.steps),
  /** Tokens one step may use, its helpers included: its quote. */
  tokens: whole(1, 100_000_000).default(USUAL_LIMITS.tokens),
  /** Millisatoshis one step's tokens may cost, its helpers included; with `hires_msats` its quote. */
  msats: amount.default(USUAL_LIMITS.msats),
  /** Millisatoshis one step may pay agents of others, where it has the tool `hire_agent`. */
  hires_msats: amount.default(USUAL_LIMITS.hires_msats),
  time_ms: whole(1_000, TEAM_MAX_TIME_MS).default(USUAL_LIMITS.time_ms),
  /** Length of what it hands in, tokens. */
  outputTokens: whole(1, 100_000).default(USUAL_LIMITS.outputTokens),
});

/** Only name and prompt have to be said. */
export const roleSchema = z.strictObject({
  name,
  /** `draft`: a version of the artifact, which is ranked. `notes`, `report`: text for others. `judgement`: a verdict. */
  makes: z.enum(['draft', 'notes', 'report', 'judgement']).default('draft'),
  prompt: z.string().min(1).max(TEAM_MAX_PROMPT_CHARS),
  /** Names of tools; it has no others. */
  tools: z.array(name).max(32).default([]),
  /** Roles it may call as tools. */
  helpers: z.array(name).max(8).default([]),
  limits: limitsSchema.prefault({}),
});
export type Role = z.infer<typeof roleSchema>;

/** One role, or branches side by side, each a role or several one after the other. */
const stageSchema = z.union([
  name,
  z.strictObject({
    parallel: z
      .array(z.union([name, z.array(name).min(1).max(TEAM_MAX_STAGES)]))
      .min(1)
      .max(TEAM_MAX_BRANCHES),
  }),
]);

/** A check that judges every version that is ranked (docs/verified-jobs.md). */
const checkSchema = z.strictObject({
  /** As in a contract's `verify`. */
  spec: z.json(),
  /** The part of it that it commits to. Nobody but who runs the check is shown it. */
  hidden: z.strictObject({ salt: z.string(), content: z.json() }).nullable().default(null),
  limits: z.strictObject({ tokens: amount, msats: amount }).default({ tokens: 0, msats: 0 }),
});
export type TeamCheck = z.infer<typeof checkSchema>;

export const teamSchema = z.strictObject({
  /** Roles that are not built in, or in place of one. */
  roles: z.array(roleSchema).max(TEAM_MAX_ROLES).default([]),
  order: z.array(stageSchema).min(1).max(TEAM_MAX_STAGES),
  iterations: whole(1, TEAM_MAX_ITERATIONS).default(3),
  budget: z.strictObject({
    msats: amount,
    tokens: amount,
    /** Wall clock while the run is not at rest, ms. */
    time_ms: whole(1_000, TEAM_MAX_TIME_MS),
  }),
  stop: z
    .strictObject({
      /** Ends after so many iterations without a better version; null for never. */
      noBetterIn: whole(1, TEAM_MAX_ITERATIONS).nullable(),
      /** Ends when the best version passes every check. */
      checkPassed: z.boolean(),
    })
    .default({ noBetterIn: 2, checkPassed: true }),
  /** Null: the newest draft is the best. */
  judge: z
    .strictObject({
      role: name,
      /** Versions of the ranked list that are kept. */
      keep: whole(1, TEAM_MAX_RANKED),
      /** Which drafts of an iteration are ranked: each, or the last of each branch of the last stage that drafts. */
      ranks: z.enum(['every', 'last']),
    })
    .nullable()
    .default({ role: 'ranker', keep: 10, ranks: 'last' }),
  check: checkSchema.nullable().default(null),
  questions: z
    .strictObject({
      /** Questions of one run; beyond it the assumption holds at once. */
      most: whole(0, 100),
      /** How long one waits before the assumption holds, ms; null for as long as it takes. */
      patience_ms: whole(0, TEAM_MAX_REST_MS).nullable(),
    })
    .default({ most: 5, patience_ms: 86_400_000 }),
  reports: reporterSchema.default(reporterSchema.parse({})),
  /** A prompt is never longer, tokens. */
  promptTokens: whole(500, 1_000_000).default(16_000),
});
export type TeamInput = z.input<typeof teamSchema>;
type Parsed = z.infer<typeof teamSchema>;

/** A team whose roles are all there. */
export type TeamConfig = Omit<Parsed, 'roles' | 'order'> & {
  /** Every role that can come to work, by name. */
  readonly roles: { readonly [name: string]: Role };
  /** Stages of branches of roles. */
  readonly order: readonly (readonly (readonly string[])[])[];
};

/** A check as anybody may see it. */
export function withoutHidden(check: TeamCheck | null): TeamCheck | null {
  return check === null ? null : { ...check, hidden: null };
}
