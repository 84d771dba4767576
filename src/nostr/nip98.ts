/** NIP-98: an HTTP request is authorised by a signed event that names its URL, its method and its body. */
import { createHash } from 'node:crypto';
import { HTTP_AUTH_WINDOW_S } from '../limits.ts';
import { parseEvent, type Refusal, tagValues, type VerifiedEvent, verifyEvent } from './event.ts';
import { KIND } from './kinds.ts';

/** What of an HTTP request the token has to agree with. */
export interface HttpRequestFacts {
  /** The `Authorization` header; undefined when there is none. */
  readonly authorization: string | undefined;
  /** Absolute URL as clients know it, with its query: from configuration, never from a `Host` header. */
  readonly url: string;
  readonly method: string;
  /** Empty for a request without one. */
  readonly body: Uint8Array;
}

/** Remembers tokens that were used. */
export interface ReplayMemory {
  /**
   * Notes a token's id until it can no longer be valid.
   *
   * @param until_s Unix seconds
   * @returns false when it was noted before
   */
  note(id: string, until_s: number): Promise<boolean>;
}

/**
 * Checks the token of a request; the signature last, because it is what costs. URL and method are compared as they
 * stand, and each must stand once, or two readers of one token could understand two different requests.
 * A request with a body must name its hash, so that a token cannot be moved to another body.
 *
 * @returns the verified event, whose author is who asks, or what is wrong
 */
export function verifyHttpAuth(request: HttpRequestFacts, now_s: number): VerifiedEvent | Refusal {
  const event = readToken(request.authorization);
  if (typeof event === 'string') return event;
  if (event.kind !== KIND.httpAuth) return `invalid: the event must be of kind ${KIND.httpAuth}`;
  // The absolute difference: a token from the future would otherwise stay valid until its time comes.
  if (Math.abs(event.created_at - now_s) > HTTP_AUTH_WINDOW_S) {
    return `invalid: created_at must be within ${HTTP_AUTH_WINDOW_S} s of now`;
  }
  if (!isOnly(tagValues(event, 'u'), request.url))
    return 'invalid: the u tag must be the URL of this request';
  if (!isOnly(tagValues(event, 'method'), request.method)) {
    return 'invalid: the method tag must be the method of this request';
  }
  const payload = tagValues(event, 'payload');
  if ((payload.length > 0 || request.body.length > 0) && !isOnly(payload, sha256(request.body))) {
    return 'invalid: the payload tag must be the SHA-256 of the request body';
  }
  return verifyEvent(event);
}

/** As {@link verifyHttpAuth}, and each token counts once: for requests that are not safe to repeat. */
export async function verifyHttpAuthOnce(
  request: HttpRequestFacts,
  now_s: number,
  memory: ReplayMemory,
): Promise<VerifiedEvent | Refusal> {
  const event = verifyHttpAuth(request, now_s);
  if (typeof event === 'string') return event;
  const fresh = await memory.note(event.id, event.created_at + HTTP_AUTH_WINDOW_S + 1);
  return fresh ? event : 'duplicate: this token was used before';
}

function readToken(header: string | undefined): ReturnType<typeof parseEvent> {
  const [, token] = /^Nostr +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '') ?? [];
  if (token === undefined)
    return 'auth-required: an Authorization header with the scheme Nostr is needed (NIP-98)';
  try {
    return parseEvent(JSON.parse(Buffer.from(token, 'base64').toString('utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) return 'invalid: the token is not JSON';
    throw error;
  }
}

function isOnly(values: readonly string[], wanted: string): boolean {
  return values.length === 1 && values[0] === wanted;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
