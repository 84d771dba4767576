/** Finding agents on relays, of whatever marketplace: card announcements (37001) and handler information (31990). */
import * as z from 'zod';
import { CLIENT_AGENTS_LIMIT } from '../limits.ts';
import { tagValue, tagValues, type VerifiedEvent } from '../nostr/event.ts';
import { type AgentKinds, DEFAULT_AGENT_KINDS, KIND } from '../nostr/kinds.ts';
import { parseJson } from '../protocol/json.ts';
import type { ClientRelays } from './relays.ts';

/** A price hint of an announcement. */
export interface PriceHint {
  readonly sats: number;
  /** What it is for, as announced; null for the job. */
  readonly unit: string | null;
}

/** An agent as it announces itself. Nothing in here was checked but who signed it. */
export interface FoundAgent {
  readonly pubkey: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Request kinds it takes. */
  readonly kinds: readonly number[];
  readonly prices: readonly PriceHint[];
  /** Where its card is, and the SHA-256 it has to have; null where it has none. */
  readonly card: { readonly url: string; readonly sha256: string } | null;
  readonly capabilities: readonly string[];
  /** Unix s of its newest announcement. */
  readonly announcedAt_s: number;
  readonly events: readonly VerifiedEvent[];
}

/** Which agents are looked for. */
export interface AgentSearch {
  /** Public key of the agent. */
  readonly pubkey?: string;
  /** A request kind it takes. */
  readonly kind?: number;
  /** The name within its marketplace (`d`). */
  readonly slug?: string;
}

/**
 * The agents that announce themselves on these relays, by name.
 *
 * @throws ClientError RELAY when no relay answers
 */
export async function findAgents(
  relays: ClientRelays,
  search: AgentSearch = {},
  kinds: AgentKinds = DEFAULT_AGENT_KINDS,
): Promise<FoundAgent[]> {
  const filter = {
    kinds: [kinds.card, KIND.handlerInformation],
    limit: CLIENT_AGENTS_LIMIT,
    ...(search.pubkey === undefined ? {} : { authors: [search.pubkey] }),
    ...(search.kind === undefined ? {} : { '#k': [String(search.kind)] }),
    ...(search.slug === undefined ? {} : { '#d': [search.slug] }),
  };
  return agentsIn(await relays.query([filter]), kinds);
}

/** The agents these announcements are of; of one address the newest counts. */
export function agentsIn(
  events: readonly VerifiedEvent[],
  kinds: AgentKinds = DEFAULT_AGENT_KINDS,
): FoundAgent[] {
  const newest = new Map<string, VerifiedEvent>();
  for (const event of events) {
    if (event.kind !== kinds.card && event.kind !== KIND.handlerInformation) continue;
    const address = `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}`;
    const known = newest.get(address);
    if (known === undefined || isNewer(event, known)) newest.set(address, event);
  }
  const agents = Map.groupBy(newest.values(), (event) => `${event.pubkey}:${tagValue(event, 'd') ?? ''}`);
  return [...agents.values()]
    .map((told) => agentOf(told, kinds))
    .sort((a, b) => compare(a.slug, b.slug) || compare(a.pubkey, b.pubkey));
}

function agentOf(events: readonly VerifiedEvent[], kinds: AgentKinds): FoundAgent {
  const card = events.find(({ kind }) => kind === kinds.card);
  const handler = events.find(({ kind }) => kind === KIND.handlerInformation);
  const about = handlerContent.safeParse(parseJson(handler?.content));
  const profile = about.success ? about.data : {};
  const any = card ?? handler;
  if (any === undefined) throw new Error('an agent is made of its announcements');
  const slug = tagValue(any, 'd') ?? '';
  const [url, sha256] = [card && tagValue(card, 'url'), card && tagValue(card, 'x')];
  return {
    pubkey: any.pubkey,
    slug,
    name: (card && tagValue(card, 'name')) ?? profile.name ?? slug,
    description: card?.content || (profile.about ?? ''),
    kinds: [...new Set(events.flatMap((event) => tagValues(event, 'k').map(Number)))].filter(
      Number.isInteger,
    ),
    prices: card === undefined ? [] : pricesOf(card),
    card: url === undefined || sha256 === undefined ? null : { url, sha256 },
    capabilities: card === undefined ? [] : tagValues(card, 'capability'),
    announcedAt_s: Math.max(...events.map(({ created_at }) => created_at)),
    events,
  };
}

const handlerContent = z.object({ name: z.string().optional(), about: z.string().optional() });

function pricesOf(card: VerifiedEvent): PriceHint[] {
  return card.tags.flatMap(([name, amount, currency, unit]) => {
    const sats = Number(amount);
    if (name !== 'price' || currency !== 'sats' || !Number.isFinite(sats)) return [];
    return [{ sats, unit: unit ?? null }];
  });
}

function isNewer(a: VerifiedEvent, b: VerifiedEvent): boolean {
  // NIP-01: of two of one second the smaller id is the current one.
  return a.created_at === b.created_at ? a.id < b.id : a.created_at > b.created_at;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
