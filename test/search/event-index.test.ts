import { expect, test } from 'vitest';
import type { VerifiedEvent } from '../../src/nostr/event.ts';
import { EventIndex } from '../../src/search/event-index.ts';
import type { SearchQuery } from '../../src/search/model.ts';
import { RETENTION } from '../../src/search/retention.ts';
import { person, signedBy } from '../support/events.ts';
import { nodeSql } from '../support/node-sql.ts';

const T0 = 1_700_000_000;
const NOW_MS = (T0 + 1000) * 1000;
const OWN_RELAY = 'wss://relay.example.com';

function fresh(options: { retention?: Partial<typeof RETENTION>; pruneEvery?: number } = {}) {
  const sql = nodeSql();
  const index = new EventIndex(sql, {
    ownRelay: OWN_RELAY,
    retention: { ...RETENTION, ...options.retention },
    ...(options.pruneEvery === undefined ? {} : { pruneEvery: options.pruneEvery }),
  });
  const find = (query: Partial<SearchQuery>) =>
    index
      .search({ subject: 'notes', text: '', limit: 10, now_ms: NOW_MS, ...query })
      .map(({ tag, value }) => [tag, value]);
  return { sql, index, find, take: (...events: VerifiedEvent[]) => index.ingest(events, NOW_MS) };
}

const note = (name: string, content: string, created_at = T0, tags: string[][] = []) =>
  signedBy(name, { kind: 1, content, created_at, tags });
const reaction = (name: string, to: VerifiedEvent, content = '+') =>
  signedBy(name, {
    kind: 7,
    content,
    tags: [
      ['e', to.id],
      ['p', to.pubkey],
    ],
  });
const article = (name: string, title: string, content: string, created_at = T0) =>
  signedBy(name, {
    kind: 30_023,
    content,
    created_at,
    tags: [
      ['d', 'guide'],
      ['title', title],
    ],
  });
const profile = (name: string, fields: object, created_at = T0) =>
  signedBy(name, { kind: 0, content: JSON.stringify(fields), created_at });

test('a note is found by its words, whatever their case and accents, and not by others', () => {
  const { take, find } = fresh();
  const zap = note('alice', 'Café Zaps on Nostr');
  take(zap, note('bob', 'gardening'));
  expect(find({ text: 'nostr ZAPS' })).toEqual([['e', zap.id]]);
  expect(find({ text: 'cafe' })).toEqual([['e', zap.id]]);
  expect(find({ text: 'lightning' })).toEqual([]);
});

test('texts without spaces between words are found by a part of them', () => {
  const { take, find } = fresh();
  const japanese = note('alice', '今日は日本語で話します');
  take(japanese);
  expect(find({ text: '日本語' })).toEqual([['e', japanese.id]]);
  expect(find({ text: '語日' })).toEqual([]);
});

test('all words come first; any word counts only when no text has them all', () => {
  const { take, find } = fresh();
  const both = note('alice', 'red apple');
  const one = note('bob', 'green apple');
  take(both, one);
  expect(find({ text: 'red apple' })).toEqual([['e', both.id]]);
  expect(find({ text: 'yellow apple' })).toHaveLength(2);
});

test.each([
  '"',
  "' OR 1=1 --",
  'zaps"',
  'NEAR(zaps, 2)',
  'zaps*',
  'author:x',
  'title : zaps',
  'zaps AND NOT nostr',
  '-zaps',
  '^zaps',
  '(zaps',
  'zaps OR',
  '{title}',
  '\0zaps',
  '\uD800zaps',
  '*',
  '"" ""',
  'zaps + nostr',
  'note_words',
])('a stranger cannot write a query, only words: %j', (text) => {
  const { take, find } = fresh();
  const stored = note('alice', 'zaps on nostr');
  take(stored);
  // Never an error, and never more than the words say.
  const found = find({ text });
  if (/zaps/.test(text)) expect(found).toEqual([['e', stored.id]]);
});

test('an operator word is a word: NOT and OR are searched for like others', () => {
  const { take, find } = fresh();
  const plain = note('alice', 'zaps');
  const negated = note('bob', 'zaps or not nostr');
  take(plain, negated);
  expect(find({ text: 'zaps NOT nostr' })).toEqual([['e', negated.id]]);
});

test('more attention ranks higher among equal texts, and one key counts once', () => {
  const { take, find } = fresh();
  const first = note('alice', 'zaps for all');
  const second = note('bob', 'zaps for all');
  take(first, second, reaction('c', first), reaction('d', first));
  // Bob's friend reacts ten times, with ten different events.
  take(...Array.from({ length: 10 }, (_, i) => reaction('e', second, `+${i}`)));
  expect(find({ text: 'zaps' })).toEqual([
    ['e', first.id],
    ['e', second.id],
  ]);
});

