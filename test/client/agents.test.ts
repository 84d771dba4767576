/**
 * Goal: agents are who they sign to be: the newest announcement counts, a card counts only when it is what was signed and of
 * the same key, and a name leads to one agent or to a sentence that says why not.
 * Method: announcements of made-up agents in every order, cards by a `fetch` of the test.
 * Not proved: announcements of other marketplaces as they are in the wild.
 */
import * as nip19 from 'nostr-tools/nip19';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { agentsIn, type FoundAgent } from '../../src/client/agents.ts';
import { fetchCard } from '../../src/client/card.ts';
import { HttpProblem, MarketplaceHttp } from '../../src/client/http.ts';
import { decodeEventId, findAgent } from '../../src/client/naming.ts';
import { keySigner } from '../../src/client/signer.ts';
import { sha256Hex, type VerifiedEvent } from '../../src/nostr/event.ts';
import { verifyHttpAuth } from '../../src/nostr/nip98.ts';
import { person, signedBy } from '../support/events.ts';

const poet = person('poet').publicKey;
const card = JSON.stringify({ pubkey: poet, name: 'Poet', pricing: { models: [{ id: 'poet' }] } });
const announce = (created_at: number, name: string, more: string[][] = []): VerifiedEvent =>
  signedBy('poet', {
    kind: 37_001,
    created_at,
    tags: [
      ['d', 'poet'],
      ['name', name],
      ['url', 'https://market.test/card.json'],
      ['x', sha256Hex(card)],
      ['k', '7001'],
      ...more,
    ],
    content: 'writes',
  });
const handler = signedBy('poet', {
  kind: 31_990,
  tags: [
    ['d', 'poet'],
    ['k', '5050'],
  ],
  content: '{"name":"Old poet","about":"wrote"}',
});

const fetching =
  (body: string, status = 200): typeof fetch =>
  async () =>
    new Response(body, { status });

function found(...events: VerifiedEvent[]): FoundAgent {
  const [agent, ...others] = agentsIn(events);
  if (agent === undefined || others.length > 0) throw new Error('not one agent');
  return agent;
}

test('the newest announcement counts, in whatever order they come, and both kinds are one agent', () => {
  const [old, young] = [
    announce(1, 'Old'),
    announce(2, 'Young', [
      ['price', '21', 'sats'],
      ['price', 'x', 'sats'],
    ]),
  ];
  for (const order of [
    [old, young, handler],
    [handler, young, old],
  ])
    expect(found(...order)).toMatchObject({
      slug: 'poet',
      name: 'Young',
      description: 'writes',
      kinds: expect.arrayContaining([7001, 5050]),
      prices: [{ sats: 21, unit: null }],
      card: { url: 'https://market.test/card.json' },
    });
  expect(found(handler)).toMatchObject({ name: 'Old poet', description: 'wrote', card: null, prices: [] });
});

