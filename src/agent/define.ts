/** Agents as files: what `agents/<slug>.ts` says, checked when it is loaded. What becomes of it is in defined.ts. */
import * as z from 'zod';
import { OWN_TOOL_WORDS } from '../config/tools.ts';
import {
  AGENT_ANSWER_TOKENS,
  AGENT_MAX_CONTEXT_TOKENS,
  AGENT_MAX_STEPS,
  AGENT_MAX_TIME_S,
  AGENT_MAX_TOKENS,
  AGENT_MAX_TOOLS,
  AGENT_STEPS,
  AGENT_TIME_S,
  AGENT_TOKENS,
} from '../limits.ts';
import { JOB_KIND } from '../nostr/kinds.ts';
import type { PaymentMethod } from '../protocol/agent.ts';
import { count, identity, jobsPerHour, line, mistake, sats } from './define-shape.ts';
import { TOOL_NAMES } from './tools/registry.ts';
import { TOOL_NAME } from './tools/tool.ts';

/** An agent in its author's words. Only the first five have to be said. */
export interface AgentSpec {
  /** Its name in URLs, for ever: its key hangs on it. Lower-case letters, digits, hyphens. */
  readonly slug: string;
  readonly name: string;
  /** What it does, for clients. Which tools it has is added by itself. */
  readonly description: string;
  /** What it is told to be and to do. Public in effect: a model can be talked into repeating it. */
  readonly prompt: string;
  /** A question it is good at, for its card and page. */
  readonly example: string;
  /** `web_search`, …, or `<server>_<tool>` of an MCP server. It has these and no others. */
  readonly tools?: readonly string[];
  /** The model it asks, as the deployment's endpoint names it. Default: the deployment's. */
  readonly model?: string;
  /** Answers of the model that one job may take. */
  readonly steps?: number;
  /** A new plan before every so many steps. Default: no plans. */
  readonly planEvery?: number;
  readonly limits?: {
    /** All questions and answers of one job together. */
    readonly tokens?: number;
    /** One answer of the model. */
    readonly outputTokens?: number;
    /** Question and answer together: what its model takes. Default: MODEL_CONTEXT_TOKENS of the deployment. */
    readonly contextTokens?: number;
    /** From start to result, seconds. */
    readonly time_s?: number;
  };
  /** In sats, down to thousandths. Default: free. */
  readonly price?: {
    readonly perJob_sats?: number;
    readonly per1kInputTokens_sats?: number;
    readonly per1kOutputTokens_sats?: number;
  };
  /** How it may be paid. Default for a priced agent: before the job. */
  readonly payment?: readonly PaymentMethod[];
  /**
   * Whether it sits in the arena (docs/arena.md), by its prompt and model and without its tools, and what it writes there may
   * be handed on to whoever trains models. Default: no.
   */
  readonly arena?: boolean;
  /** NIP-90 kinds it takes beside the agent NIP's. Default: text generation (5050). */
  readonly jobKinds?: readonly number[];
  /** Jobs an hour of one client that has authenticated or not. */
  readonly jobsPerHour?: { readonly anonymous?: number; readonly authenticated?: number };
}

const tool = z
  .string()
  .regex(TOOL_NAME, 'must be lower-case letters, digits and underscores')
  .refine((name) => TOOL_NAMES.includes(name) || isServerTool(name), {
    error: ({ input }) => `there is no tool ${String(input)}; there are ${TOOL_NAMES.join(', ')}`,
  });

/** Servers are the operator's, so whether one has the tool shows when it is asked; ours are known here. */
function isServerTool(name: string): boolean {
  const [server = '', ...rest] = name.split('_');
  return rest.join('') !== '' && !OWN_TOOL_WORDS.includes(server);
}

const METHODS = ['bolt11_prepaid', 'bolt11_postpaid', 'escrow_hodl_optional', 'zap', 'credit'] as const;

const shape = z
  .strictObject({
    ...identity,
    prompt: z.string().trim().min(1, 'must not be empty').max(20_000),
    tools: z.array(tool).max(AGENT_MAX_TOOLS).default([]),
    model: line(200).optional(),
    steps: count(1, AGENT_MAX_STEPS).default(AGENT_STEPS),
    planEvery: count(1, AGENT_MAX_STEPS).optional(),
    limits: z
      .strictObject({
        tokens: count(1_000, AGENT_MAX_TOKENS).default(AGENT_TOKENS),
        outputTokens: count(64, AGENT_MAX_CONTEXT_TOKENS).default(AGENT_ANSWER_TOKENS),
        contextTokens: count(1_000, AGENT_MAX_CONTEXT_TOKENS).optional(),
        time_s: count(1, AGENT_MAX_TIME_S).default(AGENT_TIME_S),
      })
      .refine(
        ({ outputTokens, contextTokens = Number.POSITIVE_INFINITY }) => outputTokens * 2 <= contextTokens,
        {
          path: ['outputTokens'],
          error: 'must leave half of contextTokens to the question',
        },
      )
      .prefault({}),
    price: z
      .strictObject({ perJob_sats: sats, per1kInputTokens_sats: sats, per1kOutputTokens_sats: sats })
      .prefault({}),
    payment: z.array(z.enum(METHODS)).min(1).optional(),
    arena: z.boolean().default(false),
    jobKinds: z.array(count(5_000, 5_999)).default([JOB_KIND.textGeneration]),
    jobsPerHour,
  })
  .superRefine(({ price, payment, tools }, context) => {
    const free = Object.values(price).every((amount) => amount === 0);
    if (free && payment !== undefined) {
      context.addIssue({ code: 'custom', path: ['payment'], message: 'is of no use without a price' });
    }
    if (new Set(tools).size < tools.length) {
      context.addIssue({ code: 'custom', path: ['tools'], message: 'names one tool twice' });
    }
  });

/** A definition that was checked, with everything its author left out. */
export interface DefinedAgent {
  readonly type: 'agent';
  readonly spec: z.output<typeof shape>;
}

/**
 * An agent: `export const scout = defineAgent({…})` in a file of `agents/`, and a line in `agents/index.ts`.
 *
 * @throws DefinitionError for what could only fail later
 */
export function defineAgent(spec: AgentSpec): DefinedAgent {
  const parsed = shape.safeParse(spec);
  if (parsed.success) return { type: 'agent', spec: parsed.data };
  throw mistake('agent', spec.slug, parsed.error);
}
