/** Relay-to-client messages (NIP-01, NIP-42): cheap checks first, then JSON, then shape. */
import { RELAY_MAX_JSON_DEPTH, RELAY_MAX_MESSAGE_BYTES } from '../limits.ts';
import { isHex32 } from '../nostr/hex.ts';
import { isDeeperThan } from '../nostr/messages.ts';

/** What a relay may say. An event inside has no shape yet: whether it was asked for is looked at first. */
export type RelayMessage =
  | { readonly type: 'EVENT'; readonly subscription: string; readonly event: unknown }
  | { readonly type: 'OK'; readonly id: string; readonly accepted: boolean; readonly reason: string }
  | { readonly type: 'EOSE'; readonly subscription: string }
  | { readonly type: 'CLOSED'; readonly subscription: string; readonly reason: string }
  | { readonly type: 'NOTICE'; readonly text: string }
  | { readonly type: 'AUTH'; readonly challenge: string }
  /** A message of a NIP that is not spoken here (COUNT, NEG-MSG, …): no fault, and of no use. */
  | { readonly type: 'OTHER' };

/** Bytes a frame has on the wire; for anything but text, infinitely many: Nostr knows only text frames. */
export function frameBytes(data: unknown): number {
  if (typeof data !== 'string') return Number.POSITIVE_INFINITY;
  // UTF-8 needs at least one byte per UTF-16 unit and at most three, so most frames need no counting.
  if (data.length > RELAY_MAX_MESSAGE_BYTES || data.length * 3 <= RELAY_MAX_MESSAGE_BYTES) return data.length;
  return new TextEncoder().encode(data).length;
}

/** Parses a frame of permitted length, or says in a few words why it is none. */
export function parseRelayMessage(frame: string): RelayMessage | string {
  if (isDeeperThan(frame, RELAY_MAX_JSON_DEPTH)) return 'nested too deep';
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch (error) {
    if (error instanceof SyntaxError) return 'not JSON';
    throw error;
  }
  if (!Array.isArray(value)) return 'not a list';
  const [type, first, second, third]: unknown[] = value;
  switch (type) {
    case 'EVENT':
      return typeof first === 'string' && second !== undefined
        ? { type, subscription: first, event: second }
        : 'broken EVENT';
    case 'OK':
      return isHex32(first) && typeof second === 'boolean'
        ? { type, id: first, accepted: second, reason: typeof third === 'string' ? third : '' }
        : 'broken OK';
    case 'EOSE':
      return typeof first === 'string' ? { type, subscription: first } : 'broken EOSE';
    case 'CLOSED':
      return typeof first === 'string'
        ? { type, subscription: first, reason: typeof second === 'string' ? second : '' }
        : 'broken CLOSED';
    case 'NOTICE':
      return typeof first === 'string' ? { type, text: first } : 'broken NOTICE';
    case 'AUTH':
      return typeof first === 'string' ? { type, challenge: first } : 'broken AUTH';
    default:
      return typeof type === 'string' ? { type: 'OTHER' } : 'no message type';
  }
}
