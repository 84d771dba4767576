/** Who asks: HTTP authentication by a signed event (NIP-98). */
import type { Context } from 'hono';
import { JobError } from '../errors.ts';
import { HTTP_AUTH_WINDOW_S } from '../limits.ts';
import { parseEvent, tagValues, type VerifiedEvent, verifyEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import type { HttpPorts } from './ports.ts';

/**
 * The public key that signed this very request: this method, this URL with its query, within the last minute. A body
 * would have to be named by `payload`; the routes that authenticate take none.
 *
 * The URL is the one under which this deployment is known, never what a `Host` header claims, so that a token made
 * for another service cannot be replayed here. Within its minute a token may come again: what it allows is repeat-safe.
 *
 * @throws JobError UNAUTHORIZED, saying what is missing
 */
export function authenticate(ports: Pick<HttpPorts, 'publicUrl' | 'clock'>, c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  const event = readToken(c.req.header('Authorization'));
  const now_s = Math.floor(ports.clock() / 1000);
  if (event.kind !== KIND.httpAuth) throw unauthorized(`the event must be of kind ${KIND.httpAuth}`);
  if (Math.abs(event.created_at - now_s) > HTTP_AUTH_WINDOW_S) {
    throw unauthorized(`created_at must be within ${HTTP_AUTH_WINDOW_S} s of now`);
  }
  // Exactly one of each, or two readers of the same token could read two different meanings.
  if (!isOnly(tagValues(event, 'u'), `${ports.publicUrl}${pathname}${search}`)) {
    throw unauthorized('the u tag must be the URL of this request');
  }
  if (!isOnly(tagValues(event, 'method'), c.req.method)) {
    throw unauthorized('the method tag must be the method of this request');
  }
  return event.pubkey;
}

function isOnly(values: readonly string[], wanted: string): boolean {
  return values.length === 1 && values[0] === wanted;
}

function readToken(header: string | undefined): VerifiedEvent {
  const [, token] = /^Nostr +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '') ?? [];
  if (token === undefined)
    throw unauthorized('an Authorization header with the scheme Nostr is needed (NIP-98)');
  const parsed = parseEvent(parseJson(Buffer.from(token, 'base64').toString('utf8')));
  const event = typeof parsed === 'string' ? parsed : verifyEvent(parsed);
  if (typeof event === 'string') throw unauthorized(`the token is not a signed event (${event})`);
  return event;
}

/** The value of a JSON text, or undefined, which is no JSON value, when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unauthorized(message: string): JobError {
  return new JobError('UNAUTHORIZED', message);
}
