/** What the client of a team can set. */
import { TEAM_MAX_ITERATIONS, TEAM_MAX_STAGES, TEAM_MAX_TIME_MS } from '../../limits.ts';
import type { JsonSchema } from '../parameters.ts';
import { DETAILS } from './feedback/commands.ts';

const SECOND_MS = 1_000;
const MAX_FOCUS_CHARS = 500;
/** RFC 5321 §4.5.3.1.3, less the angle brackets. */
export const MAX_MAIL_CHARS = 254;

/** What a card says of one team beside what holds for all. */
export interface TeamDefaults {
  /** Sats; null for a team that costs nothing. */
  readonly budget: { readonly usual_sats: number; readonly most_sats: number } | null;
  readonly iterations: number;
  readonly time_s: number;
  /** Who works in it. */
  readonly roles: readonly string[];
}

/** What a request may carry beside its messages, as the card says it (JSON Schema 2020-12). */
export function teamParameters({ budget, iterations, time_s, roles }: TeamDefaults): JsonSchema {
  const { properties, ...rest } = COMMON;
  const budget_sats = {
    description:
      'What the run may cost in all, sats; paid before it starts. What it does not use is credit. In NIP-90 a bid says the same.',
    type: 'integer',
    minimum: 1,
    ...(budget === null ? {} : { maximum: budget.most_sats, default: budget.usual_sats }),
  };
  const { order } = properties;
  return {
    ...rest,
    properties: {
      budget_sats,
      ...properties,
      iterations: { ...properties.iterations, default: iterations },
      time_limit_s: { ...properties.time_limit_s, default: time_s },
      order: { ...order, description: `${order.description} In it: ${roles.join(', ')}.` },
    },
  };
}

const COMMON = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    iterations: {
      description: 'How often the team goes through its order at the most.',
      type: 'integer',
      minimum: 1,
      maximum: TEAM_MAX_ITERATIONS,
    },
    time_limit_s: {
      description: 'Wall clock at the most, seconds; time at rest does not count.',
      type: 'integer',
      minimum: 1,
      maximum: TEAM_MAX_TIME_MS / SECOND_MS,
    },
    order: {
      description: 'Who works, in which order: names of roles, or {"parallel": [names or lists of names]}.',
      type: 'array',
      minItems: 1,
      maxItems: TEAM_MAX_STAGES,
      items: { type: ['string', 'object'] },
    },
    roles: {
      description:
        'Roles of your own, or in place of one of the team: {name, makes, prompt, tools, helpers, limits}.',
      type: 'array',
      items: { type: 'object' },
    },
    cadence: {
      description:
        'When to report: "2 iterations", "6 hours", "daily", "never" (only when something happens).',
      type: 'string',
      maxLength: 100,
    },
    detail: { description: 'How much a report tells.', enum: DETAILS },
    focus: {
      description: 'What reports look at most: a role or words.',
      type: 'string',
      maxLength: MAX_FOCUS_CHARS,
    },
    quiet: {
      description: 'Hours without reports that can wait: "22:00-07:00 Europe/Berlin".',
      type: 'string',
      maxLength: 100,
    },
    mail: {
      description: 'Where reports are mailed to as well, once whoever reads there has agreed.',
      type: 'string',
      maxLength: MAX_MAIL_CHARS,
      format: 'email',
    },
  },
} as const satisfies JsonSchema;
