/** What each agent tells the relays of itself: profile, relay lists, handler information, card. */
import { type Config, embeddedRelayUrl } from '../config.ts';
import { DM_ANNOUNCED_RELAYS } from '../limits.ts';
import { type EventTemplate, sha256Hex, type Tag } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import type { KeyedAgent } from './agent.ts';
import { cardUrl } from './card.ts';
import { isObject } from './json.ts';
import { nip05Address } from './nip05.ts';
import { type AgentPrices, isFree } from './prices.ts';

/** An announcement to be signed, and what says whether it is new. */
export interface Announcement {
  readonly template: EventTemplate;
  /** SHA-256 over kind, tags and content (never `created_at`), hex: publish only when it changed. */
  readonly fingerprint: string;
}

/** What is announced beside the agent's definition. */
export interface AnnouncedFacts {
  /** SHA-256 of the card as served, hex. */
  readonly cardHash: string;
  /** Lightning address of the agent; null where zaps are not served. */
  readonly lud16: string | null;
}

/** The announcements of an agent (kinds 0, 10002, 10050, 31990 and the card's). @param now_s Unix seconds */
export function announcements(
  agent: KeyedAgent,
  config: Config,
  facts: AnnouncedFacts,
  now_s: number,
): Announcement[] {
  return [
    profile(agent, config, facts),
    relayList(config),
    messageRelays(config),
    handlerInformation(agent, config),
    cardAnnouncement(agent, config, facts),
  ].map((one) => announcementOf(one, now_s));
}

/** An announcement of this content. @param now_s Unix seconds */
export function announcementOf({ kind, tags, content }: Content, now_s: number): Announcement {
  return {
    template: { kind, created_at: now_s, tags, content },
    fingerprint: sha256Hex(JSON.stringify([kind, tags, content])),
  };
}

/** Takes back what an agent has announced (NIP-09): each event, and whatever stands at its addresses. @param now_s Unix seconds */
export function announcementsDeletion(
  agent: KeyedAgent,
  { kinds }: Config,
  announced: readonly { readonly kind: number; readonly event: { readonly id: string } }[],
  now_s: number,
): EventTemplate {
  const addressable = [KIND.handlerInformation, kinds.card];
  const replaceable = [KIND.profile, KIND.relayList, KIND.directMessageRelays];
  const tags: Tag[] = [
    ...announced.map(({ event }) => ['e', event.id]),
    ...addressable.map((kind) => ['a', `${kind}:${agent.pubkey}:${agent.slug}`]),
    ...replaceable.map((kind) => ['a', `${kind}:${agent.pubkey}:`]),
    ...[...replaceable, ...addressable].map((kind) => ['k', String(kind)]),
  ];
  return { kind: KIND.deletion, created_at: now_s, tags, content: 'this agent is not listed any more' };
}

type Content = Omit<EventTemplate, 'created_at'>;

/** Kind 0 (NIP-01, NIP-05, NIP-24 `bot`). */
function profile(agent: KeyedAgent, config: Config, { lud16 }: AnnouncedFacts): Content {
  const content = JSON.stringify({
    name: agent.slug,
    display_name: agent.name,
    about: agent.description,
    website: `${config.publicUrl}/agents/${agent.slug}`,
    bot: true,
    ...(agent.picture === undefined ? {} : { picture: agent.picture }),
    nip05: nip05Address(agent, config.publicUrl),
    ...(lud16 === null ? {} : { lud16 }),
  });
  return { kind: KIND.profile, tags: [], content };
}

/** Kind 10002 (NIP-65). The embedded relay stands first: being called is cheaper than listening. */
function relayList(config: Config): Content {
  const relays = [...new Set([embeddedRelayUrl(config), ...config.relays])];
  return { kind: KIND.relayList, tags: relays.map((url) => ['r', url]), content: '' };
}

/** Kind 10050 (NIP-17): where gift wraps are looked for, be they messages or requests. The NIP wants a short list. */
function messageRelays(config: Config): Content {
  const relays = [...new Set([embeddedRelayUrl(config), ...config.relays])].slice(0, DM_ANNOUNCED_RELAYS);
  return { kind: KIND.directMessageRelays, tags: relays.map((url) => ['relay', url]), content: '' };
}

/** Kind 31990 (NIP-89). The members beside name and about are what NIP-90 clients read from such events. */
function handlerInformation(agent: KeyedAgent, config: Config): Content {
  const content = JSON.stringify({
    name: agent.name,
    about: agent.description,
    ...(agent.picture === undefined ? {} : { picture: agent.picture }),
    amount: amountHint(agent.prices),
    encryptionSupported: true,
    nip90Params: parameterHints(agent),
  });
  return { kind: KIND.handlerInformation, tags: [['d', agent.slug], ...kindTags(agent, config)], content };
}

/** The card's announcement (PROTOCOL §8). */
function cardAnnouncement(agent: KeyedAgent, config: Config, { cardHash }: AnnouncedFacts): Content {
  const tags: Tag[] = [
    ['d', agent.slug],
    ['name', agent.name],
    ['url', cardUrl(agent, config)],
    ['x', cardHash],
    ...agent.tasks.map(({ type }) => ['capability', type]),
    ...kindTags(agent, config),
    ...priceHints(agent.prices),
  ];
  return { kind: config.kinds.card, tags, content: agent.description };
}

/** What NIP-90 clients read as the price: msats of each job, `free`, or `flexible` where it depends on the job. */
function amountHint(prices: AgentPrices): number | 'free' | 'flexible' {
  if (isFree(prices)) return 'free';
  const { perJob_msats, ...others } = prices;
  return Object.values(others).every((price) => price === 0) ? perJob_msats : 'flexible';
}

/** One tag for each price there is, in sats; what it is for stands behind where it is not the job. */
function priceHints(prices: AgentPrices): Tag[] {
  const hints: readonly (readonly [number, string?])[] = [
    [prices.perJob_msats],
    [prices.per1kInputTokens_msats, '1k_input_tokens'],
    [prices.per1kOutputTokens_msats, '1k_output_tokens'],
    [prices.perMillionFuel_msats, '1m_fuel'],
  ];
  const tags = hints
    .filter(([msats]) => msats > 0)
    .map(
      ([msats, unit]): Tag => ['price', String(msats / 1000), 'sats', ...(unit === undefined ? [] : [unit])],
    );
  return tags.length === 0 ? [['price', '0', 'sats']] : tags;
}

function kindTags(agent: KeyedAgent, config: Config): Tag[] {
  return [config.kinds.task, ...agent.jobKinds].map((kind) => ['k', String(kind)]);
}

/** The names of the parameters with their fixed choices, in the spelling of NIP-90 clients. */
function parameterHints(agent: KeyedAgent) {
  const { properties, required } = agent.parametersSchema;
  if (!isObject(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      {
        required: Array.isArray(required) && required.includes(name),
        values: isObject(schema) && Array.isArray(schema.enum) ? schema.enum : [],
      },
    ]),
  );
}