test('a vote for oneself and a dislike count nothing', () => {
  const { take, index } = fresh();
  const own = note('alice', 'zaps');
  take(own);
  const before = index.search({ subject: 'notes', text: 'zaps', limit: 1, now_ms: NOW_MS });
  take(
    reaction('alice', own),
    reaction('bob', own, '-'),
    signedBy('alice', { kind: 7, content: '+', tags: [['e', own.id]] }),
  );
  expect(index.search({ subject: 'notes', text: 'zaps', limit: 1, now_ms: NOW_MS })).toEqual(before);
});

test('votes seen before their note count when it comes', () => {
  const early = fresh();
  const late = fresh();
  const loved = note('alice', 'zaps');
  const other = note('bob', 'zaps');
  const votes = [reaction('c', loved), reaction('d', loved)];
  early.take(...votes, other, loved);
  late.take(other, loved, ...votes);
  expect(early.find({ text: 'zaps' })[0]).toEqual(['e', loved.id]);
  expect(early.find({})).toEqual(late.find({}));
});

test('taking the same events again, and in another order, changes nothing', () => {
  const events = [
    note('alice', 'zaps one'),
    note('bob', 'zaps two', T0 + 5),
    profile('alice', { name: 'alice' }),
    article('carol', 'Guide', 'zaps three'),
  ];
  const votes = events.slice(0, 2).flatMap((event) => [reaction('x', event), reaction('y', event)]);
  const forwards = fresh();
  forwards.take(...events, ...votes);
  const backwards = fresh();
  backwards.take(...[...events, ...votes].reverse());
  backwards.take(...events, ...votes, ...events);
  for (const query of [{ text: 'zaps' }, {}, { subject: 'people' as const, text: 'ali' }]) {
    const scores = (index: EventIndex) =>
      index.search({ subject: 'notes', text: '', limit: 10, now_ms: NOW_MS, ...query });
    expect(scores(backwards.index)).toEqual(scores(forwards.index));
    expect(scores(forwards.index).length).toBeGreaterThan(0);
  }
});

test('a newer profile or article takes the place of the older, and never the other way round', () => {
  const { take, find } = fresh();
  take(profile('alice', { name: 'Newname' }, T0 + 10), profile('alice', { name: 'Oldname' }, T0));
  take(article('alice', 'First', 'apples', T0), article('alice', 'Second', 'pears', T0 + 10));
  expect(find({ subject: 'people', text: 'oldname' })).toEqual([]);
  expect(find({ subject: 'people', text: 'newn' })).toEqual([['p', person('alice').publicKey]]);
  expect(find({ text: 'apples' })).toEqual([]);
  expect(find({ text: 'second' })).toEqual([['a', `30023:${person('alice').publicKey}:guide`]]);
});

test('a profile that is no JSON, or not of text, is stored without words', () => {
  const { take, find } = fresh();
  take(
    signedBy('alice', { kind: 0, content: '{broken' }),
    signedBy('bob', { kind: 0, content: '{"name": 7, "__proto__": {"about": "bob"}}' }),
    signedBy('carol', { kind: 0, content: '["carol"]' }),
  );
  expect(find({ subject: 'people', text: 'bob' })).toEqual([]);
  expect(find({ subject: 'people' })).toHaveLength(3);
});

test('only the author takes a note back, before or after it came', () => {
  const { take, find } = fresh();
  const kept = note('alice', 'zaps kept');
  const gone = note('alice', 'zaps gone', T0 + 1);
  const never = note('alice', 'zaps never', T0 + 2);
  const deletion = (by: string, of: VerifiedEvent) =>
    signedBy(by, { kind: 5, tags: [['e', of.id]], created_at: T0 + 9 });
  take(kept, gone, deletion('mallory', kept), deletion('alice', gone), deletion('alice', never), never, gone);
  expect(find({ text: 'zaps' })).toEqual([['e', kept.id]]);
});

test('an address is taken back up to the deletion; a later version lives', () => {
  const { take, find } = fresh();
  const address = `30023:${person('alice').publicKey}:guide`;
  take(
    article('alice', 'Guide', 'zaps', T0),
    signedBy('alice', { kind: 5, tags: [['a', address]], created_at: T0 + 5 }),
  );
  expect(find({ text: 'zaps' })).toEqual([]);
  take(article('alice', 'Guide', 'zaps', T0 + 5));
  expect(find({ text: 'zaps' })).toEqual([]);
  take(article('alice', 'Guide', 'zaps', T0 + 6));
  expect(find({ text: 'zaps' })).toEqual([['a', address]]);
});

