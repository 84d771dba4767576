/** Ways to relays from anywhere in this Worker: the embedded one by RPC, the others through the links. */
import { normalizeRelayUrl } from '../src/config.ts';
import { JOB_MAX_RELAYS } from '../src/limits.ts';
import { linkObjectName } from '../src/link/shard.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { KIND } from '../src/nostr/kinds.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { EMBEDDED, type PublishOutcome } from './rpc.ts';

/** How long a relay is asked for stored events, ms. */
const QUERY_TIMEOUT_MS = 3_000;

/** Publishes to one relay: `embedded`, or a URL. The outcomes of what got no answer are missing. */
export async function publishTo(
  env: Env,
  target: string,
  events: readonly NostrEvent[],
): Promise<PublishOutcome[]> {
  if (target === EMBEDDED) return await env.RELAY.getByName('main').publish(events);
  const { config } = marketplaceOf(env);
  return await env.LINKS.getByName(linkObjectName(config.relays, target)).publish(target, events);
}

/** Stored events of one relay: `embedded`, or a URL. */
export async function queryFrom(
  env: Env,
  source: string,
  filters: readonly Filter[],
  limit: number,
): Promise<NostrEvent[]> {
  if (source === EMBEDDED) return await env.RELAY.getByName('main').query(filters, limit);
  const { config } = marketplaceOf(env);
  const links = env.LINKS.getByName(linkObjectName(config.relays, source));
  return await links.query(source, filters, QUERY_TIMEOUT_MS);
}

/**
 * Where a client reads (NIP-65): by the relay list the embedded relay knows, else the one known where its request
 * came from. Without our own relay, which gets every answer anyway.
 */
export async function readRelaysOf(env: Env, client: string, via: string): Promise<string[]> {
  const filters: Filter[] = [{ kinds: [KIND.relayList], authors: [client], limit: 1 }];
  const [known] = await queryFrom(env, EMBEDDED, filters, 1);
  const [list] = known !== undefined || via === EMBEDDED ? [known] : await queryFrom(env, via, filters, 1);
  if (list === undefined) return [];
  const { ownRelays } = marketplaceOf(env);
  const urls = list.tags.filter((tag) => tag[0] === 'r' && tag[2] !== 'write').map((tag) => tag[1] ?? '');
  const valid = urls
    .filter((url) => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol))
    .map(normalizeRelayUrl);
  return [...new Set(valid)].filter((url) => !ownRelays.has(url)).slice(0, JOB_MAX_RELAYS);
}
