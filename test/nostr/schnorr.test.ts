import { finalizeEvent, getPublicKey, verifyEvent as nobleVerify } from 'nostr-tools/pure';
import { expect, test } from 'vitest';
import { signEvent, verifyEvent } from '../../src/nostr/event.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';

test('an event signed here is verified by nostr-tools, and the other way round', () => {
  const secret = new Uint8Array(32).fill(7);
  expect(publicKeyOf(secret)).toBe(getPublicKey(secret));
  const template = { kind: 1, created_at: 1_700_000_000, tags: [['t', 'x"\n']], content: 'héllo \u0001' };
  expect(nobleVerify(structuredClone(signEvent(template, secret)) as never)).toBe(true);
  expect(typeof verifyEvent(finalizeEvent(structuredClone(template) as never, secret))).toBe('object');
});
