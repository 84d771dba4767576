/** Finds an agent that lives on Nostr, by its name: how it is asked, and where (37001, 31990, NIP-65). */
import { nip19 } from 'nostr-tools';
import type { FoundAgent } from '../src/agent/listing/ports.ts';
import { normalizeRelayUrl } from '../src/config.ts';
import { EXTERNAL_FIND_MS, HIRE_MAX_RELAYS } from '../src/limits.ts';
import { type NostrEvent, tagValues } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { isJobRequestKind, KIND } from '../src/nostr/kinds.ts';
import { conversationKey } from '../src/nostr/nip44.ts';
import { CurveError } from '../src/nostr/schnorr.ts';
import type { Env } from './env.ts';
import { isSafeRelay } from './input-ports.ts';
import { marketplaceOf } from './marketplace.ts';
import { guardedFetch } from './outbound.ts';
import { queryFrom, readRelaysOf } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

interface Named {
  readonly pubkey: string;
  readonly relays: readonly string[];
  /** Of one announcement, where it names one. */
  readonly identifier: string | null;
}

/** Null for a text that names nobody. */
export async function findExternal(
  env: Env,
  name: string,
  relays: readonly string[],
): Promise<FoundAgent | null> {
  const named = namedBy(name);
  if (named === null || !isPoint(env, named.pubkey)) return null;
  const { config, ownRelays } = marketplaceOf(env);
  const guarded = guardedFetch(env);
  const hints = [...relays, ...named.relays]
    .filter((url) => isSafeRelay(url, guarded))
    .map(normalizeRelayUrl);
  const read = await readRelaysOf(env, named.pubkey, EMBEDDED);
  const others = [...new Set([...hints, ...read])]
    .filter((url) => !ownRelays.has(url))
    .slice(0, HIRE_MAX_RELAYS);
  const filter = { kinds: [config.kinds.card, KIND.handlerInformation], authors: [named.pubkey], limit: 20 };
  const asked = [EMBEDDED, ...new Set([...others, ...config.relays])];
  const found = (await Promise.all(asked.map((source) => quietQuery(env, source, filter)))).flat();
  const fitting = found.filter(
    (event) => named.identifier === null || tagValues(event, 'd').includes(named.identifier),
  );
  const kinds = [...new Set(fitting.flatMap((event) => tagValues(event, 'k').map(Number)))];
  const speaksTask =
    fitting.some(({ kind }) => kind === config.kinds.card) || kinds.includes(config.kinds.task);
  const classic = kinds.filter(isJobRequestKind);
  return {
    pubkey: named.pubkey,
    relays: others,
    dialect: speaksTask ? 'agent' : classic.length > 0 ? 'nip90' : null,
    kinds: classic,
  };
}

function namedBy(text: string): Named | null {
  const name = text.trim().replace(/^nostr:/, '');
  if (isHex32(name.toLowerCase())) return { pubkey: name.toLowerCase(), relays: [], identifier: null };
  if (!/^(npub|nprofile|naddr)1[02-9ac-hj-np-z]{6,2000}$/.test(name)) return null;
  try {
    const entity = nip19.decode(name);
    if (entity.type === 'npub') return { pubkey: entity.data, relays: [], identifier: null };
    if (entity.type === 'nprofile')
      return { pubkey: entity.data.pubkey, relays: entity.data.relays ?? [], identifier: null };
    if (entity.type !== 'naddr') return null;
    return {
      pubkey: entity.data.pubkey,
      relays: entity.data.relays ?? [],
      identifier: entity.data.identifier,
    };
  } catch (error) {
    // A name that is cut off or mistyped; the library throws an Error for it.
    console.warn('the name of an agent cannot be read', error instanceof Error ? error.message : '');
    return null;
  }
}

/** Not every 32 bytes are a point of the curve, and nothing can be sealed for one that is none. */
function isPoint(env: Env, pubkey: string): boolean {
  try {
    conversationKey(marketplaceOf(env).ownKeys, pubkey);
    return true;
  } catch (error) {
    if (error instanceof CurveError) return false;
    throw error;
  }
}

/** A relay that is away may not keep an owner from listing. */
async function quietQuery(
  env: Env,
  source: string,
  filter: Parameters<typeof queryFrom>[2][number],
): Promise<NostrEvent[]> {
  const late = new Promise<NostrEvent[]>((resolve) => setTimeout(() => resolve([]), EXTERNAL_FIND_MS));
  try {
    return await Promise.race([queryFrom(env, source, [filter], 20), late]);
  } catch (error) {
    console.warn('a relay was not to be asked for an agent', source, error);
    return [];
  }
}
