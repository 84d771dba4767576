/** NIP-42: a client proves to a relay that it holds a key, by signing the relay's challenge. */
import {
  type EventTemplate,
  type NostrEvent,
  type Refusal,
  tagValue,
  type VerifiedEvent,
  verifyEvent,
} from './event.ts';
import { KIND } from './kinds.ts';

/** How far `created_at` of an AUTH event may lie from our clock, s (the NIP suggests ten minutes). */
export const AUTH_WINDOW_S = 600;

/**
 * Checks an AUTH event against the challenge of its connection. The signature is checked last, because it is the
 * only check that costs anything.
 *
 * @param relayUrl any URL under which this relay is reached; only host and port are compared, since proxies change
 *   scheme and path (NIP-42 asks for no more)
 * @param now_s Unix seconds
 */
export function checkAuth(
  event: NostrEvent,
  challenge: string,
  relayUrl: string,
  now_s: number,
): VerifiedEvent | Refusal {
  if (event.kind !== KIND.relayAuth) return `invalid: an AUTH event has kind ${KIND.relayAuth}`;
  if (challenge === '' || tagValue(event, 'challenge') !== challenge) {
    return 'invalid: the challenge is not the one of this connection';
  }
  if (Math.abs(event.created_at - now_s) > AUTH_WINDOW_S) {
    return `invalid: created_at is more than ${AUTH_WINDOW_S} s from now`;
  }
  const host = hostOf(relayUrl);
  if (host === null || hostOf(tagValue(event, 'relay') ?? '') !== host) {
    return 'invalid: the relay tag names another relay';
  }
  return verifyEvent(event);
}

/** The AUTH event that answers a relay's challenge, to be signed. */
export function authTemplate(challenge: string, relayUrl: string, now_s: number): EventTemplate {
  return {
    kind: KIND.relayAuth,
    created_at: now_s,
    tags: [
      ['relay', relayUrl],
      ['challenge', challenge],
    ],
    content: '',
  };
}

/** Host and port in one spelling. `ws:` and `wss:` drop their default ports like `http:` and `https:` do. */
function hostOf(url: string): string | null {
  if (!/^wss?:\/\//i.test(url) || !URL.canParse(url)) return null;
  return new URL(url).host;
}
