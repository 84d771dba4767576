import { describe, expect, test } from 'vitest';
import { type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import { authTemplate } from '../../src/nostr/nip42.ts';
import { rig, START_S, secret, signed, URL_OF_RELAY } from './rig.ts';

const ids = (messages: unknown[][]) =>
  messages.flatMap((m) => (m[0] === 'EVENT' ? [(m[2] as NostrEvent).id] : []));

describe('EVENT', () => {
  test('a valid event is stored once, acknowledged, and passed on to whom it matches', () => {
    const { client, stored } = rig();
    const [reader, other, writer] = [client(), client(), client()];
    reader.say(['REQ', 'all', { kinds: [1] }]);
    other.say(['REQ', 'none', { kinds: [2] }]);
    const event = signed(1, { content: 'hello' });
    expect(writer.say(['EVENT', event])).toEqual([['OK', event.id, true, '']]);
    expect(reader.take()).toEqual([['EVENT', 'all', event]]);
    expect(other.take()).toEqual([]);
    expect(writer.say(['EVENT', event])[0]?.slice(2)).toEqual([true, expect.stringMatching(/^duplicate:/)]);
    expect(reader.take()).toEqual([]);
    expect(stored.map((s) => s.event.id)).toEqual([event.id]);
  });

  test.each([
    ['a wrong signature', (e: NostrEvent) => ({ ...e, sig: signed(1, { content: 'other' }).sig })],
    ['an id that is not the hash', (e: NostrEvent) => ({ ...e, content: 'forged' })],
    ['a signature of another key', (e: NostrEvent) => ({ ...e, pubkey: signed(2).pubkey })],
    ['upper-case hex', (e: NostrEvent) => ({ ...e, id: e.id.toUpperCase() })],
    ['a public key that is not on the curve', (e: NostrEvent) => ({ ...e, pubkey: 'f'.repeat(64) })],
    ['a fractional kind', (e: NostrEvent) => ({ ...e, kind: 1.5 })],
    ['a tag that is not a list of strings', (e: NostrEvent) => ({ ...e, tags: [['t', 1]] })],
  ])('refuses %s as invalid and stores nothing', (_what, forge) => {
    const { client, stored } = rig();
    const [answer] = client().say(['EVENT', forge(signed(1, { content: 'hello' }))]);
    expect(answer?.[2]).toBe(false);
    expect(answer?.[3]).toMatch(/^invalid: /);
    expect(stored).toEqual([]);
  });

  test('unknown members of an event are not passed on', () => {
    const { client } = rig();
    const reader = client();
    reader.say(['REQ', 'all', {}]);
    const event = signed(1);
    client().say(['EVENT', { ...event, extra: 'smuggled' }]);
    expect(reader.take()).toEqual([['EVENT', 'all', event]]);
  });

  test('an ephemeral event is passed on and never stored; an old one is refused', () => {
    const { client, stored } = rig();
    const [reader, writer] = [client(), client()];
    reader.say(['REQ', 'all', { kinds: [20_001] }]);
    const event = signed(1, { kind: 20_001 });
    expect(writer.say(['EVENT', event])).toEqual([['OK', event.id, true, '']]);
    expect(ids(reader.take())).toEqual([event.id]);
    expect(reader.say(['REQ', 'again', { kinds: [20_001] }])).toEqual([['EOSE', 'again']]);
    expect(stored).toEqual([]);
    const old = signed(1, { kind: 20_001, created_at: START_S - 61 });
    expect(writer.say(['EVENT', old])[0]?.[2]).toBe(false);
  });

  test('created_at is accepted up to the advertised second and not beyond', () => {
    const { client } = rig();
    const writer = client();
    const ok = (created_at: number) => writer.say(['EVENT', signed(1, { created_at })])[0]?.[2];
    expect(ok(START_S + 900)).toBe(true);
    expect(ok(START_S + 901)).toBe(false);
    expect(ok(START_S - 315_360_000)).toBe(true);
    expect(ok(START_S - 315_360_001)).toBe(false);
  });

  test('limits of tags and content are enforced, and documents in tags may be longer', () => {
    const { client } = rig();
    const writer = client();
    const verdict = (template: Parameters<typeof signed>[1]) => writer.say(['EVENT', signed(1, template)])[0];
    const tags = (n: number) => Array.from({ length: n }, () => ['x']);
    expect(verdict({ tags: tags(2_000) })?.[2]).toBe(true);
    expect(verdict({ tags: tags(2_001) })?.[3]).toMatch(/^invalid: .*2000 tags/);
    expect(verdict({ tags: [['t', 'x'.repeat(1_024)]] })?.[2]).toBe(true);
    expect(verdict({ tags: [['t', 'x'.repeat(1_025)]] })?.[3]).toMatch(/^invalid: /);
    expect(verdict({ tags: [['request', 'x'.repeat(20_000)]] })?.[2]).toBe(true);
    expect(verdict({ content: 'x'.repeat(65_537) })?.[3]).toMatch(/^invalid: /);
  });

  test('blocked keys and too little work are refused with their own prefix', () => {
    const blocked = rig({ blocked: [signed(1).pubkey] });
    expect(blocked.client().say(['EVENT', signed(1)])[0]?.[3]).toMatch(/^blocked: /);
    const strict = rig({ minPow: 30 });
    expect(strict.client().say(['EVENT', signed(1)])[0]?.[3]).toMatch(/^pow: /);
    expect(strict.relay.publish([signEvent(signed(1), secret(1))])[0]?.ok).toBe(true);
  });
});

describe('REQ', () => {
  test('stored events come newest first, ties by lowest id, cut by limit, then EOSE', () => {
    const { client } = rig();
    const writer = client();
    const events = Array.from({ length: 40 }, (_, i) =>
      signed(1, { created_at: START_S - (i >> 2), content: `${i}` }),
    );
    for (const event of events) writer.say(['EVENT', event]);
    const order = events
      .toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))
      .map((event) => event.id);
    const answer = client().say(['REQ', 's', { authors: [signed(1).pubkey], limit: 10 }]);
    expect(ids(answer)).toEqual(order.slice(0, 10));
    expect(answer.at(-1)).toEqual(['EOSE', 's']);
    expect(ids(client().say(['REQ', 's', {}]))).toEqual(order);
  });

  test('a second REQ of the same name replaces the first', () => {
    const { client, relay } = rig();
    const reader = client();
    reader.say(['REQ', 's', { kinds: [1] }], ['REQ', 's', { kinds: [2] }]);
    expect(relay.subscriptions).toBe(1);
    client().say(['EVENT', signed(1)]);
    expect(reader.take()).toEqual([]);
    client().say(['EVENT', signed(1, { kind: 2 })]);
    expect(reader.take()).toHaveLength(1);
    reader.say(['CLOSE', 's']);
    client().say(['EVENT', signed(2, { kind: 2 })]);
    expect(reader.take()).toEqual([]);
    expect(relay.subscriptions).toBe(0);
  });

  test('an event that matches several filters of one subscription comes once', () => {
    const { client } = rig();
    const event = signed(1, {
      tags: [
        ['t', 'a'],
        ['t', 'b'],
        ['t', 'a'],
      ],
    });
    const filters = [{ '#t': ['a'] }, { '#t': ['b'] }, { kinds: [1] }, {}];
    const reader = client();
    reader.say(['REQ', 'live', ...filters]);
    const writer = client();
    writer.say(['EVENT', event]);
    expect(ids(reader.take())).toEqual([event.id]);
    expect(ids(writer.say(['REQ', 'stored', ...filters]))).toEqual([event.id]);
    expect(ids(writer.say(['REQ', 'stored', { '#t': ['a', 'b'] }]))).toEqual([event.id]);
  });

  test.each([
    ['an unknown member', { kinds: [1], search: 'x' }],
    ['a tag of two letters', { '#ee': ['x'] }],
    ['an id that is no hex', { ids: ['xyz'] }],
    ['a kind that is a text', { kinds: ['1'] }],
    ['a negative limit', { limit: -1 }],
    ['a list for a filter', []],
    ['too many values', { authors: Array.from({ length: 1_001 }, () => 'a'.repeat(64)) }],
  ])('refuses %s with CLOSED', (_what, filter) => {
    const { client, relay } = rig();
    const answer = client().say(['REQ', 's', filter]);
    expect(answer).toEqual([['CLOSED', 's', expect.stringMatching(/^invalid: /)]]);
    expect(relay.subscriptions).toBe(0);
  });

  test('limits on filters, subscriptions and their size are answered with CLOSED', () => {
    const { client } = rig();
    const greedy = client();
    expect(greedy.say(['REQ', 's', ...Array.from({ length: 11 }, () => ({}))])[0]?.[0]).toBe('CLOSED');
    for (let i = 0; i < 64; i++)
      expect(greedy.say(['REQ', `s${i}`, { kinds: [i] }]).at(-1)?.[0]).toBe('EOSE');
    expect(greedy.say(['REQ', 's64', {}])).toEqual([
      ['CLOSED', 's64', expect.stringMatching(/^restricted: /)],
    ]);
    expect(greedy.say(['REQ', 's0', {}]).at(-1)?.[0]).toBe('EOSE');
    const large = client();
    const filter = {
      authors: Array.from(
        { length: 1_000 },
        (_, i) => signed(1).pubkey.slice(8) + String(i).padStart(8, '0'),
      ),
    };
    const answers = Array.from({ length: 5 }, (_, i) => large.say(['REQ', `l${i}`, filter]).at(-1)?.[0]);
    expect(answers).toEqual(['EOSE', 'EOSE', 'EOSE', 'CLOSED', 'CLOSED']);
  });
});

