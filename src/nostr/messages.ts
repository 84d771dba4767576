/** Messages of the relay protocol (NIP-01, 42, 45): what a relay reads from clients and writes to them. */
import { type NostrEvent, parseEvent, type Refusal } from './event.ts';
import { type Filter, type FilterLimits, parseFilter } from './filter.ts';

/** A message of a client, checked for shape; its event has neither id nor signature checked. */
export type ClientMessage =
  | { readonly type: 'EVENT' | 'AUTH'; readonly event: NostrEvent }
  | { readonly type: 'REQ' | 'COUNT'; readonly id: string; readonly filters: readonly Filter[] }
  | { readonly type: 'CLOSE'; readonly id: string };

/** A message that cannot be served, with what the client is told: OK, CLOSED or NOTICE, whichever NIP-01 wants. */
export interface RefusedMessage {
  readonly type: 'refused';
  readonly answer: string;
}

/** What a message may hold at most. */
export interface MessageLimits extends FilterLimits {
  readonly depth: number;
  readonly filters: number;
  readonly subscriptionIdChars: number;
}

/**
 * Reads one text frame of a client. The caller has checked its length.
 * Order by cost: nesting depth, JSON, shape; nothing is hashed here.
 */
export function parseClientMessage(text: string, limits: MessageLimits): ClientMessage | RefusedMessage {
  if (isDeeperThan(text, limits.depth)) return refuse(`invalid: JSON nested deeper than ${limits.depth}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('invalid: not JSON');
  }
  if (!Array.isArray(value)) return refuse('invalid: a message is a JSON list');
  const items: unknown[] = value;
  switch (items[0]) {
    case 'EVENT':
    case 'AUTH':
      return eventIn(items[0], items[1]);
    case 'REQ':
    case 'COUNT':
      return filtersIn(items[0], items, limits);
    case 'CLOSE':
      return isSubscriptionId(items[1], limits)
        ? { type: 'CLOSE', id: items[1] }
        : refuse('invalid: CLOSE needs a subscription id');
    default:
      return refuse('invalid: unknown message type');
  }
}

function eventIn(type: 'EVENT' | 'AUTH', value: unknown): ClientMessage | RefusedMessage {
  const event = parseEvent(value);
  if (typeof event !== 'string') return { type, event };
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  // The id is what the client waits for; anything else in its place could not be answered to.
  return typeof id === 'string' && id.length <= 64
    ? { type: 'refused', answer: okMessage(id, false, event) }
    : refuse(event);
}

function filtersIn(
  type: 'REQ' | 'COUNT',
  items: readonly unknown[],
  limits: MessageLimits,
): ClientMessage | RefusedMessage {
  const id = items[1];
  if (!isSubscriptionId(id, limits))
    return refuse(`invalid: a subscription id is a text of 1 to ${limits.subscriptionIdChars} characters`);
  const closed = (reason: Refusal): RefusedMessage => ({
    type: 'refused',
    answer: closedMessage(id, reason),
  });
  if (items.length < 3) return closed(`invalid: ${type} needs a filter`);
  if (items.length - 2 > limits.filters) return closed(`invalid: more than ${limits.filters} filters`);
  const filters: Filter[] = [];
  for (const item of items.slice(2)) {
    const filter = parseFilter(item, limits);
    if (typeof filter === 'string') return closed(filter);
    filters.push(filter);
  }
  return { type, id, filters };
}

function isSubscriptionId(value: unknown, limits: MessageLimits): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= limits.subscriptionIdChars;
}

function refuse(reason: Refusal): RefusedMessage {
  return { type: 'refused', answer: noticeMessage(reason) };
}

/**
 * Whether brackets nest deeper than `max`, without parsing: one pass that jumps over strings, which are most of
 * a message. Unbalanced text is left for the parser to refuse.
 */
export function isDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      i = endOfString(text, i + 1);
      if (i < 0) return false;
    } else if (code === 91 || code === 123) {
      if (++depth > max) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

/** Index of the quote that ends the string whose first character is at `start`, or -1. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote >= 0) {
    let backslashes = 0;
    while (quote - 1 - backslashes >= start && text.charCodeAt(quote - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

/** An event's JSON, made once and used for storage and for every reader. */
export function eventJson(event: NostrEvent): string {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  return JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig });
}

/** `EVENT` to a subscriber. @param json the event as {@link eventJson} gives it */
export function eventMessage(subscriptionId: string, json: string): string {
  return `["EVENT",${JSON.stringify(subscriptionId)},${json}]`;
}

/** `OK`: whether an event was accepted. The reason may be empty only for accepted ones (NIP-01). */
export function okMessage(id: string, ok: boolean, reason: Refusal | ''): string {
  return JSON.stringify(['OK', id, ok, reason]);
}

/** `EOSE`: all stored events were sent. */
export function eoseMessage(subscriptionId: string): string {
  return JSON.stringify(['EOSE', subscriptionId]);
}

/** `CLOSED`: a subscription or count was refused or ended by the relay. */
export function closedMessage(subscriptionId: string, reason: Refusal): string {
  return JSON.stringify(['CLOSED', subscriptionId, reason]);
}

/** `NOTICE`: for what belongs to no event and no subscription. */
export function noticeMessage(text: string): string {
  return JSON.stringify(['NOTICE', text]);
}

/** `AUTH`: the challenge of this connection (NIP-42). */
export function authMessage(challenge: string): string {
  return JSON.stringify(['AUTH', challenge]);
}

/** `COUNT`: how many stored events match (NIP-45). */
export function countMessage(subscriptionId: string, count: number, approximate: boolean): string {
  return JSON.stringify(['COUNT', subscriptionId, approximate ? { count, approximate } : { count }]);
}
