import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { signEvent, verifyEvent } from '../../src/nostr/event.ts';

test('libsecp256k1 signs and verifies inside workerd', () => {
  const event = signEvent({ kind: 1, created_at: 1, tags: [], content: '' }, new Uint8Array(32).fill(1));
  expect(verifyEvent(event)).toBe(event);
  expect(env).toBeDefined();
});
