/** Where a client's direct messages go (NIP-17). */
import { systemClock } from '../src/clock.ts';
import { DM_CLIENTS_REMEMBERED, DM_MAX_RELAYS, DM_RELAYS_KEEP_MS } from '../src/limits.ts';
import { Recent } from '../src/link/recent.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { messageRelaysIn } from '../src/protocol/direct-message.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { permittedRelay } from './permit.ts';
import { queryFrom, readRelaysOf } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

interface Remembered {
  readonly urls: readonly string[];
  readonly until_ms: number;
}

/** What outside relays said, by client. Best effort: an isolate that forgets it asks again. */
const remembered = new WeakMap<Env, Recent<Remembered>>();

/**
 * The relays a client wants its messages at (kind 10050): as the embedded relay knows them, else as the followed ones and
 * `via` do. A client without such a list has them where it reads (NIP-65), and at the embedded relay.
 *
 * @param via where its job came from: `embedded`, or a relay URL
 * @returns targets of an outbox, each of which may be dialled; at least one
 */
export async function dmRelaysOf(env: Env, client: string, via: string = EMBEDDED): Promise<string[]> {
  const filters: Filter[] = [{ kinds: [KIND.directMessageRelays], authors: [client], limit: 1 }];
  const [known] = await queryFrom(env, EMBEDDED, filters, 1);
  const urls = known === undefined ? await askOutside(env, client, via, filters) : messageRelaysIn(known);
  const named = targets(env, urls);
  if (named.length > 0) return named;
  return [...targets(env, await readRelaysOf(env, client, via)), EMBEDDED];
}

/** As {@link EMBEDDED} or by URL, without what must not be dialled. */
function targets(env: Env, urls: readonly string[]): string[] {
  const { config, ownRelays } = marketplaceOf(env);
  const permitted = urls.map((url) => (ownRelays.has(url) ? EMBEDDED : permittedRelay(config, url)));
  return [...new Set(permitted.filter((target) => target !== null))].slice(0, DM_MAX_RELAYS);
}

async function askOutside(
  env: Env,
  client: string,
  via: string,
  filters: readonly Filter[],
): Promise<readonly string[]> {
  let memory = remembered.get(env);
  if (memory === undefined) {
    memory = new Recent(DM_CLIENTS_REMEMBERED);
    remembered.set(env, memory);
  }
  const now_ms = systemClock();
  const before = memory.get(client);
  if (before !== undefined && before.until_ms > now_ms) return before.urls;
  const sources = [...new Set([...marketplaceOf(env).config.relays, via])].filter((url) => url !== EMBEDDED);
  const found: NostrEvent[] = [];
  let failed = false;
  for (const asked of await Promise.allSettled(sources.map((url) => queryFrom(env, url, filters, 1)))) {
    if (asked.status === 'fulfilled') found.push(...asked.value);
    else {
      // The others may know; what nobody said is not remembered.
      failed = true;
      console.warn('asking for the message relays of a client failed', String(asked.reason));
    }
  }
  const [newest] = found.sort((a, b) => b.created_at - a.created_at);
  const urls = newest === undefined ? [] : messageRelaysIn(newest);
  if (!failed) memory.set(client, { urls, until_ms: now_ms + DM_RELAYS_KEEP_MS });
  return urls;
}
