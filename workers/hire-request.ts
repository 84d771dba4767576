/** The request by which an agent of others is hired, in the words it understands. */
import type { HirePlace } from '../src/agent/hire/desk.ts';
import type { HireWish } from '../src/agent/tools/hire.ts';
import { type Config, embeddedRelayUrl } from '../src/config.ts';
import type { EventTemplate, KeyPair } from '../src/nostr/event.ts';
import { encryptNip44 } from '../src/nostr/nip44.ts';
import { NIP_VERSION } from '../src/protocol/dialect.ts';

/** @param keys what it will be signed with */
export function hireRequest(
  config: Config,
  keys: KeyPair,
  { task, most_msats }: HireWish,
  { agent, way }: HirePlace,
  now_ms: number,
): EventTemplate {
  const created_at = Math.floor(now_ms / 1_000);
  const open = [
    ['p', agent],
    ['relays', embeddedRelayUrl(config), ...config.relays],
  ];
  if (way?.dialect === 'nip90') {
    const inputs = way.tags.map((tag) => [...tag]);
    // NIP-90 has the most one will pay in the clear.
    const tags = [...open, ['bid', most_msats.toString()]];
    if (!way.sealed) return { kind: way.kind, created_at, tags: [...tags, ...inputs], content: '' };
    const content = encryptNip44(JSON.stringify(inputs), keys, agent);
    return { kind: way.kind, created_at, tags: [...tags, ['encrypted']], content };
  }
  const request = way?.request ?? { messages: [{ role: 'user', content: task }] };
  // A task may hold what the client has sealed for us, so it is never posted in the clear (PROTOCOL §5).
  const content = encryptNip44(JSON.stringify([['request', JSON.stringify(request)]]), keys, agent);
  const tags = [...open, ['nip_version', NIP_VERSION], ['encrypted']];
  return { kind: config.kinds.task, created_at, tags, content };
}
