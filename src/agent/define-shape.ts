/** What files of agents and of teams have in common, and how a mistake in one is told. */
import * as z from 'zod';
import { AGENT_JOBS_PER_HOUR } from '../limits.ts';

/** A mistake in a definition. The message names agent and field. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

export const count = (least: number, most: number) => z.number().int().min(least).max(most);

export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max)
    .regex(/^[^\n\r]*$/, 'must be one line');

/** An amount in sats, down to thousandths. */
export const sats = z
  .number()
  .min(0)
  .max(1_000_000)
  .refine((value) => Number.isInteger(Math.round(value * 1e6) / 1e3), 'must have at most three decimals')
  .default(0);

/** Who it is. */
export const identity = {
  slug: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and hyphens')
    .max(63),
  name: line(60),
  description: line(1_000),
  example: z.string().trim().min(1, 'must not be empty').max(2_000),
};

export const jobsPerHour = z
  .strictObject({
    anonymous: count(0, 1_000_000).default(AGENT_JOBS_PER_HOUR.anonymous),
    authenticated: count(0, 1_000_000).default(AGENT_JOBS_PER_HOUR.authenticated),
  })
  .prefault({});

/** @param kind `agent` or `team` */
export function mistake(kind: string, slug: string, error: z.ZodError): DefinitionError {
  const issue = error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown].map(String).join('.');
  const what =
    unknown.length > 0 ? `is no field of ${kind === 'agent' ? 'an agent' : 'a team'}` : issue?.message;
  return new DefinitionError(`the ${kind} ${JSON.stringify(slug)}: ${field}: ${what}`);
}