describe('frames', () => {
  test.each([
    ['not JSON', 'hello'],
    ['no list', '{"a":1}'],
    ['an unknown type', '["HELLO"]'],
    ['a number for a name', '["REQ",1,{}]'],
    ['an empty name', '["REQ","",{}]'],
    ['a long name', JSON.stringify(['REQ', 'x'.repeat(65), {}])],
    ['an event that is a text', '["EVENT","x"]'],
    ['a million-deep list', '['.repeat(100_000)],
    ['a frame of 1 MB', `["EVENT","${'x'.repeat(1_000_000)}"]`],
    ['a frame that is too long only in UTF-8', `["EVENT","${'é'.repeat(100_000)}"]`],
  ])('answers %s with one NOTICE', (_what, frame) => {
    const { client } = rig();
    const one = client();
    expect(one.raw(frame)).toEqual([['NOTICE', expect.stringMatching(/^invalid: /)]]);
    expect(one.closed).toBeUndefined();
  });

  test('binary frames get a NOTICE', () => {
    expect(rig().client().raw(new ArrayBuffer(3))).toEqual([['NOTICE', 'invalid: text frames only']]);
  });

  test('who floods is refused with the right message, then disconnected, and recovers after a pause', () => {
    const world = rig();
    const flood = world.client();
    for (let i = 0; i < 4_000; i++) flood.raw('["CLOSE","x"]');
    expect(flood.say(['REQ', 's', {}])).toEqual([['CLOSED', 's', expect.stringMatching(/^rate-limited: /)]]);
    const event = signed(1);
    expect(flood.say(['EVENT', event])).toEqual([
      ['OK', event.id, false, expect.stringMatching(/^rate-limited: /)],
    ]);
    world.now_ms += 1_000;
    expect(flood.say(['EVENT', event])[0]?.[2]).toBe(true);
    for (let i = 0; i < 12_000; i++) flood.raw('["CLOSE","x"]');
    expect(flood.closed?.code).toBe(1008);
    expect(flood.say(['EVENT', event])).toEqual([]);
  });
});

