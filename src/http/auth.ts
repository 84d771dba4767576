/** Who asks: HTTP authentication by a signed event (NIP-98). */
import type { Context } from 'hono';
import { JobError } from '../errors.ts';
import { verifyHttpAuth } from '../nostr/nip98.ts';
import type { HttpPorts } from './ports.ts';

/**
 * The public key that signed this very request: method, URL with its query, body, within the last minute. The URL is
 * the one under which this deployment is known, never what a `Host` header claims, so that a token made for another
 * service cannot be replayed here. A token may come again within its minute: only for requests that are safe to repeat.
 *
 * @throws JobError UNAUTHORIZED, saying what is wrong
 */
export async function authenticate(
  ports: Pick<HttpPorts, 'publicUrl' | 'clock'>,
  c: Context,
): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const facts = {
    authorization: c.req.header('Authorization'),
    url: `${ports.publicUrl}${pathname}${search}`,
    method: c.req.method,
    body: new Uint8Array(await c.req.arrayBuffer()),
  };
  const event = verifyHttpAuth(facts, Math.floor(ports.clock() / 1000));
  if (typeof event === 'string') throw new JobError('UNAUTHORIZED', event);
  return event.pubkey;
}