test('a reaction taken back counts no more', () => {
  const { take, index } = fresh();
  const zap = note('alice', 'zaps');
  take(zap);
  const score = () => index.search({ subject: 'notes', text: 'zaps', limit: 1, now_ms: NOW_MS })[0]?.score;
  const before = score();
  const like = reaction('bob', zap);
  take(like);
  expect(score()).toBeGreaterThan(before ?? 0);
  take(signedBy('bob', { kind: 5, tags: [['e', like.id]] }));
  expect(score()).toBe(before);
});

test('a sender’s largest zap counts, whichever comes first, and nobody takes a zap back', () => {
  const zapped = note('alice', 'zaps');
  const zap = (sats: number) => {
    const invoice = `lnbc${sats * 10}n1pjxyz`;
    const tags = [
      ['p', zapped.pubkey],
      ['e', zapped.id],
      ['amount', String(sats * 1000)],
    ];
    const description = JSON.stringify(signedBy('fan', { kind: 9734, tags }));
    return signedBy('provider', {
      kind: 9735,
      tags: [
        ['p', zapped.pubkey],
        ['bolt11', invoice],
        ['description', description],
      ],
    });
  };
  const tallied = (...events: VerifiedEvent[]) => {
    const { take, sql } = fresh();
    take(zapped, ...events);
    return sql.all('SELECT zappers, zap_sats FROM tallies');
  };
  expect(tallied(zap(21), zap(500), zap(100), zap(500))).toEqual([{ zappers: 1, zap_sats: 500 }]);
  expect(tallied(zap(500), zap(21))).toEqual([{ zappers: 1, zap_sats: 500 }]);
  const taken = [
    zap(21),
    signedBy('provider', { kind: 5, tags: [['e', zap(21).id]] }),
    signedBy('fan', { kind: 5, tags: [['e', zap(21).id]] }),
  ];
  expect(tallied(...taken)).toEqual([{ zappers: 1, zap_sats: 21 }]);
});

test('a request to vanish removes what its author wrote and said, where it names this relay', () => {
  const { take, find, index } = fresh();
  const zap = note('bob', 'zaps');
  take(zap, note('alice', 'zaps'), profile('alice', { name: 'alice' }), reaction('alice', zap));
  const vanish = (relay: string) =>
    signedBy('alice', { kind: 62, tags: [['relay', relay]], created_at: T0 + 9 });
  take(vanish('wss://elsewhere.example'));
  expect(find({ text: 'zaps' })).toHaveLength(2);
  const loved = index.search({ subject: 'notes', text: 'zaps', limit: 1, now_ms: NOW_MS })[0]?.score ?? 0;
  take(vanish(`${OWN_RELAY}/`), note('alice', 'zaps'));
  expect(find({ text: 'zaps' })).toEqual([['e', zap.id]]);
  expect(find({ subject: 'people' })).toEqual([]);
  expect(index.search({ subject: 'notes', text: 'zaps', limit: 1, now_ms: NOW_MS })[0]?.score).toBeLessThan(
    loved,
  );
});

test('authors, since and until narrow a search, with words and without', () => {
  const { take, find } = fresh();
  const old = note('alice', 'zaps', T0 - 100);
  const young = note('alice', 'zaps', T0);
  const others = note('bob', 'zaps', T0);
  take(old, young, others);
  for (const text of ['zaps', '']) {
    const ids = (query: Partial<SearchQuery>) => new Set(find({ text, ...query }).map(([, id]) => id));
    expect(ids({ authors: [person('alice').publicKey] })).toEqual(new Set([old.id, young.id]));
    expect(ids({ since_s: T0 })).toEqual(new Set([young.id, others.id]));
    expect(ids({ until_s: T0 - 1 })).toEqual(new Set([old.id]));
    expect(ids({ since_s: T0 - 100, until_s: T0 - 100 })).toEqual(new Set([old.id]));
    expect(ids({ since_s: T0, until_s: T0 - 1 })).toEqual(new Set());
    expect(ids({ authors: [] })).toEqual(new Set());
  }
});

test('without words, attention of the last day beats more attention of long ago, and replies stay out', () => {
  const { take, find } = fresh();
  const old = note('alice', 'famous', T0 - 30 * 86_400);
  const young = note('bob', 'new');
  const answer = note('carol', 'a reply', T0, [['e', old.id, '', 'root']]);
  take(old, young, answer, ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => reaction(name, old)));
  expect(find({})).toEqual([
    ['e', young.id],
    ['e', old.id],
  ]);
  expect(find({ text: 'reply' })).toEqual([['e', answer.id]]);
});