describe('AUTH (NIP-42)', () => {
  const auth = (n: number, challenge: string, url = URL_OF_RELAY, created_at = START_S) =>
    signEvent({ ...authTemplate(challenge, url, created_at) }, secret(n));

  test('the challenge comes first, is its own for every connection, and proves several keys', () => {
    const { client } = rig();
    const one = client('one');
    expect(one.take()).toEqual([['AUTH', 'challenge of one']]);
    expect(one.say(['AUTH', auth(1, 'challenge of one')])[0]?.[2]).toBe(true);
    expect(one.say(['AUTH', auth(2, 'challenge of one')])[0]?.[2]).toBe(true);
    expect([...one.connection.authenticated].sort()).toEqual([signed(1).pubkey, signed(2).pubkey].sort());
  });

  test.each([
    ['the challenge of another connection', auth(1, 'challenge of two')],
    ['another relay', auth(1, 'challenge of one', 'ws://elsewhere.test')],
    ['an old event', auth(1, 'challenge of one', URL_OF_RELAY, START_S - 601)],
    [
      'another kind',
      signed(1, {
        tags: [
          ['challenge', 'challenge of one'],
          ['relay', URL_OF_RELAY],
        ],
      }),
    ],
    ['a forged signature', { ...auth(1, 'challenge of one'), sig: '0'.repeat(128) }],
  ])('refuses %s', (_what, event) => {
    const { client } = rig();
    const one = client('one');
    client('two');
    expect(one.say(['AUTH', event])).toEqual([['OK', event.id, false, expect.stringMatching(/^invalid: /)]]);
    expect(one.connection.authenticated.size).toBe(0);
  });

  test('an AUTH event sent as EVENT is refused and never passed on', () => {
    const { client } = rig();
    const reader = client();
    reader.say(['REQ', 'all', {}]);
    expect(client('one').say(['EVENT', auth(1, 'challenge of one')])[0]?.[2]).toBe(false);
    expect(reader.take()).toEqual([]);
  });

  test('protected events are taken from their author only (NIP-70), and not inside reposts', () => {
    const { client } = rig();
    const one = client('one');
    const event = signed(1, { tags: [['-']] });
    expect(one.say(['EVENT', event])[0]?.[3]).toMatch(/^auth-required: /);
    one.say(['AUTH', auth(2, 'challenge of one')]);
    expect(one.say(['EVENT', event])[0]?.[3]).toMatch(/^restricted: /);
    one.say(['AUTH', auth(1, 'challenge of one')]);
    expect(one.say(['EVENT', event])[0]?.[2]).toBe(true);
    const repost = signed(2, { kind: 6, content: JSON.stringify(event) });
    expect(one.say(['EVENT', repost])[0]?.[2]).toBe(false);
  });

  test('gift wraps go to their recipient only, stored, live and counted (NIP-17)', () => {
    const { client } = rig();
    const [anna, eve] = [client('anna'), client('eve')];
    const me = signed(1).pubkey;
    const wrap = signed(9, { kind: 1059, tags: [['p', me]], content: 'sealed' });
    expect(anna.say(['REQ', 's', { kinds: [1059] }])[0]?.[2]).toMatch(/^auth-required: /);
    expect(anna.say(['COUNT', 'c', { kinds: [1059] }])[0]).toEqual([
      'CLOSED',
      'c',
      expect.stringMatching(/^auth/),
    ]);
    anna.say(['AUTH', auth(1, 'challenge of anna')], ['REQ', 's', { kinds: [1059] }]);
    eve.say(['AUTH', auth(2, 'challenge of eve')], ['REQ', 's', { kinds: [1059] }], ['REQ', 'any', {}]);
    client().say(['EVENT', wrap]);
    expect(ids(anna.take())).toEqual([wrap.id]);
    expect(eve.take()).toEqual([]);
    expect(ids(anna.say(['REQ', 'again', { '#p': [me] }]))).toEqual([wrap.id]);
    expect(ids(eve.say(['REQ', 'again', { '#p': [me] }], ['REQ', 'i', { ids: [wrap.id] }]))).toEqual([]);
    expect(eve.say(['COUNT', 'c', { kinds: [1059] }])).toEqual([['COUNT', 'c', { count: 0 }]]);
    expect(anna.say(['COUNT', 'c', { kinds: [1059] }])).toEqual([['COUNT', 'c', { count: 1 }]]);
    expect(ids(client().say(['REQ', 'stranger', {}]))).toEqual([]);
  });
});

