/** The agents of a deployment: those every one brings along, and those of its `agents/` folder. */
import type { Config } from '../config.ts';
import { AGENT_MAX_OUTPUT_BYTES, JOB_MAX_INPUT_BYTES } from '../limits.ts';
import { agentKeys } from '../nostr/keys.ts';
import { JOB_KIND } from '../nostr/kinds.ts';
import { operatorWallet } from '../payment/operator-wallet.ts';
import { FREE } from '../protocol/prices.ts';
import { codeAgents } from './code/agent.ts';
import type { DefinedAgent } from './define.ts';
import type { DefinedTeam } from './define-team.ts';
import { definitionOf } from './defined.ts';
import { teamAgent } from './defined-team.ts';
import type { AgentDefinition, KeyedAgent } from './definition.ts';
import { modelNames } from './models/provider.ts';
import { CHAT_PARAMETERS, DISCOVER_PARAMETERS } from './parameters.ts';
import { foundationOf } from './tools/foundation.ts';

/** What the deployment offers beside its configuration. */
export interface EmbeddedOptions {
  /** Whether the Workers AI binding is there; it serves `chat` where no MODEL_BASE_URL is set. */
  readonly workersAi?: boolean;
  /** Agents as files (agents/index.ts). Their slugs are not those of the agents made here. */
  readonly agents?: readonly Defined[];
  /** Names of the operator's own models (agents/models.ts). */
  readonly models?: readonly string[];
}

/** Free work needs a brake in public. Locally the only client is the developer, and benchmarks post by the thousand. */
const LOCAL_JOBS_PER_HOUR = 1_000_000;
const DISCOVER_JOBS_PER_HOUR = { anonymous: 600, authenticated: 3_000 };
const CODE_JOBS_PER_HOUR = { anonymous: 120, authenticated: 1_200 };
/** Every chat job costs the operator model time. */
const CHAT_JOBS_PER_HOUR = { anonymous: 30, authenticated: 300 };

/** A search uses its first words only, so a long input is a mistake worth naming, bytes. */
const DISCOVER_MAX_INPUT_BYTES = 16_384;
const DISCOVER_TIME_LIMIT_MS = 10_000;
/** Small models answer a full context within this on ordinary hardware, ms. */
const CHAT_TIME_LIMIT_MS = 180_000;

/**
 * The agents of this deployment, best first: `discover` and `code` always, those on a model only where one can be asked,
 * because an agent that cannot work must not be announced.
 *
 * @throws Error where two agents have one slug: they would have one key
 */
export function embeddedAgents(config: Config, options: EmbeddedOptions = {}): AgentDefinition[] {
  const agents = [discoverAgent(config)];
  // Something to pay for; with development money unless the developer names a wallet.
  const priced = config.local && operatorWallet(config) !== null;
  if (priced) agents.push(...pricedVariants(config));
  const ofCode = rateLimits(config, CODE_JOBS_PER_HOUR);
  agents.push(...codeAgents(config).map((agent) => ({ ...agent, rateLimits: ofCode })));
  // The others are the operator's way out, not the client's choice.
  const [model] = modelNames(config, options.workersAi === true, options.models ?? []);
  if (model !== undefined) {
    agents.push(chatAgent(config, model), ...definedAgents(config, model, options.agents ?? []));
    if (priced) agents.push(chatForEscrow(config, model));
  }
  const slugs = agents.map(({ slug }) => slug);
  const twice = slugs.find((slug, place) => slugs.indexOf(slug) < place);
  if (twice !== undefined) throw new Error(`two agents are called ${twice}`);
  return agents;
}

/** What a file of `agents/` defines. */
type Defined = DefinedAgent | DefinedTeam;

function definedAgents(config: Config, model: string, defined: readonly Defined[]): AgentDefinition[] {
  const foundation = foundationOf(config);
  return defined.flatMap((agent) => {
    const definition =
      agent.type === 'team'
        ? teamAgent(agent, config, model)
        : definitionOf(agent, config, model, foundation);
    return definition === null
      ? []
      : [{ ...definition, rateLimits: rateLimits(config, agent.spec.jobsPerHour) }];
  });
}

/** The same agents with the public keys they sign with. Derives a key per agent (about 0.2 ms), so keep the list. */
export function keyedAgents(config: Config, options?: EmbeddedOptions): KeyedAgent[] {
  return embeddedAgents(config, options).map((agent) => ({
    ...agent,
    pubkey: agentKeys(config.masterSecret, agent.slug).publicKey,
  }));
}

/** What a job of the priced variants costs, msats. */
const DEVELOPMENT_PRICE_MSATS = 21_000;

