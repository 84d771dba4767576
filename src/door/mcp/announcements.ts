/** What the MCP server tells the relays of itself, as ContextVM's clients read it (CEP-6): itself, its tools, its resources. */
import { type Config, embeddedRelayUrl } from '../../config.ts';
import type { EventTemplate, Tag } from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';
import type { McpNostr } from './nostr.ts';
import { CAPABILITY_TAGS } from './nostr-message.ts';

/** @param now_s Unix s */
export async function mcpAnnouncements(
  server: McpNostr,
  config: Config,
  now_s: number,
): Promise<EventTemplate[]> {
  const relays = [...new Set([embeddedRelayUrl(config), ...config.relays])];
  const hello = {
    protocolVersion: LAST_HANDSHAKE,
    capabilities: {},
    clientInfo: { name: 'errand', version: '1' },
  };
  const content = async (kind: number, result: Promise<unknown>, tags: Tag[] = []) => ({
    kind,
    tags,
    content: JSON.stringify(await result),
  });
  const contents = [
    await content(KIND.mcpServer, server.ask('initialize', hello), [
      ...server.serverTags(),
      ...CAPABILITY_TAGS,
    ]),
    await content(KIND.mcpTools, server.ask('tools/list', {})),
    await content(KIND.mcpResources, server.ask('resources/list', {})),
    // Where it listens: clients that know its key only look for this (NIP-65).
    { kind: KIND.relayList, tags: relays.map((url): Tag => ['r', url]), content: '' },
  ];
  return contents.map((one) => ({ ...one, created_at: now_s }));
}

/** The newest revision that begins with a handshake, which is what clients over Nostr speak. */
const LAST_HANDSHAKE = '2025-11-25';
