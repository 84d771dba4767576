/** How the inputs of a job are fetched: pages through the guarded door, events from our relay, then from the relays named. */
import type { EventPointer, InputPorts } from '../src/agent/inputs.ts';
import { normalizeRelayUrl } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import { assertPublicUrl, type GuardOptions } from '../src/net/guard.ts';
import { safeFetch } from '../src/net/safe-fetch.ts';
import type { NostrEvent } from '../src/nostr/event.ts';
import type { Filter } from '../src/nostr/filter.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { guardedFetch } from './outbound.ts';
import { queryFrom } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** @param signal aborts when the job is over */
export function inputPorts(env: Env, signal: AbortSignal): InputPorts {
  const { ownRelays } = marketplaceOf(env);
  const guarded = guardedFetch(env);
  return {
    fetchUrl: (url) => safeFetch(url, { ...guarded, signal }),

    async fetchEvent(pointer, relays) {
      const filters = [filterOf(pointer)];
      const [known] = await queryFrom(env, EMBEDDED, filters, 1);
      if (known !== undefined) return known;
      for (const hint of relays) {
        if (!isSafeRelay(hint, guarded)) continue;
        const url = normalizeRelayUrl(hint);
        if (ownRelays.has(url)) continue;
        const found = newest(await queryFrom(env, url, filters, 1));
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}

/** A relay a stranger names that is not safe to dial is passed over: another one may do. */
export function isSafeRelay(url: string, options: Omit<GuardOptions, 'schemes'>): boolean {
  try {
    assertPublicUrl(url, { ...options, schemes: ['wss'] });
    return true;
  } catch (error) {
    if (error instanceof JobError) return false;
    throw error;
  }
}

function filterOf(pointer: EventPointer): Filter {
  return pointer.type === 'id'
    ? { ids: [pointer.id], limit: 1 }
    : { kinds: [pointer.kind], authors: [pointer.pubkey], '#d': [pointer.identifier], limit: 1 };
}

/** Outside relays may send more than one version, in any order. */
function newest(events: readonly NostrEvent[]): NostrEvent | undefined {
  return [...events].sort((a, b) => b.created_at - a.created_at)[0];
}