test('what the viewer follows ranks first, beyond the page everybody sees', () => {
  const { take, find } = fresh();
  const crowd = Array.from({ length: 20 }, (_, i) => note(`stranger ${i}`, 'hello', T0 + i));
  const friend = note('friend', 'hello', T0 - 3600);
  const list = signedBy('me', { kind: 3, tags: [['p', person('friend').publicKey]] });
  take(...crowd, friend, list);
  expect(find({ limit: 5 })).not.toContainEqual(['e', friend.id]);
  expect(find({ limit: 5, viewer: person('me').publicKey })[0]).toEqual(['e', friend.id]);
  expect(find({ limit: 50, viewer: person('me').publicKey })).toHaveLength(21);
});

test('people rank by who follows them; an older list does not undo a newer one', () => {
  const { take, find } = fresh();
  const real = person('real jack').publicKey;
  const fake = person('fake jack').publicKey;
  const follow = (name: string, whom: string[], created_at: number) =>
    signedBy(name, { kind: 3, created_at, tags: whom.map((key) => ['p', key]) });
  take(profile('real jack', { name: 'jack' }), profile('fake jack', { name: 'jack' }, T0 + 50));
  take(follow('a', [real], T0), follow('b', [real], T0), follow('c', [fake], T0));
  expect(find({ subject: 'people', text: 'jack' })).toEqual([
    ['p', real],
    ['p', fake],
  ]);
  take(follow('a', [fake], T0 + 5), follow('b', [fake], T0 + 5), follow('a', [real], T0 + 1));
  expect(find({ subject: 'people', text: 'jack' })[0]).toEqual(['p', fake]);
});

test('what claims to come from the future gets no place for it', () => {
  const { take, find } = fresh();
  const honest = note('alice', 'zaps', T0 + 999);
  const liar = note('mallory', 'zaps', T0 + 86_400 * 365);
  take(liar, honest, reaction('bob', honest));
  expect(find({})[0]).toEqual(['e', honest.id]);
});

test('beyond its limits the index forgets the coldest first', () => {
  const { take, find, sql } = fresh({ retention: { notes: 3, votes: 2 }, pruneEvery: 1 });
  const notes = Array.from({ length: 6 }, (_, i) => note('alice', 'zaps', T0 + i));
  const [oldest] = notes;
  if (oldest === undefined) throw new Error('no note');
  take(oldest, reaction('a', oldest), reaction('b', oldest), reaction('c', oldest));
  for (const event of notes.slice(1)) take(event);
  const found = find({ text: 'zaps' }).map(([, id]) => id);
  expect(found).toHaveLength(3);
  expect(found).toContain(oldest.id);
  expect(found).not.toContain(notes[1]?.id);
  expect(sql.all('SELECT count(*) AS n FROM votes')).toEqual([{ n: 2 }]);
  expect(sql.all('SELECT count(*) AS n FROM note_words WHERE note_words MATCH ?', '"zaps"')).toEqual([
    { n: 3 },
  ]);
});

test('notes too old are not kept, people are', () => {
  const { take, find } = fresh({ retention: { maxAge_s: 1_000 }, pruneEvery: 1 });
  take(note('alice', 'zaps', T0 - 100_000), profile('alice', { name: 'alice' }, T0 - 100_000));
  expect(find({ text: 'zaps' })).toEqual([]);
  expect(find({ subject: 'people', text: 'alice' })).toHaveLength(1);
});

test('a batch is stored whole or not at all', () => {
  const { sql, find } = fresh();
  let writes = 0;
  const failing = {
    ...sql,
    run: (
      query: string,
      ...parameters: Parameters<typeof sql.run> extends [string, ...infer Rest] ? Rest : never
    ) => {
      if (query.startsWith('INSERT INTO documents') && ++writes === 2) throw new Error('disk full');
      return sql.run(query, ...parameters);
    },
  };
  const index = new EventIndex(failing, { ownRelay: OWN_RELAY });
  expect(() => index.ingest([note('alice', 'zaps'), note('bob', 'zaps')], NOW_MS)).toThrow('disk full');
  expect(find({ text: 'zaps' })).toEqual([]);
});

test('the limit is kept, and three hundred notes of one second are all there', () => {
  const { take, find } = fresh();
  take(...Array.from({ length: 300 }, (_, i) => note('alice', `zaps ${i}`)));
  expect(find({ text: 'zaps', limit: 500 })).toHaveLength(300);
  expect(find({ text: 'zaps', limit: 7 })).toHaveLength(7);
  expect(find({ text: 'zaps', limit: 0 })).toEqual([]);
});
