/**
 * Goal: whatever the filters, stored answers, live answers and counts are those of NIP-01.
 * Method: random events and filters from a small world (so that they meet), compared with the slowest possible
 * implementation: a list, sorted and filtered. Not proved: cost.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alreadyVerified, type NostrEvent } from '../../src/nostr/event.ts';
import { type Filter, matchesFilter } from '../../src/nostr/filter.ts';
import { rig, START_S, signed } from './rig.ts';

const event = fc
  .record({
    author: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom(1, 7, 5300, 7000),
    age: fc.integer({ min: 0, max: 5 }),
    tags: fc.array(fc.tuple(fc.constantFrom('t', 'p', 'E', 'long'), fc.constantFrom('a', 'b', 'c')), {
      maxLength: 4,
    }),
    content: fc.string({ maxLength: 3 }),
  })
  .map(({ author, kind, age, tags, content }) =>
    signed(author, { kind, created_at: START_S - age, tags, content }),
  );

const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 0 });
const filter = (events: readonly NostrEvent[]): fc.Arbitrary<Filter> =>
  fc.record(
    {
      ids: fc.subarray(events.map(({ id }) => id)),
      authors: some(...[1, 2, 3, 4, 5].map((n) => signed(n).pubkey)),
      kinds: some(1, 7, 5300, 7000, 9),
      since: fc.integer({ min: START_S - 6, max: START_S + 1 }),
      until: fc.integer({ min: START_S - 6, max: START_S + 1 }),
      limit: fc.integer({ min: 0, max: 12 }),
      '#t': some('a', 'b', 'c', 'd'),
      '#p': some('a', 'b'),
      '#E': some('c'),
    },
    { requiredKeys: [] },
  );

const scene = fc.uniqueArray(event, { maxLength: 40, selector: ({ id }) => id }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    filters: fc.array(filter(events), { minLength: 1, maxLength: 3 }),
  }),
);

function expected(events: readonly NostrEvent[], filters: readonly Filter[], limited: boolean): string[] {
  const sorted = events.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
  const found = new Set<NostrEvent>();
  for (const one of filters) {
    const matching = sorted.filter((candidate) => matchesFilter(one, candidate));
    for (const match of matching.slice(0, limited ? (one.limit ?? 500) : 500)) found.add(match);
  }
  return sorted.filter((candidate) => found.has(candidate)).map(({ id }) => id);
}

test('stored, live and counted answers are those of a plain list', () => {
  fc.assert(
    fc.property(scene, ({ events, filters }) => {
      const { client } = rig();
      const [live, writer] = [client(), client()];
      live.say(['REQ', 'live', ...filters]);
      for (const one of events) writer.say(['EVENT', one]);
      const idsOf = (messages: unknown[][]) =>
        messages.flatMap((m) => (m[0] === 'EVENT' ? [(m[2] as NostrEvent).id] : []));
      expect(idsOf(live.take()).sort()).toEqual(expected(events, filters, false).sort());
      const stored = writer.say(['REQ', 'stored', ...filters]);
      expect(idsOf(stored)).toEqual(expected(events, filters, true));
      expect(stored.at(-1)).toEqual(['EOSE', 'stored']);
      expect(writer.say(['COUNT', 'c', ...filters])).toEqual([
        ['COUNT', 'c', { count: expected(events, filters, false).length }],
      ]);
    }),
    { numRuns: 150, seed: 7 },
  );
});

test('thousands of events of one second are paged through without a gap or a repetition', () => {
  const { client, relay } = rig();
  const events = Array.from({ length: 700 }, (_, i) =>
    signed(1 + (i % 3), { kind: 1 + (i % 2), content: `${i}` }),
  );
  relay.publish(events.map(alreadyVerified));
  const all = client().say(['REQ', 's', { since: START_S, until: START_S }]);
  expect(all.filter((m) => m[0] === 'EVENT')).toHaveLength(500);
  expect(client().say(['COUNT', 's', { kinds: [1, 2] }])).toEqual([['COUNT', 's', { count: 700 }]]);
  const ids = all.flatMap((m) => (m[0] === 'EVENT' ? [(m[2] as NostrEvent).id] : []));
  expect(ids).toEqual(
    events
      .map(({ id }) => id)
      .sort()
      .slice(0, 500),
  );
});

describe('a tag that 21,000 events carry', () => {
  // Trusted events are stored unchecked, so that their ids can simply be counted up.
  const world = rig();
  const template = signed(1, { tags: [['t', 'a']] });
  for (let round = 0; round < 70; round++) {
    const events = Array.from({ length: 300 }, (_, i) => ({
      ...template,
      kind: 1 + (i % 2),
      id: (round * 300 + i).toString(16).padStart(64, '0'),
    }));
    world.relay.publish(events.map(alreadyVerified));
  }
  const rare = signed(2, {
    tags: [
      ['t', 'a'],
      ['p', 'x'],
    ],
  });
  world.relay.publish([alreadyVerified(rare)]);

  test.each([
    ['a rarer tag', { '#t': ['a'], '#p': ['x', 'y'] }],
    ['a rarer author', { '#t': ['a'], authors: [rare.pubkey] }],
    ['a rarer author and kind', { '#t': ['a'], authors: [rare.pubkey], kinds: [1] }],
  ])('costs nothing beside %s', (_what, filter) => {
    expect(world.client().say(['REQ', 's', filter])).toEqual([
      ['EVENT', 's', rare],
      ['EOSE', 's'],
    ]);
  });

  test('is refused as too broad where only reading all of it could answer', () => {
    const strangers = Array.from({ length: 1_000 }, (_, i) => i.toString(16).padStart(64, '0'));
    const filter = { '#t': ['a'], authors: strangers, kinds: [1, 2, 3] };
    expect(world.client().say(['REQ', 's', filter])).toEqual([
      ['CLOSED', 's', expect.stringMatching(/^error: the filter reads too much/)],
    ]);
    expect(world.client().say(['REQ', 's', { ...filter, kinds: [3] }])).toEqual([['EOSE', 's']]);
  });

  test('is counted approximately beyond the bound', () => {
    expect(world.client().say(['COUNT', 'c', { '#t': ['a'] }])).toEqual([
      ['COUNT', 'c', { count: 10_000, approximate: true }],
    ]);
  });
});