describe('backpressure', () => {
  test('a client that does not keep up with live events is closed after a bounded amount', () => {
    const { client } = rig();
    const slow = client();
    slow.say(['REQ', 's', { kinds: [1] }]);
    const writer = client();
    let bytes = 0;
    for (let i = 0; i < 200 && slow.closed === undefined; i++) {
      const event = signed(1, { content: `${i}${'x'.repeat(60_000)}` });
      writer.say(['EVENT', event]);
      bytes += JSON.stringify(event).length;
    }
    expect(slow.closed).toEqual({ code: 1008, reason: expect.stringMatching(/^rate-limited: /) });
    expect(bytes).toBeLessThan(4_194_304 + 2 * 65_536);
  });

  test('stored results are cut by size, and asking on without a pause is refused', () => {
    const world = rig();
    const writer = world.client();
    for (let i = 0; i < 100; i++) writer.say(['EVENT', signed(1, { content: `${i}${'x'.repeat(60_000)}` })]);
    const reader = world.client();
    let bytes = 0;
    let refused: unknown;
    for (let i = 0; i < 50 && refused === undefined; i++) {
      const answer = reader.say(['REQ', 's', {}]);
      bytes += answer.reduce((sum, message) => sum + JSON.stringify(message).length, 0);
      if (i === 0) expect(ids(answer).length).toBeLessThan(100);
      refused = answer.find((message) => message[0] === 'CLOSED')?.[2];
    }
    expect(refused).toMatch(/^rate-limited: /);
    expect(bytes).toBeLessThan(16_777_216 + 2 * 4_194_304);
    world.now_ms += 60_000;
    expect(reader.say(['REQ', 's', { limit: 1 }]).at(-1)?.[0]).toBe('EOSE');
  });
});

