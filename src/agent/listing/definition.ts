/** What a listing becomes in this deployment: an agent like those that are files. */
import type { Config } from '../../config.ts';
import { JobError } from '../../errors.ts';
import {
  AGENT_JOBS_PER_HOUR,
  AGENT_MAX_OUTPUT_BYTES,
  EXTERNAL_TIME_S,
  JOB_MAX_INPUT_BYTES,
  REMOTE_TIME_S,
} from '../../limits.ts';
import { JOB_KIND } from '../../nostr/kinds.ts';
import { operatorWallet } from '../../payment/operator-wallet.ts';
import type { AgentDefinition, ListedFacts } from '../../protocol/agent.ts';
import { type AgentPrices, isFree } from '../../protocol/prices.ts';
import { codeAgents } from '../code/agent.ts';
import { defineAgent } from '../define.ts';
import { DefinitionError } from '../define-shape.ts';
import { type DefinedTeam, readTeam } from '../define-team.ts';
import { definitionOf } from '../defined.ts';
import { teamAgent } from '../defined-team.ts';
import { CHAT_PARAMETERS, NO_PARAMETERS } from '../parameters.ts';
import { foundationOf } from '../tools/foundation.ts';
import { TOOL_NAMES } from '../tools/registry.ts';
import { type ListingSpec, schemaOf } from './spec.ts';

const MSATS_PER_SAT = 1_000;

/** What the deployment offers listings. */
export interface Offer {
  readonly config: Config;
  /** The deployment's models, the preferred one first; none where none can be asked. */
  readonly models: readonly string[];
}

/** A listing as an agent, and as a team where it is one. */
export interface ListedAgent {
  readonly agent: AgentDefinition;
  readonly team: DefinedTeam | null;
}

/**
 * The agent of a listing.
 *
 * @throws JobError BAD_REQUEST, saying which part is wrong, or SERVICE_UNAVAILABLE where this deployment lacks what it needs
 */
export function listedAgent(spec: ListingSpec, listed: ListedFacts, offer: Offer): ListedAgent {
  const prices = pricesOf(spec);
  if (!isFree(prices) && operatorWallet(offer.config) === null)
    throw new JobError('SERVICE_UNAVAILABLE', 'this marketplace has no wallet, so nothing may have a price');
  const { base, team } = baseOf(spec, offer);
  const agent: AgentDefinition = {
    ...base,
    slug: spec.slug,
    name: spec.name,
    jobKinds: spec.job_kinds ?? base.jobKinds,
    prices,
    paymentMethods: isFree(prices) ? [] : (spec.payment ?? ['bolt11_prepaid', 'zap', 'credit']),
    owners: spec.lud16 === undefined ? [] : [{ payee: spec.lud16, weight: 1 }],
    rateLimits: rateLimitsOf(spec, offer.config),
    ...(spec.parameters_schema === undefined ? {} : { parametersSchema: schemaOf(spec.parameters_schema) }),
    ...(spec.limits.input_bytes === undefined ? {} : { maxInputBytes: spec.limits.input_bytes }),
    exampleRequest: { messages: [{ role: 'user', content: spec.example }] },
    listed,
    ...(spec.picture === undefined ? {} : { picture: spec.picture }),
    ...(spec.terms_url === undefined ? {} : { termsUrl: spec.terms_url }),
    ...(spec.privacy_url === undefined ? {} : { privacyUrl: spec.privacy_url }),
  };
  return { agent, team };
}

type Base = Omit<AgentDefinition, 'rateLimits'>;

function baseOf(spec: ListingSpec, offer: Offer): { readonly base: Base; readonly team: DefinedTeam | null } {
  switch (spec.runtime) {
    case 'chat':
      return { base: chatBase(spec, offer), team: null };
    case 'team':
      return teamBase(spec, offer);
    case 'code':
      return { base: codeBase(spec, offer), team: null };
    case 'remote':
      return { base: remoteBase(spec, offer), team: null };
    case 'external':
      return { base: externalBase(spec, offer), team: null };
  }
}

