/** What both dialects read alike: addressing, expiry, relays. Never throws. */
import { JOB_MAX_RELAYS, JOB_MAX_SESSION_ID_CHARS } from '../limits.ts';
import type { Rumor, Tag } from '../nostr/event.ts';
import { parseRelayUrl } from '../nostr/relay-url.ts';
import type { DialectName, Envelope, Sealing } from './model.ts';

/** Longer relay URLs are passed over. */
const MAX_RELAY_URL_CHARS = 512;

/** How a request is sealed, as far as the event itself shows it. */
export function visibleSealing(event: Rumor): 'none' | 'nip44' | 'nip04' {
  for (const tag of event.tags) {
    // NIP-04 is the only one of the two whose text carries its initialisation vector like a query string.
    if (tag[0] === 'encrypted') return event.content.includes('?iv=') ? 'nip04' : 'nip44';
  }
  return 'none';
}

/**
 * Reads the envelope in one pass over the tags.
 *
 * @param sessions whether `t` names a conversation (in NIP-90 it is a topic)
 */
export function readEnvelope(
  event: Rumor,
  dialect: DialectName,
  sessions: boolean,
  sealing: Sealing = visibleSealing(event),
): Envelope {
  const agents: string[] = [];
  const relays: string[] = [];
  let session: string | null = null;
  let expiresAt_s: number | null = null;
  for (const tag of event.tags) {
    const value = tag[1];
    if (value === undefined) continue;
    switch (tag[0]) {
      case 'p':
        if (!agents.includes(value)) agents.push(value);
        break;
      case 't':
        if (sessions && session === null && value !== '' && value.length <= JOB_MAX_SESSION_ID_CHARS)
          session = value;
        break;
      case 'expiration':
        expiresAt_s ??= seconds(value);
        break;
      case 'relays':
        addRelays(relays, tag);
        break;
    }
  }
  return {
    dialect,
    id: event.id,
    kind: event.kind,
    client: event.pubkey,
    agents,
    session,
    createdAt_s: event.created_at,
    expiresAt_s,
    relays,
    sealing,
  };
}

/** The relays that all `relays` tags of a list name. */
export function readRelays(tags: readonly Tag[]): string[] {
  const relays: string[] = [];
  for (const tag of tags) if (tag[0] === 'relays') addRelays(relays, tag);
  return relays;
}

function addRelays(relays: string[], tag: Tag): void {
  for (const text of tag.slice(1, JOB_MAX_RELAYS + 1)) {
    if (relays.length >= JOB_MAX_RELAYS || text.length > MAX_RELAY_URL_CHARS) continue;
    const url = parseRelayUrl(text);
    if (url !== null && !relays.includes(url)) relays.push(url);
  }
}

/** NIP-40 writes Unix seconds as a decimal string; anything else is no expiry. */
function seconds(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
