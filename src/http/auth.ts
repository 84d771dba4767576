/** Who asks: HTTP authentication by a signed event (NIP-98). */
import type { Context } from 'hono';
import { JobError } from '../errors.ts';
import { verifyHttpAuthOnce } from '../nostr/nip98.ts';
import { tokenMemory } from '../store/tokens.ts';
import type { HttpPorts } from './ports.ts';

/**
 * The public key that signed this very request: method, URL with its query, body, within the last minute, once. The
 * URL is the one under which this deployment is known, never what a `Host` header claims, so that a token made for
 * another service cannot be replayed here.
 *
 * @throws JobError UNAUTHORIZED, saying what is wrong
 */
export async function authenticate(
  ports: Pick<HttpPorts, 'publicUrl' | 'clock' | 'db'>,
  c: Context,
): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const facts = {
    authorization: c.req.header('Authorization'),
    url: `${ports.publicUrl}${pathname}${search}`,
    method: c.req.method,
    body: new Uint8Array(await c.req.arrayBuffer()),
  };
  const now_s = Math.floor(ports.clock() / 1000);
  const event = await verifyHttpAuthOnce(facts, now_s, tokenMemory(ports.db, now_s));
  if (typeof event === 'string') throw new JobError('UNAUTHORIZED', event);
  return event.pubkey;
}
