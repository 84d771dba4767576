/** What this deployment is: its configuration, its agents, and the keys they sign with; made once per isolate. */
import { AGENTS } from '../agents/index.ts';
import { MODELS } from '../agents/models.ts';
import { type EmbeddedOptions, keyedAgents } from '../src/agent/embedded.ts';
import { ownModelNames } from '../src/agent/models/own.ts';
import type { TeamDefinition } from '../src/agent/team/definition.ts';
import { type Config, embeddedRelayUrl } from '../src/config.ts';
import type { KeyPair } from '../src/nostr/event.ts';
import { agentKeys, deriveKeys, marketplaceKeys } from '../src/nostr/keys.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { partiesOf } from '../src/protocol/route.ts';
import { configOf, type Env } from './env.ts';

export interface Marketplace {
  readonly config: Config;
  /** Best first. */
  readonly agents: readonly KeyedAgent[];
  agentBySlug(slug: string): KeyedAgent | undefined;
  agentByPubkey(pubkey: string): KeyedAgent | undefined;
  /** What an agent of the runtime `team` is made of. @throws Error for any other */
  teamOf(agent: KeyedAgent): TeamDefinition;
  /** @throws Error for an agent that is not ours: asking is a bug */
  keysOf(agent: KeyedAgent): KeyPair;
  /** What the marketplace itself signs with. */
  readonly ownKeys: KeyPair;
  /** What zap receipts are signed with; null where there is no wallet, so that nobody can be paid. */
  readonly receiptKeys: KeyPair | null;
  /** What requests to agents of others are signed with; null where there is no wallet to pay them from. */
  readonly hiringKeys: KeyPair | null;
  /** The URLs by which clients name the embedded relay. */
  readonly ownRelays: ReadonlySet<string>;
  /** Every request kind some agent takes. */
  readonly requestKinds: ReadonlySet<number>;
  /** Kinds of events under which a comment (NIP-22) may be a client's word to a team: its requests, what it is told. */
  readonly commentedKinds: ReadonlySet<number>;
}

const known = new WeakMap<Env, Marketplace>();

/** The marketplace of this environment. @throws ConfigError when the configuration is wrong */
export function marketplaceOf(env: Env): Marketplace {
  let marketplace = known.get(env);
  if (marketplace === undefined) {
    const models = ownModelNames(MODELS);
    marketplace = build(configOf(env), { workersAi: env.AI !== undefined, agents: AGENTS, models });
    known.set(env, marketplace);
  }
  return marketplace;
}

/** Whose step this is, by the name of its session. @throws Error when the agent was taken away since it was ordered */
export function agentOfStep(env: Env, session: string): KeyedAgent {
  const agent = marketplaceOf(env).agentByPubkey(partiesOf(session)?.agent ?? '');
  if (agent === undefined) throw new Error('this step is of an agent that is not here any more');
  return agent;
}

function build(config: Config, options: EmbeddedOptions): Marketplace {
  const agents = keyedAgents(config, options);
  const bySlug = new Map(agents.map((agent) => [agent.slug, agent]));
  const byPubkey = new Map(agents.map((agent) => [agent.pubkey, agent]));
  const keys = new Map(agents.map((agent) => [agent.pubkey, agentKeys(config.masterSecret, agent.slug)]));
  return {
    config,
    agents,
    agentBySlug: (slug) => bySlug.get(slug),
    agentByPubkey: (pubkey) => byPubkey.get(pubkey),
    teamOf(agent) {
      const team = AGENTS.find((one) => one.type === 'team' && one.spec.slug === agent.slug);
      if (team?.type !== 'team') throw new Error(`the agent ${agent.slug} is no team`);
      return team.definition;
    },
    keysOf(agent) {
      const pair = keys.get(agent.pubkey);
      if (pair === undefined) throw new Error(`no keys for the agent ${agent.slug}`);
      return pair;
    },
    ownKeys: marketplaceKeys(config.masterSecret),
    receiptKeys: operatorWallet(config) === null ? null : deriveKeys(config.masterSecret, 'zap-receipts'),
    hiringKeys: operatorWallet(config) === null ? null : deriveKeys(config.masterSecret, 'hiring'),
    ownRelays: new Set([embeddedRelayUrl(config)]),
    requestKinds: new Set([config.kinds.task, ...agents.flatMap((agent) => agent.jobKinds)]),
    commentedKinds: commentedKinds(agents, config),
  };
}

/** Kinds of requests to teams, and of what is told of them; none where there is no team. */
export function commentedKinds(agents: readonly KeyedAgent[], { kinds }: Config): ReadonlySet<number> {
  const teams = agents.filter(({ runtime }) => runtime === 'team');
  if (teams.length === 0) return new Set();
  return new Set([kinds.task, KIND.jobFeedback, ...teams.flatMap(({ jobKinds }) => jobKinds)]);
}
