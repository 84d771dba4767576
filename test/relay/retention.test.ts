/** What is kept, replaced, deleted, expired and erased: NIP-01, 09, 40, 62. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { type Client, rig, START_S, signed, URL_OF_RELAY } from './rig.ts';

const ids = (client: Client, filter: object) =>
  client.say(['REQ', 'q', filter]).flatMap((m) => (m[0] === 'EVENT' ? [(m[2] as NostrEvent).id] : []));
const put = (client: Client, event: NostrEvent) =>
  client.say(['EVENT', event]).find((m) => m[0] === 'OK') ?? [];
const me = signed(1).pubkey;

describe('replaceable and addressable events', () => {
  test('whatever order versions arrive in, the newest stays, and of the same second the lowest id', () => {
    const versions = Array.from({ length: 6 }, (_, i) =>
      signed(1, { kind: 30_000, created_at: START_S - (i % 3), tags: [['d', 'x']], content: `${i}` }),
    );
    const best = versions.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))[0];
    fc.assert(
      fc.property(fc.shuffledSubarray(versions, { minLength: 6, maxLength: 6 }), (order) => {
        const client = rig().client();
        for (const version of order) expect(put(client, version)[2]).toBe(true);
        expect(ids(client, {})).toEqual([best?.id]);
        expect(ids(client, { '#d': ['x'] })).toEqual([best?.id]);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  test('other authors, kinds and d tags are other events; a missing d is an empty one', () => {
    const client = rig().client();
    const events = [
      signed(1, { kind: 30_000, tags: [['d', 'x']] }),
      signed(1, { kind: 30_000, tags: [['d', 'y']] }),
      signed(2, { kind: 30_000, tags: [['d', 'x']] }),
      signed(1, { kind: 30_001, tags: [['d', 'x']] }),
      signed(1, { kind: 0 }),
      signed(1, { kind: 10_002 }),
    ];
    for (const event of events) put(client, event);
    expect(ids(client, {})).toHaveLength(6);
    const bare = signed(1, { kind: 30_000, created_at: START_S });
    const empty = signed(1, { kind: 30_000, created_at: START_S + 1, tags: [['d', '']] });
    put(client, bare);
    put(client, empty);
    expect(ids(client, {})).toContain(empty.id);
    expect(ids(client, {})).not.toContain(bare.id);
  });

  test('an older version is acknowledged as duplicate and not passed on', () => {
    const { client } = rig();
    const reader = client();
    const writer = client();
    put(writer, signed(1, { kind: 0 }));
    reader.say(['REQ', 's', {}]);
    expect(put(writer, signed(1, { kind: 0, created_at: START_S - 1 }))[3]).toMatch(/^duplicate: /);
    expect(reader.take()).toEqual([]);
  });
});

describe('deletion (NIP-09)', () => {
  test('removes what the same author wrote, before or after it comes, and nothing of others', () => {
    const { client } = rig();
    const one = client();
    const [mine, late, theirs] = [signed(1), signed(1, { content: 'late' }), signed(2)];
    put(one, mine);
    put(one, theirs);
    const deletion = signed(1, { kind: 5, tags: [mine, late, theirs].map((event) => ['e', event.id]) });
    expect(put(one, deletion)[2]).toBe(true);
    expect(ids(one, {}).sort()).toEqual([deletion.id, theirs.id].sort());
    for (const gone of [mine, late])
      expect(put(one, gone).slice(2)).toEqual([false, expect.stringMatching(/^blocked: /)]);
    expect(ids(one, { ids: [mine.id, late.id] })).toEqual([]);
    expect(one.say(['COUNT', 'c', { authors: [me] }])).toEqual([['COUNT', 'c', { count: 1 }]]);
  });

  test('stays true after pruning', () => {
    const world = rig();
    const one = world.client();
    const mine = signed(1);
    put(one, mine);
    put(one, signed(1, { kind: 5, tags: [['e', mine.id]] }));
    put(one, signed(2));
    expect(world.relay.store.prune(START_S, 100).removed).toBe(1);
    expect(put(one, mine)[2]).toBe(false);
    expect(world.sql.all('SELECT * FROM event WHERE id = ?', mine.id)).toEqual([]);
  });

  test.each([
    ['addressable', 30_000, [['d', 'x']], `30000:${me}:x`],
    ['replaceable, written with its colon', 10_002, [], `10002:${me}:`],
    ['replaceable, written without', 10_002, [], `10002:${me}`],
  ])(
    'by address removes versions up to its own second and takes newer ones (%s)',
    (_what, kind, tags, address) => {
      const one = rig().client();
      const version = (offset: number) => signed(1, { kind, tags, created_at: START_S + offset });
      put(one, version(-10));
      put(one, signed(1, { kind: 5, created_at: START_S, tags: [['a', address]] }));
      expect(ids(one, { kinds: [kind] })).toEqual([]);
      expect(put(one, version(-5))[3]).toMatch(/^blocked: /);
      expect(put(one, version(0))[2]).toBe(false);
      expect(put(one, version(1))[2]).toBe(true);
      expect(ids(one, { kinds: [kind] })).toEqual([version(1).id]);
    },
  );

  test('of one address leaves others alone that only look alike', () => {
    const one = rig().client();
    put(one, signed(1, { kind: 5, created_at: START_S + 1, tags: [['a', `30000:${me}:x`]] }));
    for (const d of ['x:', '', 'xx'])
      expect(put(one, signed(1, { kind: 30_000, tags: [['d', d]] }))[2]).toBe(true);
    expect(put(one, signed(1, { kind: 30_000, tags: [['d', 'x']] }))[2]).toBe(false);
  });

  test('of an address by somebody else has no effect', () => {
    const one = rig().client();
    const mine = signed(1, { kind: 30_000, tags: [['d', 'x']] });
    put(one, mine);
    put(
      one,
      signed(2, {
        kind: 5,
        created_at: START_S + 1,
        tags: [
          ['a', `30000:${me}:x`],
          ['e', mine.id],
        ],
      }),
    );
    expect(ids(one, { kinds: [30_000] })).toEqual([mine.id]);
  });

  test('of a deletion has no effect', () => {
    const one = rig().client();
    const mine = signed(1);
    const deletion = signed(1, { kind: 5, tags: [['e', mine.id]] });
    put(one, deletion);
    put(one, signed(1, { kind: 5, content: 'undo', tags: [['e', deletion.id]] }));
    expect(ids(one, { kinds: [5] })).toHaveLength(2);
    expect(put(one, mine)[2]).toBe(false);
  });

  test('what was withdrawn for its author stays away, also when somebody has kept a copy', () => {
    const { client, relay } = rig();
    const request = signed(1, { kind: 7001, tags: [['p', me]] });
    const one = client();
    put(one, request);
    relay.store.withdraw([request.id]);
    expect(put(one, request)).toEqual(['OK', request.id, false, 'blocked: its author deleted this event']);
    put(one, signed(2));
    expect(relay.store.prune(START_S, 100).removed).toBe(1);
    expect(put(one, request)[2]).toBe(false);
    expect(ids(one, { ids: [request.id] })).toEqual([]);
  });

  test('a withdrawn request can still be found by the marketplace for a while', () => {
    const { client, relay } = rig();
    const request = signed(1, { kind: 7001, tags: [['p', me]] });
    const one = client();
    put(one, request);
    put(one, signed(1, { kind: 5, tags: [['e', request.id]] }));
    expect(relay.query([{ ids: [request.id] }], 1)).toEqual([]);
    expect(relay.store.find(request.id)?.event).toEqual(request);
  });
});

describe('expiration (NIP-40)', () => {
  test('what has expired is refused, is no longer served, and is removed with its index', () => {
    const world = rig();
    const one = world.client();
    expect(put(one, signed(1, { tags: [['expiration', `${START_S}`]] }))[3]).toMatch(/^invalid: /);
    const brief = signed(1, {
      tags: [
        ['expiration', `${START_S + 10}`],
        ['t', 'x'],
      ],
    });
    put(one, brief);
    const queries = [{}, { ids: [brief.id] }, { authors: [me] }, { kinds: [1] }, { '#t': ['x'] }];
    for (const filter of queries) expect(ids(one, filter)).toEqual([brief.id]);
    world.now_ms += 10_000;
    for (const filter of queries) expect(ids(one, filter)).toEqual([]);
    put(one, signed(2));
    expect(world.relay.store.prune(START_S + 10, 100)).toEqual({ removed: 1, next_s: null });
    expect(world.sql.all('SELECT * FROM tag')).toEqual([]);
  });

  test('a sequence number is never given twice, not even when the newest event was pruned before a restart', () => {
    const world = rig();
    put(world.client(), signed(1, { tags: [['expiration', `${START_S + 1}`]] }));
    world.relay.store.prune(START_S + 2, 100);
    const again = rig({ sql: world.sql });
    put(again.client(), signed(2));
    expect(again.stored[0]?.seq).toBe(2);
  });

  test('a deletion that names an expiration still holds after it', () => {
    const world = rig();
    const one = world.client();
    const mine = signed(1);
    put(
      one,
      signed(1, {
        kind: 5,
        tags: [
          ['e', mine.id],
          ['expiration', `${START_S + 1}`],
        ],
      }),
    );
    put(one, signed(2));
    world.now_ms += 5_000;
    world.relay.store.prune(START_S + 5, 100);
    expect(put(one, mine)[2]).toBe(false);
  });
});

describe('request to vanish (NIP-62)', () => {
  const vanish = (relay: string) => signed(1, { kind: 62, tags: [['relay', relay]] });

  test.each([URL_OF_RELAY, `${URL_OF_RELAY}/`, 'ALL_RELAYS'])(
    'naming %s erases everything up to its second for good',
    (named) => {
      const world = rig();
      const one = world.client();
      const old = signed(1, { created_at: START_S - 5 });
      const wrap = signed(9, { kind: 1059, created_at: START_S - 5, tags: [['p', me]] });
      const deletion = signed(1, { kind: 5, created_at: START_S - 4, tags: [['e', 'f'.repeat(64)]] });
      const later = signed(1, { created_at: START_S + 1 });
      for (const event of [old, wrap, deletion, later]) put(one, event);
      expect(put(one, vanish(named))[2]).toBe(true);
      expect(ids(one, { authors: [me], kinds: [1, 5] })).toEqual([later.id]);
      expect(
        world.sql.all('SELECT json FROM event WHERE id IN (?, ?, ?)', old.id, wrap.id, deletion.id),
      ).toEqual([]);
      for (const event of [old, wrap, deletion]) expect(put(one, event)[3]).toMatch(/^blocked: /);
      put(one, signed(1, { kind: 5, created_at: START_S + 2, tags: [['e', vanish(named).id]] }));
      expect(put(one, old)[2]).toBe(false);
    },
  );

  test('naming another relay is refused and erases nothing', () => {
    const one = rig().client();
    put(one, signed(1));
    expect(put(one, vanish('wss://elsewhere.test'))[3]).toMatch(/^invalid: /);
    expect(ids(one, {})).toHaveLength(1);
  });
});
