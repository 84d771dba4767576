/** Who may read what: gift wraps go only to whom they are for (NIP-17, NIP-59), proved by NIP-42. */
import type { NostrEvent, Refusal } from '../nostr/event.ts';
import type { Filter } from '../nostr/filter.ts';
import { KIND } from '../nostr/kinds.ts';

/** Keys a reader has proved to hold; `all` is the marketplace itself. */
export type Reader = ReadonlySet<string> | 'all';

/** Whether only named readers may have events of that kind. */
export function isPrivateKind(kind: number): boolean {
  return kind === KIND.giftWrap || kind === KIND.ephemeralGiftWrap;
}

/** Whether this reader may have this event. */
export function mayRead(reader: Reader, event: NostrEvent): boolean {
  if (!isPrivateKind(event.kind) || reader === 'all') return true;
  if (reader.size === 0) return false;
  return (
    reader.has(event.pubkey) ||
    event.tags.some((tag) => tag[0] === 'p' && tag[1] !== undefined && reader.has(tag[1]))
  );
}

/**
 * The refusal for a reader who asks for private events by name without having proved any key (NIP-42), or null.
 * Filters that do not name kinds are served without them instead. So are those that name MCP messages beside: clients of
 * ContextVM ask for what comes in the clear and what comes wrapped by one filter, and know no NIP-42.
 */
export function refuseReading(reader: Reader, filters: readonly Filter[]): Refusal | null {
  if (reader === 'all' || reader.size > 0) return null;
  return filters.some(({ kinds = [] }) => kinds.some(isPrivateKind) && !kinds.includes(KIND.mcpMessage))
    ? 'auth-required: gift wraps are served only to whom they are for'
    : null;
}
