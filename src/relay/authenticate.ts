/** NIP-42: a connection proves the keys it speaks for. */
import { RELAY_MAX_AUTHED_PUBKEYS } from '../limits.ts';
import { type NostrEvent, type Refusal, tagValue } from '../nostr/event.ts';
import { checkAuth } from '../nostr/nip42.ts';
import type { Connection } from './connection.ts';

/** Takes an AUTH event. @param now_ms Unix ms @returns the refusal, or null when the key is proved */
export function authenticate(
  connection: Connection,
  event: NostrEvent,
  relay: { readonly url: string; readonly local: boolean },
  now_ms: number,
): Refusal | null {
  const { authenticated } = connection;
  if (authenticated.size >= RELAY_MAX_AUTHED_PUBKEYS && !authenticated.has(event.pubkey))
    return `restricted: a connection may prove ${RELAY_MAX_AUTHED_PUBKEYS} keys`;
  const url = relay.local ? localNameOf(relay.url, tagValue(event, 'relay') ?? '') : relay.url;
  const checked = checkAuth(event, connection.challenge, url, Math.floor(now_ms / 1_000));
  if (typeof checked === 'string') return checked;
  authenticated.add(checked.pubkey);
  connection.save();
  return null;
}

/** On one machine `localhost`, `127.0.0.1` and `[::1]` with our port are our names too. */
function localNameOf(ours: string, named: string): string {
  if (!URL.canParse(named)) return ours;
  const other = new URL(named);
  const loopback = ['localhost', '127.0.0.1', '[::1]'];
  const us = new URL(ours);
  return loopback.includes(us.hostname) && loopback.includes(other.hostname) && us.port === other.port
    ? named
    : ours;
}
