/** Teams as files: what `agents/<slug>.ts` says of one, checked when it is loaded. */
import * as z from 'zod';
import { JobError } from '../errors.ts';
import { TEAM_MAX_TIME_MS } from '../limits.ts';
import { DefinitionError, identity, jobsPerHour, mistake, sats } from './define-shape.ts';
import { teamSchema } from './team/config.ts';
import type { TeamDefinition } from './team/definition.ts';
import { parseTeam } from './team/parse.ts';

const SECOND_MS = 1_000;
const MSATS_PER_SAT = 1_000;
const MOST_BUDGET_SATS = 10_000_000;

const shape = z.strictObject({
  ...identity,
  order: teamSchema.shape.order,
  roles: teamSchema.shape.roles,
  iterations: teamSchema.shape.iterations,
  stop: teamSchema.shape.stop,
  judge: teamSchema.shape.judge,
  check: teamSchema.shape.check,
  questions: teamSchema.shape.questions,
  reports: teamSchema.shape.reports,
  promptTokens: teamSchema.shape.promptTokens,
  limits: z
    .strictObject({
      tokens: z.int().min(1_000).max(1_000_000_000).default(2_000_000),
      time_s: z
        .int()
        .min(1)
        .max(TEAM_MAX_TIME_MS / SECOND_MS)
        .default(86_400),
    })
    .prefault({}),
  price: z.strictObject({ per1kInputTokens_sats: sats, per1kOutputTokens_sats: sats }).prefault({}),
  budget: z
    .strictObject({
      usual_sats: z.int().min(1).max(MOST_BUDGET_SATS).default(1_000),
      most_sats: z.int().min(1).max(MOST_BUDGET_SATS).default(100_000),
    })
    .refine(({ usual_sats, most_sats }) => usual_sats <= most_sats, {
      path: ['usual_sats'],
      error: 'must not be more than most_sats',
    })
    .prefault({}),
  jobsPerHour,
});

/**
 * A team in its author's words. Only slug, name, description, example and order have to be said; team/config.ts says
 * what each of the others means.
 */
export type TeamSpec = z.input<typeof shape>;

export interface DefinedTeam {
  readonly type: 'team';
  readonly spec: z.output<typeof shape>;
  readonly definition: TeamDefinition;
}

/**
 * A team: `export const desk = defineTeam({…})` in a file of `agents/`, and a line in `agents/index.ts`.
 *
 * @throws DefinitionError for what could only fail later: unknown roles, nobody who drafts, impossible limits
 */
export function defineTeam(input: TeamSpec): DefinedTeam {
  return readTeam(input, input.slug);
}

/** The same of what nobody has looked at yet. @param slug for the message. @throws DefinitionError */
export function readTeam(input: unknown, slug: string): DefinedTeam {
  const parsed = shape.safeParse(input);
  if (!parsed.success) throw mistake('team', slug, parsed.error);
  const spec = parsed.data;
  const { order, roles, iterations, stop, judge, check, questions, reports, promptTokens, limits } = spec;
  const team = {
    ...{ order, roles, iterations, stop, judge, check, questions, reports, promptTokens },
    budget: { tokens: limits.tokens, time_ms: limits.time_s * SECOND_MS },
  };
  try {
    parseTeam({ ...team, budget: { ...team.budget, msats: 0 } });
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    throw new DefinitionError(`the team ${JSON.stringify(spec.slug)}: ${error.message}`);
  }
  const isFree = spec.price.per1kInputTokens_sats + spec.price.per1kOutputTokens_sats === 0;
  const msatsOf = (sats: number) => (isFree ? 0 : sats * MSATS_PER_SAT);
  const budget = { usual_msats: msatsOf(spec.budget.usual_sats), most_msats: msatsOf(spec.budget.most_sats) };
  return { type: 'team', spec, definition: { team, budget } };
}
