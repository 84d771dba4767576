/** NIP-42 and NIP-98: made by nostr-tools, checked by us, one thing wrong at a time. */
import { makeAuthEvent } from 'nostr-tools/nip42';
import { getToken } from 'nostr-tools/nip98';
import { finalizeEvent, getPublicKey } from 'nostr-tools/pure';
import { describe, expect, test } from 'vitest';
import { type NostrEvent, parseEvent, sha256Hex, signEvent } from '../../src/nostr/event.ts';
import { AUTH_WINDOW_S, authTemplate, checkAuth } from '../../src/nostr/nip42.ts';
import {
  type HttpRequestFacts,
  type ReplayMemory,
  verifyHttpAuth,
  verifyHttpAuthOnce,
} from '../../src/nostr/nip98.ts';

const secret = new Uint8Array(32).fill(5);
const pubkey = getPublicKey(secret);
const NOW_S = 1_800_000_000;

function event(kind: number, tags: string[][], created_at = NOW_S): NostrEvent {
  const parsed = parseEvent(
    JSON.parse(JSON.stringify(finalizeEvent({ kind, tags, content: '', created_at }, secret))),
  );
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

describe('checkAuth', () => {
  const tags = [
    ['relay', 'wss://errand.test/'],
    ['challenge', 'c1'],
  ];
  const check = (given: NostrEvent) => checkAuth(given, 'c1', 'wss://errand.test', NOW_S);

  test('accepts what nostr-tools makes, and nostr-tools makes what we make', () => {
    const theirs = makeAuthEvent('wss://errand.test/', 'c1');
    expect(check(event(theirs.kind, theirs.tags))).toMatchObject({ pubkey });
    expect(check(signEvent(authTemplate('c1', 'wss://errand.test', NOW_S), secret))).toMatchObject({
      pubkey,
    });
  });

  test.each([
    ['another scheme', 'ws://errand.test'],
    ['another path', 'wss://errand.test/relay'],
    ['another case', 'wss://Errand.Test'],
  ])('accepts the same host under %s', (_name, url) => {
    expect(
      check(
        event(22_242, [
          ['relay', url],
          ['challenge', 'c1'],
        ]),
      ),
    ).toMatchObject({ pubkey });
  });

  test.each<[string, NostrEvent, RegExp]>([
    ['another kind', event(1, tags), /kind 22242/],
    [
      'another challenge',
      event(22_242, [
        ['relay', 'wss://errand.test'],
        ['challenge', 'c2'],
      ]),
      /challenge/,
    ],
    ['no challenge', event(22_242, [['relay', 'wss://errand.test']]), /challenge/],
    [
      'another relay',
      event(22_242, [
        ['relay', 'wss://evil.test'],
        ['challenge', 'c1'],
      ]),
      /another relay/,
    ],
    [
      'a relay that only begins alike',
      event(22_242, [
        ['relay', 'wss://errand.test.evil'],
        ['challenge', 'c1'],
      ]),
      /another relay/,
    ],
    [
      'another port',
      event(22_242, [
        ['relay', 'wss://errand.test:444'],
        ['challenge', 'c1'],
      ]),
      /another relay/,
    ],
    ['no relay', event(22_242, [['challenge', 'c1']]), /another relay/],
    ['the past', event(22_242, tags, NOW_S - AUTH_WINDOW_S - 1), /created_at/],
    ['the future', event(22_242, tags, NOW_S + AUTH_WINDOW_S + 1), /created_at/],
    ['a broken signature', { ...event(22_242, tags), sig: '0'.repeat(128) }, /bad signature/],
    ['another author', { ...event(22_242, tags), pubkey: 'a'.repeat(64) }, /not the hash/],
  ])('refuses %s', (_name, given, reason) => {
    expect(check(given)).toMatch(reason);
  });

  test('refuses an empty challenge: it was never sent', () => {
    expect(
      checkAuth(
        event(22_242, [
          ['relay', 'wss://errand.test'],
          ['challenge', ''],
        ]),
        '',
        'wss://errand.test',
        NOW_S,
      ),
    ).toMatch(/challenge/);
  });
});

describe('verifyHttpAuth', () => {
  const url = 'https://errand.test/jobs?limit=5&cursor=a%20b';
  const tags = [
    ['u', url],
    ['method', 'GET'],
  ];
  const token = (given: unknown) => `Nostr ${btoa(JSON.stringify(given))}`;
  const request = (
    authorization: string | undefined,
    change: Partial<HttpRequestFacts> = {},
  ): HttpRequestFacts => ({
    authorization,
    url,
    method: 'GET',
    body: new Uint8Array(),
    ...change,
  });
  const verify = (authorization: string | undefined, change?: Partial<HttpRequestFacts>) =>
    verifyHttpAuth(request(authorization, change), NOW_S);

  test('accepts what nostr-tools makes, with and without a body', async () => {
    const now_s = Math.floor(Date.now() / 1000);
    const sign = (template: Parameters<typeof finalizeEvent>[0]) => finalizeEvent(template, secret);
    const get = await getToken(url, 'GET', sign, true);
    expect(verifyHttpAuth(request(get), now_s)).toMatchObject({ pubkey });
    const post = await getToken(url, 'POST', sign, true, { model: 'chat' });
    const body = new TextEncoder().encode(JSON.stringify({ model: 'chat' }));
    expect(verifyHttpAuth(request(post, { method: 'POST', body }), now_s)).toMatchObject({ pubkey });
    expect(
      verifyHttpAuth(request(post, { method: 'POST', body: new TextEncoder().encode('{}') }), now_s),
    ).toMatch(/payload/);
  });

  test('accepts base64 without padding, and any case of the scheme', () => {
    const text = token(event(27_235, tags)).replace(/=+$/, '');
    expect(verify(text)).toMatchObject({ pubkey });
    expect(verify(text.replace('Nostr', 'nostr'))).toMatchObject({ pubkey });
  });

  test.each<[string, string | undefined, RegExp]>([
    ['no header', undefined, /^auth-required/],
    ['another scheme', 'Bearer abc', /^auth-required/],
    ['no JSON', `Nostr ${btoa('{')}`, /not JSON/],
    ['no event', token([]), /an event is an object/],
    ['another kind', token(event(1, tags)), /kind 27235/],
    ['the past', token(event(27_235, tags, NOW_S - 61)), /created_at/],
    ['the future', token(event(27_235, tags, NOW_S + 61)), /created_at/],
    ['no URL', token(event(27_235, [['method', 'GET']])), /u tag/],
    [
      'another query',
      token(
        event(27_235, [
          ['u', 'https://errand.test/jobs?limit=6'],
          ['method', 'GET'],
        ]),
      ),
      /u tag/,
    ],
    ['two URLs', token(event(27_235, [...tags, ['u', 'https://evil.test']])), /u tag/],
    [
      'another method',
      token(
        event(27_235, [
          ['u', url],
          ['method', 'DELETE'],
        ]),
      ),
      /method tag/,
    ],
    ['a payload without a body', token(event(27_235, [...tags, ['payload', sha256Hex('x')]])), /payload/],
    ['a broken signature', token({ ...event(27_235, tags), sig: '0'.repeat(128) }), /bad signature/],
  ])('refuses %s', (_name, authorization, reason) => {
    expect(verify(authorization)).toMatch(reason);
  });

  test('refuses a body that the token does not name', () => {
    expect(verify(token(event(27_235, tags)), { body: new TextEncoder().encode('x') })).toMatch(/payload/);
  });

  test('counts a token once where that is asked for, and does not remember refused ones', async () => {
    const noted = new Map<string, number>();
    const memory: ReplayMemory = {
      async note(id, until_s) {
        if (noted.has(id)) return false;
        noted.set(id, until_s);
        return true;
      },
    };
    const good = event(27_235, tags);
    expect(await verifyHttpAuthOnce(request(token(good)), NOW_S, memory)).toMatchObject({ pubkey });
    expect(await verifyHttpAuthOnce(request(token(good)), NOW_S + 30, memory)).toMatch(/^duplicate/);
    expect(await verifyHttpAuthOnce(request(token(event(1, tags))), NOW_S, memory)).toMatch(/^invalid/);
    expect([...noted.keys()]).toEqual([good.id]);
    // The memory may forget only when the token has died by its age.
    expect(verifyHttpAuth(request(token(good)), noted.get(good.id) ?? 0)).toMatch(/created_at/);
  });
});