describe('hibernation', () => {
  test('subscriptions and proved keys come back from the attachment alone, without a row written', () => {
    const world = rig();
    const before = world.client('one');
    before.say(
      ['AUTH', signEvent(authTemplate('challenge of one', URL_OF_RELAY, START_S), secret(1))],
      ['REQ', 'notes', { kinds: [1] }],
      ['REQ', 'mine', { kinds: [1059] }],
      ['REQ', 'gone', {}],
      ['CLOSE', 'gone'],
    );
    expect(world.sql.all('SELECT * FROM subscription')).toEqual([]);
    const woken = rig({ sql: world.sql });
    const after = woken.wake(before.saved());
    woken.client().say(['EVENT', signed(2)]);
    const wrap = signed(9, { kind: 1059, tags: [['p', signed(1).pubkey]] });
    woken.client().say(['EVENT', wrap]);
    expect(after.take().map((message) => message[1])).toEqual(['notes', 'mine']);
  });

  test('what does not fit into 16 KiB goes to the table, comes back, and leaves no row when it is closed', () => {
    const world = rig();
    const before = world.client('one');
    const authors = (offset: number) =>
      Array.from({ length: 150 }, (_, i) => signed(1).pubkey.slice(8) + String(offset + i).padStart(8, '0'));
    for (let i = 0; i < 4; i++)
      before.say(['REQ', `s${i}`, { authors: [...authors(i * 1_000), signed(2).pubkey] }]);
    before.say(['REQ', 'small', { '#t': ['ünïcode ☃'] }]);
    const saved = before.saved();
    expect(JSON.stringify(saved).length).toBeLessThan(16_384);
    expect(world.sql.all('SELECT name FROM subscription').length).toBeGreaterThan(0);
    const woken = rig({ sql: world.sql });
    const after = woken.wake(saved);
    woken.client().say(['EVENT', signed(2, { tags: [['t', 'ünïcode ☃']] })]);
    expect(
      after
        .take()
        .map((message) => message[1])
        .sort(),
    ).toEqual(['s0', 's1', 's2', 's3', 'small']);
    for (let i = 0; i < 4; i++) after.say(['CLOSE', `s${i}`]);
    expect(world.sql.all('SELECT * FROM subscription')).toEqual([]);
  });

  test('rows of sockets that are gone are swept', () => {
    const world = rig();
    const big = {
      authors: Array.from({ length: 400 }, (_, i) => signed(1).pubkey.slice(8) + String(i).padStart(8, '0')),
    };
    const [kept, lost] = [world.client('kept'), world.client('lost')];
    for (const client of [kept, lost]) client.say(['REQ', 'big', big]);
    rig({ sql: world.sql }).relay.sweep(['kept']);
    expect(world.sql.all('SELECT socket FROM subscription')).toMatchObject([{ socket: 'kept' }]);
  });
});
