/** `errand agents`: who can be asked. */
import * as nip19 from 'nostr-tools/nip19';
import { type FoundAgent, findAgents } from '../../src/client/agents.ts';
import { type ClientCard, fetchCard } from '../../src/client/card.ts';
import { ClientError } from '../../src/client/failure.ts';
import { findAgent } from '../../src/client/naming.ts';
import { EXIT } from '../exit.ts';
import { OUTPUT_FLAGS, PLACE_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

export const agents: CommandSpec = {
  name: 'agents',
  summary: 'lists the agents that announce themselves on your relays',
  usage: '[NAME]',
  arguments: [0, 1],
  about: `Lists who announces itself on the relays (kinds 37001 and 31990), of whatever marketplace. With a NAME it shows that one, with its card, which is fetched and held against the hash that was signed.`,
  flags: {
    kind: { value: 'N', about: 'only those that take requests of this kind' },
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['errand agents', 'who is here'],
    ['errand agents --relay wss://relay.example --kind 5050', 'who elsewhere writes text'],
    ['errand agents discover', 'everything of one'],
  ],
  async run({ flags, args: [name], world }) {
    const kind = flags.whole('kind');
    if (name !== undefined) return await show(name, world);
    const found = await findAgents(await world.relays(), kind === undefined ? {} : { kind });
    for (const agent of found) world.screen.line({ type: 'agent', ...plain(agent) });
    if (found.length === 0) world.screen.note('nobody announces itself here');
    else
      world.screen.table([
        ['NAME', 'PRICE', 'KINDS', 'KEY', ''],
        ...found.map((agent) => [
          agent.slug,
          priceOf(agent),
          agent.kinds.join(' '),
          `${nip19.npubEncode(agent.pubkey).slice(0, 14)}…`,
          agent.name,
        ]),
      ]);
    return EXIT.done;
  },
};

async function show(name: string, world: World): Promise<number> {
  const { pubkey, relays: hints } = await findAgent(name, () => world.relays());
  const relays = await world.relays(hints);
  const found = await findAgents(relays, { pubkey });
  if (found.length === 0)
    throw new ClientError('NOT_FOUND', `${name} announces no agent at ${relays.urls.join(', ')}`);
  for (const agent of found) {
    const { card, problem } = await cardOf(agent);
    world.screen.line({ type: 'agent', ...plain(agent), card, problem });
    world.screen.result(describe(agent, card, problem));
  }
  return EXIT.done;
}

async function cardOf(agent: FoundAgent): Promise<{ card: ClientCard | null; problem: string | null }> {
  if (agent.card === null) return { card: null, problem: null };
  try {
    return { card: await fetchCard(agent), problem: null };
  } catch (error) {
    if (error instanceof ClientError) return { card: null, problem: error.message };
    throw error;
  }
}

function describe(agent: FoundAgent, card: ClientCard | null, problem: string | null): string {
  const reputation = card?.reputation;
  const rate =
    reputation?.success_rate == null ? '' : `, ${Math.round(reputation.success_rate * 100)} % delivered`;
  const rows: (readonly [string, string])[] = [
    ['name', `${agent.name} (${agent.slug})`],
    ['key', nip19.npubEncode(agent.pubkey)],
    ['does', agent.description],
    ['tasks', agent.capabilities.join(', ')],
    ['kinds', agent.kinds.join(', ')],
    ['price', priceOf(agent)],
    ['paid by', card?.pricing?.payment_methods_accepted?.join(', ') ?? ''],
    ['record', reputation?.jobs === undefined ? '' : `${reputation.jobs} jobs${rate}`],
    ['parameters', card?.llm_parameters_schema?.$ref ?? ''],
    ['card', agent.card === null ? 'none' : (problem ?? `${agent.card.url}, as it was signed`)],
  ];
  return `${rows
    .filter(([, value]) => value !== '')
    .map(([title, value]) => `${title.padEnd(11)}${value}`)
    .join('\n')}\n`;
}

function priceOf({ prices }: FoundAgent): string {
  if (prices.length === 0) return '?';
  if (prices.every(({ sats }) => sats === 0)) return 'free';
  return prices
    .map(({ sats, unit }) => `${sats}${unit === null ? ' sats' : `/${unit.replaceAll('_', ' ')}`}`)
    .join(' + ');
}

/** What a program is told; the signed events are on the relays. */
function plain({ events, ...agent }: FoundAgent) {
  return { ...agent, npub: nip19.npubEncode(agent.pubkey), announcements: events.map(({ id }) => id) };
}
