import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyedAgent } from '../../src/protocol/agent.ts';
import { FREE } from '../../src/protocol/prices.ts';
import { partiesOf, route, sessionName, sessionWith, takesKind } from '../../src/protocol/route.ts';
import { agentKeys, chat, clientPubkey, discover, kinds, otherKeys, signed } from './fixtures.ts';

const agents = [discover, chat];
const stranger = 'd'.repeat(64);
const request = (model?: string) => [
  'request',
  JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
];

function slug(kind: number, tags: string[][], content = '', among = agents): string | null {
  return route(signed(kind, tags, content), among, kinds)?.agent.slug ?? null;
}

describe('a request that names somebody', () => {
  test('goes to the first of ours it names', () => {
    expect(slug(7001, [['p', stranger], ['p', chat.pubkey], ['p', discover.pubkey], request()])).toBe('chat');
  });

  test('goes there even if the agent does not take its kind, so that the agent can say so', () => {
    expect(slug(5000, [['p', chat.pubkey]])).toBe('chat');
    expect(takesKind(chat, 5000, kinds)).toBe(false);
    expect(takesKind(chat, 5050, kinds)).toBe(true);
    expect(takesKind(chat, 7001, kinds)).toBe(true);
  });

  test('goes nowhere if it names only others', () => {
    expect(slug(5302, [['p', stranger]])).toBeNull();
    expect(slug(5302, [['p', 'not a key']])).toBeNull();
  });
});

describe('an open request', () => {
  test('of NIP-90 goes to the best agent that takes its kind', () => {
    expect(slug(5302, [])).toBe('discover');
    expect(slug(5302, [], '', [{ ...chat, jobKinds: [5302] }, discover])).toBe('chat');
    expect(slug(5999, [])).toBeNull();
  });

  test('of the agent NIP goes to the model it names, else to chat, else to discover', () => {
    expect(slug(7001, [request('discover')])).toBe('discover');
    expect(slug(7001, [request('small-model')])).toBe('chat');
    expect(slug(7001, [request('unknown')])).toBe('chat');
    expect(slug(7001, [request()])).toBe('chat');
    expect(slug(7001, [['request', 'broken']])).toBe('chat');
    expect(slug(7001, [request()], '', [discover])).toBe('discover');
    expect(slug(7001, [request()], '', [])).toBeNull();
  });

  test('that is encrypted goes nowhere: nobody knows for whom', () => {
    expect(slug(7001, [['encrypted']], 'x')).toBeNull();
    expect(slug(5302, [['encrypted']], 'AAAA?iv=AAAA')).toBeNull();
  });
});

describe('the candidates of an open request', () => {
  const priced = { ...FREE, perJob_msats: 21_000 };
  const agent = (name: string, over: Partial<KeyedAgent> = {}): KeyedAgent => ({
    ...chat,
    slug: name,
    pubkey: name.padEnd(64, '0'),
    ...over,
  });
  const scout = agent('scout');
  const team = agent('team', { runtime: 'team', models: ['large-model'] });
  const dear = agent('dear', { prices: priced, models: ['large-model'] });
  const all = [discover, chat, scout, team, dear];
  const task = (model?: string, contract?: unknown, over: object = {}) => [
    ['request', JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], ...over })],
    ...(contract === undefined ? [] : [['contract', JSON.stringify(contract)]]),
  ];
  const slugs = (kind: number, tags: string[][], among: readonly KeyedAgent[] = all) => {
    const routed = route(signed(kind, tags), among, kinds);
    return routed === null ? null : [routed.agent.slug, routed.candidates.map((one) => one.slug)];
  };
  const verify = { mode: 'deduction' };

  test('are the agents on a model, in the order of the list', () => {
    expect(slugs(7001, task())).toEqual(['chat', ['chat', 'scout']]);
    expect(slugs(7001, task(), [discover, team])).toEqual(['discover', ['discover']]);
  });

  test('are those it names, by slug before model', () => {
    expect(slugs(7001, task('scout'))).toEqual(['scout', ['scout']]);
    expect(slugs(7001, task('small-model'))).toEqual(['chat', ['chat', 'scout']]);
    expect(slugs(7001, task('nobody'))).toEqual(['chat', ['chat', 'scout']]);
    const named = (model: string) => [
      ['i', 'x'],
      ['param', 'model', model],
    ];
    expect(slugs(5050, named('scout'))).toEqual(['scout', ['scout']]);
    expect(slugs(5050, named('large-model'))).toEqual(['team', ['team']]);
    expect(slugs(5050, named('nobody'))).toEqual(['chat', ['chat', 'scout', 'team']]);
  });

  test('are the free ones, unless it offers money or none is free', () => {
    expect(slugs(7001, task(), [dear, chat])).toEqual(['chat', ['chat']]);
    expect(slugs(7001, task(), [dear])).toEqual(['dear', ['dear']]);
    const both = ['dear', ['dear', 'chat']];
    expect(slugs(7001, task(undefined, { payment_amount_sats: 50 }), [dear, chat])).toEqual(both);
    expect(slugs(7001, task(undefined, undefined, { parameters: { budget_sats: 9 } }), [dear, chat])).toEqual(
      both,
    );
    expect(slugs(5050, [['i', 'x']], [dear, chat])).toEqual(['chat', ['chat']]);
    const bid = [
      ['i', 'x'],
      ['bid', '50000'],
    ];
    expect(slugs(5050, bid, [dear, chat])).toEqual(both);
  });

  test('answer in words, where the answer is checked', () => {
    expect(slugs(7001, task(undefined, { verify }))).toEqual(['chat', ['chat', 'scout', 'team']]);
    expect(slugs(7001, task('discover', { verify }))).toEqual(['discover', []]);
    expect(slugs(7001, task(undefined, { verify }), [discover])).toEqual(['discover', []]);
    expect(slugs(7001, task(undefined, { verify: null }), [discover])).toEqual(['discover', ['discover']]);
  });

  test('is one for a request that names its agent, whatever it wants', () => {
    const routed = route(signed(7001, [['p', discover.pubkey], ...task('chat', { verify })]), all, kinds);
    expect(routed).toMatchObject({ candidates: [{ slug: 'discover' }], wanted: null });
  });

  test('know of its check what is there, and nothing of what is broken', () => {
    const wanted = (contract: unknown) => route(signed(7001, task('m', contract)), all, kinds)?.wanted;
    expect(wanted({ verify, min_rating: 0.5 })).toEqual({
      model: 'm',
      offersMoney: false,
      check: { mode: 'deduction', minRating: 0.5 },
    });
    expect(wanted({ verify: 'odd' })?.check).toEqual({ mode: null, minRating: undefined });
    expect(wanted({ min_rating: 0.5 })?.check).toBeNull();
    expect(wanted('https://contract.test/1')?.check).toBeNull();
    const broken = signed(7001, [
      ['request', '{'],
      ['contract', '['],
    ]);
    expect(route(broken, all, kinds)?.wanted).toEqual({ model: null, offersMoney: false, check: null });
  });
});

