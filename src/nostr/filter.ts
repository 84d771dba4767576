/** Subscription filters (NIP-01): their shape and what they match. */
import { MAX_KIND, type NostrEvent, type Refusal } from './event.ts';
import { isHex32 } from './hex.ts';

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

/** What a filter may hold at most. */
export interface FilterLimits {
  /** Entries of one list. */
  readonly values: number;
  /** Characters of one tag value. */
  readonly valueChars: number;
}

/**
 * Gives an unknown JSON value the shape of a filter, or says what is wrong. Unknown members are refused and
 * not ignored: a filter with a member we do not know would match more than its author means.
 */
export function parseFilter(value: unknown, limits: FilterLimits): Filter | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'invalid: a filter is an object';
  const filter: { -readonly [Key in keyof Filter]: Filter[Key] } = {};
  for (const [key, member] of Object.entries(value)) {
    switch (key) {
      case 'ids':
      case 'authors':
        if (!isList(member, isHex32))
          return `invalid: ${key} must be a list of 64 lower-case hex characters each`;
        filter[key] = member;
        break;
      case 'kinds':
        if (!isList(member, isKind)) return `invalid: kinds must be a list of integers from 0 to ${MAX_KIND}`;
        filter.kinds = member;
        break;
      case 'since':
      case 'until':
      case 'limit':
        if (!isCount(member)) return `invalid: ${key} must be a non-negative integer`;
        filter[key] = member;
        break;
      default: {
        if (!isTagKey(key)) return 'invalid: the filter has a member this relay does not know';
        const short = (item: unknown): item is string =>
          typeof item === 'string' && item.length <= limits.valueChars;
        if (!isList(member, short))
          return `invalid: ${key} must be a list of strings of at most ${limits.valueChars} characters`;
        filter[key] = member;
      }
    }
    if (Array.isArray(member) && member.length > limits.values)
      return `invalid: ${key} has more than ${limits.values} entries`;
  }
  return filter;
}

/** Whether a filter's member asks for tags: `#` and one letter (NIP-01). */
export function isTagKey(key: string): key is `#${string}` {
  return key.length === 2 && key.charCodeAt(0) === 35 && isLetter(key.charCodeAt(1));
}

/** Whether relays index tags of that name: one letter of a–z or A–Z (NIP-01). */
export function isIndexedTag(name: string | undefined): name is string {
  return name !== undefined && name.length === 1 && isLetter(name.charCodeAt(0));
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

function isLetter(code: number): boolean {
  return (code > 96 && code < 123) || (code > 64 && code < 91);
}

function isList<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(isItem);
}

function isKind(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_KIND;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
