/** Subscription filters (NIP-01): their shape and what they match. */
import type { NostrEvent } from './event.ts';

/** A filter of the shape NIP-01 allows. Tag filters are keyed `#x`. Times are Unix seconds. */
export interface Filter {
  readonly ids?: readonly string[];
  readonly authors?: readonly string[];
  readonly kinds?: readonly number[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly [tag: `#${string}`]: readonly string[] | undefined;
}

/** Whether an event passes a filter (`limit` plays no part). */
export function matchesFilter(filter: Filter, event: NostrEvent): boolean {
  if (filter.ids && !filter.ids.includes(event.id)) return false;
  if (filter.kinds && !filter.kinds.includes(event.kind)) return false;
  if (filter.authors && !filter.authors.includes(event.pubkey)) return false;
  if (filter.since !== undefined && event.created_at < filter.since) return false;
  if (filter.until !== undefined && event.created_at > filter.until) return false;
  for (const key in filter) {
    if (key.charCodeAt(0) !== 35) continue;
    const wanted = filter[key as `#${string}`];
    if (
      wanted &&
      !event.tags.some((tag) => tag[0] === key.slice(1) && tag[1] !== undefined && wanted.includes(tag[1]))
    ) {
      return false;
    }
  }
  return true;
}

/** Whether an event passes at least one filter. */
export function matchesAny(filters: readonly Filter[], event: NostrEvent): boolean {
  return filters.some((filter) => matchesFilter(filter, event));
}