describe('a card', () => {
  test('is what was signed', async () => {
    expect(await fetchCard(found(announce(1, 'Poet')), fetching(card))).toMatchObject({ name: 'Poet' });
  });

  const wrong = (body: string): FoundAgent => ({
    ...found(announce(1, 'Poet')),
    card: { url: 'https://market.test/card.json', sha256: sha256Hex(body) },
  });
  const other = JSON.stringify({ pubkey: person('other').publicKey });
  test.each<[string, FoundAgent, typeof fetch, RegExp]>([
    [
      'another than was signed',
      found(announce(1, 'Poet')),
      fetching(`${card} `),
      /not the one that was signed/,
    ],
    ['of another agent', wrong(other), fetching(other), /another agent's/],
    ['no card at all', wrong('[]'), fetching('[]'), /no agent card/],
    ['not there', found(announce(1, 'Poet')), fetching('', 404), /answered 404/],
    ['larger than a card may be', found(announce(1, 'Poet')), fetching('x'.repeat(300_000)), /larger than/],
    [
      'out of reach',
      found(announce(1, 'Poet')),
      () => Promise.reject(new Error('down')),
      /cannot be fetched/,
    ],
  ])('is refused when it is %s', async (_, agent, fetcher, said) => {
    await expect(fetchCard(agent, fetcher)).rejects.toMatchObject({
      code: 'HTTP',
      message: expect.stringMatching(said),
    });
  });

  test('is none where none is announced', async () => {
    await expect(fetchCard(found(handler), fetching(card))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a name', () => {
  const nobodyAsked = () => Promise.reject(new Error('relays were asked'));
  const names = fetching(JSON.stringify({ names: { poet }, relays: { [poet]: ['wss://a.test'] } }));

  test.each([
    poet,
    nip19.npubEncode(poet),
    nip19.nprofileEncode({ pubkey: poet }),
    `nostr:${nip19.npubEncode(poet)}`,
  ])('that is a key needs nobody: %s', async (name) => {
    expect(await findAgent(name, nobodyAsked)).toEqual({ pubkey: poet, relays: [] });
  });

  test('that is an address is asked for at its host, and says where', async () => {
    expect(await findAgent('poet@market.test', nobodyAsked, names)).toEqual({
      pubkey: poet,
      relays: ['wss://a.test'],
    });
    await expect(findAgent('nobody@market.test', nobodyAsked, names)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(findAgent('poet@market.test', nobodyAsked, fetching('<html>'))).rejects.toMatchObject({
      code: 'HTTP',
    });
  });

  test('that is a secret key is refused without being repeated', async () => {
    const nsec = nip19.nsecEncode(person('poet').secretKey);
    const asked = findAgent(nsec, nobodyAsked);
    await expect(asked).rejects.toMatchObject({ code: 'USAGE', message: expect.not.stringContaining(nsec) });
    await expect(findAgent('npub1qqq', nobodyAsked)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('of a job is hex, note or nevent', () => {
    expect(decodeEventId(handler.id)?.id).toBe(handler.id);
    expect(decodeEventId(nip19.noteEncode(handler.id))?.id).toBe(handler.id);
    expect(decodeEventId(nip19.neventEncode({ id: handler.id, relays: ['wss://a.test'] }))).toEqual({
      id: handler.id,
      relays: ['wss://a.test'],
    });
    expect(decodeEventId(nip19.npubEncode(poet))).toBeNull();
    expect(decodeEventId('x')).toBeNull();
  });
});

describe('a marketplace over HTTP', () => {
  const url = 'https://market.test';

  test('is asked with a token that its own check takes, for this body alone', async () => {
    const seen: { authorization: string | undefined; body: string }[] = [];
    const http = new MarketplaceHttp(`${url}/`, async (_, init) => {
      const headers = new Headers(init?.headers);
      seen.push({ authorization: headers.get('authorization') ?? undefined, body: String(init?.body) });
      return Response.json({ ok: true });
    });
    const signer = keySigner(person('poet'));
    await http.ask(z.object({ ok: z.boolean() }), '/agents?x=1', { method: 'POST', body: { a: 1 }, signer });
    const [{ authorization, body } = { authorization: undefined, body: '' }] = seen;
    const facts = { authorization, url: `${url}/agents?x=1`, method: 'POST' };
    const now_s = Math.floor(Date.now() / 1_000);
    expect(verifyHttpAuth({ ...facts, body: new TextEncoder().encode(body) }, now_s)).toMatchObject({
      pubkey: poet,
    });
    expect(verifyHttpAuth({ ...facts, body: new TextEncoder().encode('{}') }, now_s)).toMatch(/^invalid: /);
  });

  test('says no in its own words, and what is no answer is told apart', async () => {
    const problem = { code: 'BAD_REQUEST', detail: 'body name: is missing', details: { path: 'name' } };
    const asked = new MarketplaceHttp(url, async () => Response.json(problem, { status: 400 })).text(
      '/agents',
    );
    await expect(asked).rejects.toBeInstanceOf(HttpProblem);
    await expect(asked).rejects.toMatchObject({
      status: 400,
      problem: 'BAD_REQUEST',
      details: { path: 'name' },
    });
    const broken = new MarketplaceHttp(url, fetching('<html>', 502)).text('/agents');
    await expect(broken).rejects.toMatchObject({ status: 502, problem: null });
    const odd = new MarketplaceHttp(url, fetching('{}')).ask(z.object({ a: z.string() }), '/agents');
    await expect(odd).rejects.toMatchObject({ code: 'HTTP' });
    const away = new MarketplaceHttp(url, () => Promise.reject(new TypeError('fetch failed'))).text(
      '/agents',
    );
    await expect(away).rejects.toMatchObject({
      code: 'HTTP',
      message: expect.stringContaining('cannot be asked'),
    });
    expect(() => new MarketplaceHttp('ftp://x')).toThrow('no http(s) URL');
  });
});
