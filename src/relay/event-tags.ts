/** What single tags of an event mean to a relay. */
import { type NostrEvent, type Tag, tagValue, tagValues } from '../nostr/event.ts';
import { isAddressable, isReplaceable } from '../nostr/kinds.ts';
import { parseRelayUrl } from '../nostr/relay-url.ts';

/** NIP-40: Unix s at which an event expires; null when it never does, or says so in a way nobody can read. */
export function expirationOf(event: { readonly tags: readonly Tag[] }): number | null {
  const text = tagValue(event, 'expiration');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** NIP-70: whether only its author may publish an event. */
export function isProtected(tags: readonly Tag[]): boolean {
  return tags.some((tag) => tag[0] === '-');
}

/** NIP-62: whether a request to vanish names this relay, or all. */
export function namesRelay(event: NostrEvent, relayUrl: string): boolean {
  return tagValues(event, 'relay').some((url) => url === 'ALL_RELAYS' || parseRelayUrl(url) === relayUrl);
}

/**
 * What a newer version replaces (NIP-01): `kind:pubkey:d` for addressable events, with an empty `d` for replaceable
 * ones; null for events that are never replaced.
 */
export function addressOf(event: NostrEvent): string | null {
  if (isReplaceable(event.kind)) return `${event.kind}:${event.pubkey}:`;
  return isAddressable(event.kind) ? `${event.kind}:${event.pubkey}:${tagValue(event, 'd') ?? ''}` : null;
}