describe('what is no request', () => {
  test.each([1, 5, 1059, 6302, 7000, 27_001])('kind %i goes nowhere', (kind) => {
    expect(slug(kind, [['p', chat.pubkey]])).toBeNull();
  });

  test('results of the agent NIP go nowhere, whoever signs them', () => {
    expect(
      slug(7001, [
        ['p', chat.pubkey],
        ['result', '{}'],
      ]),
    ).toBeNull();
    expect(
      slug(7001, [
        ['p', chat.pubkey],
        ['error', '{}'],
      ]),
    ).toBeNull();
  });

  test('nothing of our own agents is a request', () => {
    const own = signed(7001, [['p', chat.pubkey], request()], '', undefined, agentKeys.secretKey);
    expect(route(own, agents, kinds)).toBeNull();
    expect(route(own, [chat], kinds)?.agent.slug).toBe('chat');
  });
});

test('what came in a gift wrap is for the agent it was wrapped for, whoever it names beside it', () => {
  const event = signed(7001, [['p', discover.pubkey], ['p', chat.pubkey], request('discover')]);
  const routed = route(event, agents, kinds, chat);
  expect(routed?.agent.slug).toBe('chat');
  expect(routed?.envelope.sealing).toBe('giftwrap');
  const open = signed(7001, [request('discover')]);
  expect(route(open, agents, kinds, chat)?.agent.slug).toBe('chat');
});

describe('sessionName', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', ':', '1:', 'a:1', '\ud800', '\ud801'),
  );
  const parts = fc.tuple(text, text, fc.option(text));

  test('is one name for one session, and another for any other', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a.every((part, i) => part === b[i]);
        expect(sessionName(...a) === sessionName(...b)).toBe(same);
        expect(sessionName(...a)).toBe(sessionName(...a));
      }),
      { numRuns: 1000, seed: 7001 },
    );
  });

  test('keeps an empty id and no id apart, and never shows the id', () => {
    expect(sessionName('a', 'b', null)).not.toBe(sessionName('a', 'b', ''));
    expect(sessionName('a', 'b', 'my diary')).not.toContain('diary');
  });

  test('names its parties', () => {
    const name = sessionName(otherKeys.publicKey, clientPubkey, 'trip');
    expect(partiesOf(name)).toEqual({ agent: otherKeys.publicKey, client: clientPubkey });
    expect(partiesOf('nonsense')).toBeNull();
    expect(sessionWith(name, agentKeys.publicKey)).toBe(
      sessionName(agentKeys.publicKey, clientPubkey, 'trip'),
    );
    // A client that is an agent's key as well keeps its place.
    const self = sessionName(otherKeys.publicKey, otherKeys.publicKey, null);
    expect(sessionWith(self, agentKeys.publicKey)).toBe(
      sessionName(agentKeys.publicKey, otherKeys.publicKey, null),
    );
  });
});