function chatBase(spec: ListingSpec, { config, models }: Offer): Base {
  const [model] = models;
  if (model === undefined || spec.chat === undefined) throw withoutModel();
  const { chat, limits } = spec;
  onlyOurs(chat, 'chat', models);
  const named = inWords('chat', () =>
    defineAgent({
      ...identityOf(spec),
      prompt: chat.prompt,
      tools: chat.tools,
      ...(chat.model === undefined ? {} : { model: chat.model }),
      ...(chat.steps === undefined ? {} : { steps: chat.steps }),
      ...(chat.plan_every === undefined ? {} : { planEvery: chat.plan_every }),
      limits: {
        ...(limits.tokens === undefined ? {} : { tokens: limits.tokens }),
        ...(limits.output_tokens === undefined ? {} : { outputTokens: limits.output_tokens }),
        ...(limits.context_tokens === undefined ? {} : { contextTokens: limits.context_tokens }),
        ...(limits.time_s === undefined ? {} : { time_s: limits.time_s }),
      },
    }),
  );
  const base = definitionOf(named, config, model, foundationOf(config));
  if (base === null) throw new JobError('BAD_REQUEST', 'body chat.tools: this marketplace has none of them');
  return base;
}

function teamBase(spec: ListingSpec, { config, models }: Offer) {
  const [model] = models;
  if (model === undefined) throw withoutModel();
  const { limits, price } = spec;
  onlyOurs(spec.team, 'team', models);
  const given = {
    ...spec.team,
    ...identityOf(spec),
    price: {
      per1kInputTokens_sats: price.per_1k_input_tokens_sats,
      per1kOutputTokens_sats: price.per_1k_output_tokens_sats,
    },
    limits: {
      ...(limits.tokens === undefined ? {} : { tokens: limits.tokens }),
      ...(limits.time_s === undefined ? {} : { time_s: limits.time_s }),
    },
  };
  const team = inWords('team', () => readTeam(given, spec.slug));
  const base = teamAgent(team, config, model);
  if (base === null) throw new JobError('SERVICE_UNAVAILABLE', 'this marketplace has no wallet');
  return { base, team };
}

function codeBase(spec: ListingSpec, { config }: Offer): Base {
  const [code] = codeAgents({ ...config, fuelPrice_msats: msatsOf(spec.price.per_1m_fuel_sats) });
  if (code === undefined) throw new JobError('SERVICE_UNAVAILABLE', 'this marketplace runs no programs');
  return { ...code, description: spec.description };
}

function remoteBase(spec: ListingSpec, { config }: Offer): Base {
  const { remote, limits } = spec;
  if (remote === undefined) throw new Error('a remote listing without its endpoint');
  const contextTokens = limits.context_tokens ?? config.models.contextTokens;
  const isModel = remote.protocol === 'openai';
  return {
    ...plainBase(spec, config),
    runtime: 'remote',
    remote: isModel
      ? { protocol: 'openai', baseUrl: remote.base_url.replace(/\/+$/, ''), model: remote.model }
      : { protocol: 'webhook', url: remote.url },
    models: isModel ? [remote.model] : [],
    maxContextTokens: contextTokens,
    ...(isModel ? { contextStrategy: 'truncate' as const } : {}),
    maxOutputTokens: Math.min(limits.output_tokens ?? contextTokens, contextTokens),
    maxInputBytes: Math.min(JOB_MAX_INPUT_BYTES, contextTokens * 4),
    timeLimit_ms: (limits.time_s ?? REMOTE_TIME_S) * 1_000,
    parametersSchema: isModel ? CHAT_PARAMETERS : NO_PARAMETERS,
  };
}

