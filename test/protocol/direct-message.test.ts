/** Messages of agents, read by nostr-tools as a client's messenger reads them. */
import * as nip59 from 'nostr-tools/nip59';
import { describe, expect, test } from 'vitest';
import { RELAY_MAX_EVENT_BYTES, WRAPPED_MAX_BYTES } from '../../src/limits.ts';
import type { VerifiedEvent } from '../../src/nostr/event.ts';
import { directMessage, messageRelaysIn } from '../../src/protocol/direct-message.ts';
import { utf8Bytes } from '../../src/protocol/size.ts';
import { seededBytes } from '../support/seeded.ts';
import { agentKeys, clientPubkey, clientSecret, NOW_S } from './fixtures.ts';

const DAY_S = 86_400;

function read(event: VerifiedEvent) {
  return nip59.unwrapEvent(JSON.parse(JSON.stringify(event)), clientSecret);
}

function send(text: string, options: Parameters<typeof directMessage>[3] = {}, seed = 3): VerifiedEvent {
  return directMessage(agentKeys, clientPubkey, text, options, NOW_S, seededBytes(seed));
}

describe('directMessage()', () => {
  test('is a kind 14 by the agent to the client, with its true time inside', () => {
    const replyTo = 'ab'.repeat(32);
    const message = read(send('## Report 3', { subject: 'Your run', replyTo }));
    expect(message).toMatchObject({
      kind: 14,
      pubkey: agentKeys.publicKey,
      created_at: NOW_S,
      content: '## Report 3',
      tags: [
        ['p', clientPubkey],
        ['e', replyTo],
        ['subject', 'Your run'],
      ],
    });
    expect(read(send('hello')).tags).toEqual([['p', clientPubkey]]);
  });

  test('shows outside only for whom it is: not when, by whom or what', () => {
    const wraps = Array.from({ length: 20 }, (_, seed) => send('the secret', { subject: 'a secret' }, seed));
    for (const wrap of wraps) {
      expect(wrap).toMatchObject({ kind: 1059, tags: [['p', clientPubkey]] });
      expect(JSON.stringify(wrap)).not.toMatch(/secret/);
      expect(wrap.pubkey).not.toBe(agentKeys.publicKey);
      expect(wrap.created_at).toBeLessThanOrEqual(NOW_S);
      expect(wrap.created_at).toBeGreaterThan(NOW_S - 2 * DAY_S);
    }
    expect(new Set(wraps.map((wrap) => wrap.created_at)).size).toBeGreaterThan(15);
    expect(Math.min(...wraps.map((wrap) => wrap.created_at))).toBeLessThan(NOW_S - DAY_S);
    expect(new Set(wraps.map((wrap) => wrap.pubkey)).size).toBe(wraps.length);
  });

  test.each(['x'.repeat(100_000), '"\n'.repeat(40_000), '🙂'.repeat(30_000)])(
    'is cut where relays would not take it, and says so (%#)',
    (text) => {
      const wrap = send(text, { subject: 's' });
      expect(utf8Bytes(JSON.stringify(wrap))).toBeLessThanOrEqual(RELAY_MAX_EVENT_BYTES);
      const [kept = '', rest] = read(wrap).content.split('\n\n(The rest');
      expect(rest).toBeDefined();
      expect(text.startsWith(kept)).toBe(true);
      expect(utf8Bytes(JSON.stringify(kept))).toBeGreaterThan(WRAPPED_MAX_BYTES - 400);
    },
  );
});

test('messageRelaysIn() reads relay URLs in one spelling, each once, and passes over the rest', () => {
  const tags = [
    ['relay', 'wss://Inbox.Test/'],
    ['relay', 'wss://inbox.test'],
    ['r', 'wss://other.test'],
    ['relay', 'https://web.test'],
    ['relay'],
    ['relay', 'wss://second.test/path'],
  ];
  expect(messageRelaysIn({ tags })).toEqual(['wss://inbox.test', 'wss://second.test/path']);
});
