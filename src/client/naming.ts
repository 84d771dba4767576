/** Whom a person means by a slug, an npub, a public key in hex or an internet identifier (NIP-05). */
import * as nip19 from 'nostr-tools/nip19';
import * as z from 'zod';
import { CLIENT_HTTP_TIMEOUT_MS } from '../limits.ts';
import { isHex32 } from '../nostr/hex.ts';
import { findAgents } from './agents.ts';
import { ClientError } from './failure.ts';
import type { ClientRelays } from './relays.ts';

/** Somebody, and where to reach them as far as that was said. */
export interface Named {
  readonly pubkey: string;
  readonly relays: readonly string[];
}

/**
 * @param relays gives those that are asked for announcements; called only when the name is a slug
 * @throws ClientError NOT_FOUND for nobody, USAGE for several or what is no name, RELAY, HTTP
 */
export async function findAgent(
  name: string,
  relays: () => Promise<ClientRelays>,
  fetcher: typeof fetch = fetch,
): Promise<Named> {
  const decoded = decodeKey(name);
  if (decoded !== null) return decoded;
  if (/^[^@\s]*@[^@\s]+$/.test(name)) return await byAddress(name, fetcher);
  const asked = await relays();
  const agents = await findAgents(asked, { slug: name.toLowerCase() });
  const keys = [...new Set(agents.map(({ pubkey }) => pubkey))];
  if (keys.length > 1) {
    const npubs = keys.map((key) => nip19.npubEncode(key)).join(', ');
    throw new ClientError('USAGE', `several agents are called ${name}: name one by its npub: ${npubs}`);
  }
  const [pubkey] = keys;
  if (pubkey === undefined)
    throw new ClientError(
      'NOT_FOUND',
      `no agent called ${name} is announced at ${asked.urls.join(', ')}: errand agents lists those that are`,
    );
  return { pubkey, relays: [] };
}

/** A public key in hex or of NIP-19; null for anything else. @throws ClientError USAGE for a broken or a secret one */
export function decodeKey(text: string): Named | null {
  const hex: unknown = text;
  if (isHex32(hex)) return { pubkey: hex, relays: [] };
  if (/^(nostr:)?nsec1/.test(text))
    throw new ClientError('USAGE', 'this is a secret key: nobody is named by that');
  if (!/^(nostr:)?(npub|nprofile)1/.test(text)) return null;
  const decoded = pointerIn(text);
  if (decoded?.type === 'npub') return { pubkey: decoded.data, relays: [] };
  if (decoded?.type === 'nprofile') return { pubkey: decoded.data.pubkey, relays: decoded.data.relays ?? [] };
  throw new ClientError('USAGE', `${text} is damaged: a letter is wrong or missing`);
}

/** An event's id in hex, note or nevent form; null for anything else. */
export function decodeEventId(
  text: string,
): { readonly id: string; readonly relays: readonly string[] } | null {
  const hex: unknown = text;
  if (isHex32(hex)) return { id: hex, relays: [] };
  const decoded = pointerIn(text);
  if (decoded?.type === 'note') return { id: decoded.data, relays: [] };
  if (decoded?.type === 'nevent') return { id: decoded.data.id, relays: decoded.data.relays ?? [] };
  return null;
}

function pointerIn(text: string): nip19.DecodedResult | null {
  try {
    return nip19.decode(text.replace(/^nostr:/, ''));
  } catch {
    // Whatever is wrong with it, it names nothing.
    return null;
  }
}

const namesDocument = z.object({
  names: z.record(z.string(), z.string()),
  relays: z.record(z.string(), z.array(z.string())).optional(),
});

async function byAddress(address: string, fetcher: typeof fetch): Promise<Named> {
  const [local = '', host = ''] = address.split('@');
  const name = (local === '' ? '_' : local).toLowerCase();
  // A development marketplace has no certificate.
  const scheme = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host) ? 'http' : 'https';
  const url = `${scheme}://${host}/.well-known/nostr.json?name=${encodeURIComponent(name)}`;
  if (!URL.canParse(url)) throw new ClientError('USAGE', `${address} is no internet identifier`);
  let document: unknown;
  try {
    // NIP-05 forbids to follow redirects.
    const signal = AbortSignal.timeout(CLIENT_HTTP_TIMEOUT_MS);
    document = await (await fetcher(url, { redirect: 'error', signal })).json();
  } catch (cause) {
    throw new ClientError('HTTP', `${host} does not say who ${address} is: ${String(cause)}`, { cause });
  }
  const read = namesDocument.safeParse(document);
  const pubkey = read.success ? read.data.names[name] : undefined;
  if (!isHex32(pubkey)) throw new ClientError('NOT_FOUND', `${host} knows nobody called ${local}`);
  return { pubkey, relays: read.data?.relays?.[pubkey] ?? [] };
}