function externalBase(spec: ListingSpec, { config }: Offer): Base {
  const { external, limits } = spec;
  if (external?.dialect === undefined) throw new Error('an external listing whose agent was not found');
  const nip90 = external.dialect === 'nip90';
  return {
    ...plainBase(spec, config),
    runtime: 'external',
    external: {
      pubkey: external.agent,
      relays: external.relays,
      dialect: external.dialect,
      kind: nip90 ? (external.kind ?? JOB_KIND.textGeneration) : config.kinds.task,
      most_msats: msatsOf(external.max_sats),
    },
    jobKinds: nip90 && external.kind !== undefined ? [external.kind] : [JOB_KIND.textGeneration],
    models: [],
    maxContextTokens: Math.floor(JOB_MAX_INPUT_BYTES / 4),
    maxOutputTokens: AGENT_MAX_OUTPUT_BYTES / 4,
    maxInputBytes: JOB_MAX_INPUT_BYTES,
    timeLimit_ms: (limits.time_s ?? EXTERNAL_TIME_S) * 1_000,
    parametersSchema: NO_PARAMETERS,
  };
}

/** What remote and external agents have in common. */
function plainBase(spec: ListingSpec, config: Config) {
  return {
    slug: spec.slug,
    name: spec.name,
    description: spec.description,
    jobKinds: [JOB_KIND.textGeneration],
    tasks: [{ type: spec.slug, description: spec.description }],
    inputFormats: ['text/plain'],
    outputFormats: ['text/plain', 'text/markdown', 'application/json'],
    authentication: config.agentAuth,
    prices: pricesOf(spec),
    paymentMethods: [],
    owners: [],
    exampleRequest: {},
  } satisfies Partial<Base>;
}

function identityOf({ slug, name, description, example }: ListingSpec) {
  return { slug, name, description, example };
}

function pricesOf({ price }: ListingSpec): AgentPrices {
  return {
    perJob_msats: msatsOf(price.per_job_sats),
    per1kInputTokens_msats: msatsOf(price.per_1k_input_tokens_sats),
    per1kOutputTokens_msats: msatsOf(price.per_1k_output_tokens_sats),
    perMillionFuel_msats: msatsOf(price.per_1m_fuel_sats),
  };
}

/** A listing's own limits, where the operator has not set one for all agents. */
function rateLimitsOf({ limits }: ListingSpec, { jobsPerHour }: Config): AgentDefinition['rateLimits'] {
  const own = limits.jobs_per_hour ?? AGENT_JOBS_PER_HOUR;
  return {
    anonymousPerHour: Math.min(own.anonymous, jobsPerHour ?? own.anonymous),
    authenticatedPerHour: Math.min(own.authenticated, jobsPerHour ?? own.authenticated),
  };
}

/**
 * What strangers list works with the tools every agent may have and the models this deployment offers: not with the
 * operator's own servers, nor on a model that only the operator's key pays for.
 *
 * @throws JobError BAD_REQUEST
 */
function onlyOurs(part: unknown, path: string, models: readonly string[]): void {
  if (typeof part !== 'object' || part === null) return;
  for (const [name, value] of Object.entries(part)) {
    const at = `${path}.${name}`;
    if (name === 'model' && typeof value === 'string' && !models.includes(value))
      throw new JobError('BAD_REQUEST', `body ${at}: must be one of ${models.join(', ')}`, { path: at });
    if (name === 'tools' && Array.isArray(value)) {
      const other = value.find((tool) => !TOOL_NAMES.includes(String(tool)));
      if (other !== undefined)
        throw new JobError('BAD_REQUEST', `body ${at}: must be some of ${TOOL_NAMES.join(', ')}`, {
          path: at,
        });
    }
    onlyOurs(value, at, models);
  }
}

function inWords<T>(part: string, define: () => T): T {
  try {
    return define();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    // It names the agent first, whom its owner knows.
    const [, ...said] = error.message.split(': ');
    throw new JobError('BAD_REQUEST', `body ${part}.${said.join(': ')}`);
  }
}

function withoutModel(): JobError {
  return new JobError('SERVICE_UNAVAILABLE', 'this marketplace has no model, so nothing on one is listed');
}

function msatsOf(sats: number): number {
  return Math.round(sats * MSATS_PER_SAT);
}
