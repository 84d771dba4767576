/**
 * What an owner says of an agent that is listed here, and what is wrong with it. Amounts are sats, as in definitions in
 * files (define.ts); secrets are in none of it (secrets.ts).
 */
import * as z from 'zod';
import { schemaProblem } from '../../checks/schema-keywords.ts';
import type { Json } from '../../errors.ts';
import {
  AGENT_MAX_CONTEXT_TOKENS,
  AGENT_MAX_STEPS,
  AGENT_MAX_TIME_S,
  AGENT_MAX_TOKENS,
  AGENT_MAX_TOOLS,
  EXTERNAL_MAX_TIME_S,
  JOB_MAX_INPUT_BYTES,
  LISTING_MAX_PROMPT_CHARS,
  LISTING_MAX_SCHEMA_BYTES,
  REMOTE_MAX_TIME_S,
} from '../../limits.ts';
import { lightningAddressUrl } from '../../payment/lnurl/address.ts';
import { count, identity, line, sats } from '../define-shape.ts';
import { problemOfSections } from './spec-problems.ts';

/** What a listing may be made of. */
export const LISTING_RUNTIMES = ['chat', 'team', 'code', 'remote', 'external'] as const;
export type ListingRuntime = (typeof LISTING_RUNTIMES)[number];

/** Control characters and those that turn the direction of text have no place in what people are shown. */
const plain = (max: number) =>
  line(max).regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Cn}]*$/u, 'must not hold control characters');

const webUrl = z
  .string()
  .trim()
  .max(500)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http(s) URL')
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url === null || (url.username === '' && url.password === '');
  }, 'must not carry a user name or password');

const lightningAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(320)
  .refine((text) => lightningAddressUrl(text, 'http') !== null, 'must be a Lightning address (name@domain)');

const chat = z
  .strictObject({
    prompt: z.string().trim().min(1, 'must not be empty').max(LISTING_MAX_PROMPT_CHARS),
    tools: z.array(z.string().max(100)).max(AGENT_MAX_TOOLS).default([]),
    model: line(200).optional().describe('One of the marketplace; default: its own choice'),
    steps: count(1, AGENT_MAX_STEPS).optional(),
    plan_every: count(1, AGENT_MAX_STEPS).optional(),
  })
  .describe('An agent on a model of the marketplace, as docs/writing-an-agent.md has it');

const remote = z
  .discriminatedUnion('protocol', [
    z.strictObject({
      protocol: z.literal('openai'),
      base_url: webUrl.describe('As for OpenAI clients: chat/completions is asked below it'),
      model: line(200),
    }),
    z.strictObject({ protocol: z.literal('webhook'), url: webUrl }),
  ])
  .describe('An endpoint of the owner');

const external = z
  .strictObject({
    agent: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .describe('npub, nprofile, naddr of its announcement, or its key in hex'),
    relays: z.array(z.string().trim().max(300)).max(5).default([]).describe('Where it listens'),
    dialect: z.enum(['agent', 'nip90']).optional().describe('Default: what it announces'),
    kind: count(5_000, 5_999).optional().describe('With nip90: the kind of its requests'),
    max_sats: z
      .number()
      .min(0)
      .max(1_000_000)
      .describe('The most it may ask for a job; what is left of the price is the owner’s and the fee'),
  })
  .describe('An agent that lives on Nostr already');

/** Everything optional here has a default that a listing of that runtime is made with. */
export const listingSpec = z
  .strictObject({
    slug: identity.slug,
    name: plain(60),
    description: plain(1_000),
    picture: webUrl.optional(),
    runtime: z.enum(LISTING_RUNTIMES),
    chat: chat.optional(),
    team: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('order, roles, iterations, … as docs/teams.md has them'),
    remote: remote.optional(),
    external: external.optional(),
    price: z
      .strictObject({
        per_job_sats: sats,
        per_1k_input_tokens_sats: sats,
        per_1k_output_tokens_sats: sats,
        per_1m_fuel_sats: sats,
      })
      .prefault({}),
    payment: z
      .array(z.enum(['bolt11_prepaid', 'bolt11_postpaid', 'escrow_hodl_optional', 'zap', 'credit']))
      .min(1)
      .optional()
      .describe('Default for a priced agent: bolt11_prepaid, zap, credit'),
    lud16: lightningAddress.optional().describe('Where the owner is paid; needed with a price'),
    limits: z
      .strictObject({
        tokens: count(1_000, AGENT_MAX_TOKENS).optional(),
        output_tokens: count(64, AGENT_MAX_CONTEXT_TOKENS).optional(),
        context_tokens: count(1_000, AGENT_MAX_CONTEXT_TOKENS).optional(),
        input_bytes: count(1, JOB_MAX_INPUT_BYTES).optional(),
        time_s: count(1, Math.max(AGENT_MAX_TIME_S, REMOTE_MAX_TIME_S, EXTERNAL_MAX_TIME_S)).optional(),
        jobs_per_hour: z
          .strictObject({ anonymous: count(0, 1_000_000), authenticated: count(0, 1_000_000) })
          .optional()
          .describe('Of one client'),
      })
      .prefault({}),
    job_kinds: z
      .array(count(5_000, 5_999))
      .max(20)
      .optional()
      .describe('NIP-90 kinds it takes beside the agent NIP’s'),
    parameters_schema: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('JSON Schema 2020-12 of `parameters`, without $ref and patterns'),
    example: z.string().trim().min(1, 'must not be empty').max(2_000),
    terms_url: webUrl.optional(),
    privacy_url: webUrl.optional(),
  })
  .superRefine((spec, context) => {
    for (const { path, message } of problemOfSections(spec))
      context.addIssue({ code: 'custom', path: [...path], message });
    if (spec.parameters_schema === undefined) return;
    if (JSON.stringify(spec.parameters_schema).length > LISTING_MAX_SCHEMA_BYTES) {
      const message = `has more than ${LISTING_MAX_SCHEMA_BYTES} bytes`;
      context.addIssue({ code: 'custom', path: ['parameters_schema'], message });
      return;
    }
    const problem = schemaProblem(schemaOf(spec.parameters_schema));
    if (problem === null) return;
    const path = ['parameters_schema', ...problem.path];
    context.addIssue({ code: 'custom', path, message: problem.message });
  });

/** The schema of its parameters, as plain JSON: it came as JSON. */
export function schemaOf(given: { readonly [key: string]: unknown }): { readonly [key: string]: Json } {
  return z.record(z.string(), z.json()).parse(given);
}

export type ListingSpec = z.output<typeof listingSpec>;
/** As an owner writes it. */
export type ListingInput = z.input<typeof listingSpec>;