/** One variant of `discover` for each way to pay, so that all of them can be tried at once. */
function pricedVariants(config: Config): AgentDefinition[] {
  const free = discoverAgent(config);
  const variant = (
    slug: string,
    name: string,
    terms: string,
    paymentMethods: AgentDefinition['paymentMethods'],
    prices: AgentDefinition['prices'] = { ...FREE, perJob_msats: DEVELOPMENT_PRICE_MSATS },
  ): AgentDefinition => ({
    ...free,
    slug,
    name: `${free.name} (${name})`,
    description: `${free.description} ${terms}`,
    prices,
    paymentMethods,
    owners: config.owners.get(slug) ?? [],
  });
  return [
    variant('discover-prepaid', 'prepaid', 'Costs 21 sats, paid before the job starts.', [
      'bolt11_prepaid',
      'zap',
      'credit',
    ]),
    variant('discover-postpaid', 'postpaid', 'Costs 21 sats, paid after the result.', [
      'bolt11_postpaid',
      'zap',
      'credit',
    ]),
    variant(
      'discover-escrow',
      'escrow',
      'Costs 21 sats, which are locked before the job starts and taken when it is done.',
      ['escrow_hodl_optional', 'zap', 'credit'],
    ),
    variant(
      'discover-metered',
      'metered',
      'Costs 1 sat for 1,000 tokens of input and 2 for 1,000 of output; what a job does not use is credit.',
      ['bolt11_prepaid', 'zap', 'credit'],
      { ...FREE, per1kInputTokens_msats: 1_000, per1kOutputTokens_msats: 2_000 },
    ),
  ];
}

/** `chat` for a price that is locked first, so that verified jobs can be tried: no proof, no pay. */
function chatForEscrow(config: Config, model: string): AgentDefinition {
  const free = chatAgent(config, model);
  return {
    ...free,
    slug: 'chat-escrow',
    name: `${free.name} (escrow)`,
    description: `${free.description} Costs 21 sats, which are locked before the job starts and taken when it is done and has passed its check.`,
    prices: { ...FREE, perJob_msats: DEVELOPMENT_PRICE_MSATS },
    paymentMethods: ['escrow_hodl_optional', 'zap', 'credit'],
    owners: config.owners.get('chat-escrow') ?? [],
  };
}

function discoverAgent(config: Config): AgentDefinition {
  return {
    slug: 'discover',
    name: 'Discover',
    description:
      'Finds notes, articles and people on Nostr in everything this relay and its links have seen, ranked by zaps, reactions, reposts and age. Needs no model and answers in milliseconds.',
    runtime: 'discover',
    jobKinds: [JOB_KIND.contentDiscovery, JOB_KIND.noteSearch, JOB_KIND.peopleSearch],
    tasks: [
      {
        type: 'content-discovery',
        description: 'Popular notes and articles, for a topic or for the people you follow (kind 5300)',
      },
      { type: 'note-search', description: 'Notes and articles that contain the given words (kind 5302)' },
      { type: 'people-search', description: 'Profiles by name, address or description (kind 5303)' },
    ],
    models: [],
    inputFormats: ['text/plain'],
    outputFormats: ['application/json'],
    maxContextTokens: Math.floor(DISCOVER_MAX_INPUT_BYTES / 4),
    maxOutputTokens: AGENT_MAX_OUTPUT_BYTES / 4,
    maxInputBytes: DISCOVER_MAX_INPUT_BYTES,
    timeLimit_ms: DISCOVER_TIME_LIMIT_MS,
    parametersSchema: DISCOVER_PARAMETERS,
    authentication: config.agentAuth,
    rateLimits: rateLimits(config, DISCOVER_JOBS_PER_HOUR),
    prices: FREE,
    paymentMethods: [],
    owners: config.owners.get('discover') ?? [],
    exampleRequest: {
      messages: [{ role: 'user', content: 'nostr zaps' }],
      parameters: { task: 'note-search', max_results: 10 },
    },
  };
}

function chatAgent(config: Config, model: string): AgentDefinition {
  return {
    slug: 'chat',
    name: 'Chat',
    description:
      'A language model that answers, summarises, translates and writes. Streams its answer, and remembers the conversation of requests that share a session id.',
    runtime: 'chat',
    arena: true,
    jobKinds: [JOB_KIND.textGeneration],
    tasks: [
      {
        type: 'text-generation',
        description: 'An answer to a conversation, a text or a fetched page (kind 5050)',
      },
    ],
    models: [model],
    inputFormats: ['text/plain'],
    outputFormats: ['text/plain', 'text/markdown', 'application/json'],
    maxContextTokens: config.models.contextTokens,
    contextStrategy: config.chatContext,
    maxOutputTokens: config.models.contextTokens,
    maxInputBytes: JOB_MAX_INPUT_BYTES,
    timeLimit_ms: CHAT_TIME_LIMIT_MS,
    parametersSchema: CHAT_PARAMETERS,
    authentication: config.agentAuth,
    rateLimits: rateLimits(config, CHAT_JOBS_PER_HOUR),
    prices: FREE,
    paymentMethods: [],
    owners: config.owners.get('chat') ?? [],
    exampleRequest: {
      messages: [{ role: 'user', content: 'Explain zaps on Nostr in two sentences.' }],
      parameters: { temperature: 0.7, max_tokens: 200 },
    },
  };
}

function rateLimits(
  config: Config,
  limits: { readonly anonymous: number; readonly authenticated: number },
): AgentDefinition['rateLimits'] {
  const { jobsPerHour } = config;
  if (jobsPerHour !== null) return { anonymousPerHour: jobsPerHour, authenticatedPerHour: jobsPerHour };
  return config.local
    ? { anonymousPerHour: LOCAL_JOBS_PER_HOUR, authenticatedPerHour: LOCAL_JOBS_PER_HOUR }
    : { anonymousPerHour: limits.anonymous, authenticatedPerHour: limits.authenticated };
}
