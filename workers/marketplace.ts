/** What this deployment is: its configuration, its agents, and the keys they sign with; as this isolate knows it by now. */
import { AGENTS } from '../agents/index.ts';
import { MODELS } from '../agents/models.ts';
import { keyedAgents } from '../src/agent/embedded.ts';
import { ownModelNames } from '../src/agent/models/own.ts';
import { modelNames } from '../src/agent/models/provider.ts';
import type { TeamDefinition } from '../src/agent/team/definition.ts';
import { type Config, embeddedRelayUrl } from '../src/config.ts';
import type { KeyPair } from '../src/nostr/event.ts';
import { agentKeys, deriveKeys, listingKeys, marketplaceKeys } from '../src/nostr/keys.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { partiesOf } from '../src/protocol/route.ts';
import type { ListingRow } from '../src/store/listings.ts';
import { configOf, type Env } from './env.ts';
import { type ListedHere, listedHere } from './listed.ts';
import { freshListings, haveListings, knownListings, learnListing } from './listings.ts';

export interface Marketplace {
  readonly config: Config;
  /** Those that are shown, best first; also those that take no jobs for now. */
  readonly agents: readonly KeyedAgent[];
  /** With those that were taken down or deleted: they still sign for what is under way, and answer that they are gone. */
  readonly known: readonly KeyedAgent[];
  /** One that is shown. */
  agentBySlug(slug: string): KeyedAgent | undefined;
  /** One that is known. */
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

/** What does not change while an isolate lives. */
interface Ground
  extends Pick<Marketplace, 'config' | 'ownKeys' | 'receiptKeys' | 'hiringKeys' | 'ownRelays'> {
  readonly agents: readonly KeyedAgent[];
  /** The deployment's models, the preferred one first; none where none can be asked. */
  readonly models: readonly string[];
  /** Derived when they are first used, about 0.2 ms each. */
  readonly keys: Map<string, KeyPair>;
}

interface Built {
  readonly rows: ReadonlyMap<string, ListingRow>;
  readonly marketplace: Marketplace;
}

const grounds = new WeakMap<Env, Ground>();
const known = new WeakMap<Env, Built>();

/**
 * The marketplace of this environment, with the listed agents this isolate knows. Whoever keeps it keeps it as it was:
 * ask again for each event.
 *
 * @throws ConfigError when the configuration is wrong
 */
export function marketplaceOf(env: Env): Marketplace {
  const rows = knownListings(env);
  const built = known.get(env);
  if (built !== undefined && built.rows === rows) return built.marketplace;
  const marketplace = build(groundOf(env), rows);
  known.set(env, { rows, marketplace });
  return marketplace;
}

/** The same after what has changed was read, where this isolate has read nothing yet. */
export async function openMarketplace(env: Env): Promise<Marketplace> {
  if (!haveListings(env)) await freshListings(env);
  return marketplaceOf(env);
}

/** The agent of that key, also where it was listed a moment ago in another isolate; undefined where there is none. */
export async function findAgent(env: Env, pubkey: string): Promise<KeyedAgent | undefined> {
  const agent = marketplaceOf(env).agentByPubkey(pubkey);
  if (agent !== undefined) return agent;
  await learnListing(env, pubkey);
  return marketplaceOf(env).agentByPubkey(pubkey);
}

/** Whose step this is, by the name of its session. @throws Error when the agent was taken away since it was ordered */
export async function agentOfStep(env: Env, session: string): Promise<KeyedAgent> {
  const agent = await findAgent(env, partiesOf(session)?.agent ?? '');
  if (agent === undefined) throw new Error('this step is of an agent that is not here any more');
  return agent;
}

/** The deployment's own agents and its model, which listings are made with. */
export function ownAgents(env: Env): Pick<Ground, 'agents' | 'models'> {
  return groundOf(env);
}

function groundOf(env: Env): Ground {
  let ground = grounds.get(env);
  if (ground === undefined) {
    ground = groundIn(env);
    grounds.set(env, ground);
  }
  return ground;
}

function groundIn(env: Env): Ground {
  const config = configOf(env);
  const models = ownModelNames(MODELS);
  const workersAi = env.AI !== undefined;
  const agents = keyedAgents(config, { workersAi, agents: AGENTS, models });
  const hasWallet = operatorWallet(config) !== null;
  return {
    config,
    agents,
    models: modelNames(config, workersAi, models),
    keys: new Map(),
    ownKeys: marketplaceKeys(config.masterSecret),
    receiptKeys: hasWallet ? deriveKeys(config.masterSecret, 'zap-receipts') : null,
    hiringKeys: hasWallet ? deriveKeys(config.masterSecret, 'hiring') : null,
    ownRelays: new Set([embeddedRelayUrl(config)]),
  };
}

function build(ground: Ground, rows: ReadonlyMap<string, ListingRow>): Marketplace {
  const { config } = ground;
  const ours = new Set(ground.agents.map(({ slug }) => slug));
  const listed: ListedHere[] = [...rows.values()].flatMap((row) => {
    const here = ours.has(row.slug) ? null : listedHere(row, { config, models: ground.models });
    return here === null ? [] : [here];
  });
  const shown = listed.filter(({ agent }) => isShown(agent)).map(({ agent }) => agent);
  const agents = [...ground.agents, ...shown];
  const all = [...ground.agents, ...listed.map(({ agent }) => agent)];
  const bySlug = new Map(agents.map((agent) => [agent.slug, agent]));
  const byPubkey = new Map(all.map((agent) => [agent.pubkey, agent]));
  const teams = new Map(
    listed.flatMap(({ agent, team }) => (team === null ? [] : [[agent.pubkey, team] as const])),
  );
  const { ownKeys, receiptKeys, hiringKeys, ownRelays } = ground;
  return {
    ...{ config, agents, known: all, ownKeys, receiptKeys, hiringKeys, ownRelays },
    agentBySlug: (slug) => bySlug.get(slug),
    agentByPubkey: (pubkey) => byPubkey.get(pubkey),
    teamOf(agent) {
      const team = teams.get(agent.pubkey) ?? ownTeam(agent);
      if (team === undefined) throw new Error(`the agent ${agent.slug} is no team`);
      return team;
    },
    keysOf(agent) {
      const mine = byPubkey.get(agent.pubkey);
      if (mine === undefined) throw new Error(`no keys for the agent ${agent.slug}`);
      return keysIn(ground, mine);
    },
    requestKinds: new Set([config.kinds.task, ...agents.flatMap((agent) => agent.jobKinds)]),
    commentedKinds: commentedKinds(agents, config),
  };
}

function isShown({ listed }: KeyedAgent): boolean {
  const state = listed?.closed?.state;
  return state !== 'taken_down' && state !== 'deleted';
}

function ownTeam({ slug }: KeyedAgent): TeamDefinition | undefined {
  const team = AGENTS.find((one) => one.type === 'team' && one.spec.slug === slug);
  return team?.type === 'team' ? team.definition : undefined;
}

function keysIn({ keys, config }: Ground, { pubkey, slug, listed }: KeyedAgent): KeyPair {
  let pair = keys.get(pubkey);
  if (pair === undefined) {
    const { masterSecret } = config;
    pair = listed === undefined ? agentKeys(masterSecret, slug) : listingKeys(masterSecret, listed.id);
    keys.set(pubkey, pair);
  }
  return pair;
}

/** Kinds of requests to teams, and of what is told of them; none where there is no team. */
export function commentedKinds(agents: readonly KeyedAgent[], { kinds }: Config): ReadonlySet<number> {
  const teams = agents.filter(({ runtime }) => runtime === 'team');
  if (teams.length === 0) return new Set();
  return new Set([kinds.task, KIND.jobFeedback, ...teams.flatMap(({ jobKinds }) => jobKinds)]);
}
