/** NIP-98 tokens of made-up people. */
import type { EventTemplate } from '../../src/nostr/event.ts';
import { signedBy } from './events.ts';

/** An `Authorization` header by which somebody signs a request at a time (Unix ms). */
export function httpToken(
  name: string,
  url: string,
  method: string,
  at_ms: number,
  over: Partial<EventTemplate> = {},
): string {
  const event = signedBy(name, {
    kind: 27_235,
    created_at: Math.floor(at_ms / 1000),
    tags: [
      ['u', url],
      ['method', method],
    ],
    ...over,
  });
  return `Nostr ${Buffer.from(JSON.stringify(event)).toString('base64')}`;
}
