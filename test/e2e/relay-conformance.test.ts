/**
 * Goal: the embedded relay says what the NIPs of PROTOCOL §9 say, over real sockets.
 * Method: the started service and raw frames, so that nothing a client library forgives is forgiven here.
 * Absence is proved by a barrier on the same socket, never by waiting.
 * Not proved: behaviour of the deployed platform, and hibernation (test/workers).
 */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type EventTemplate, type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import { authTemplate } from '../../src/nostr/nip42.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
const open: RawClient[] = [];
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(service.relay);
  open.push(client);
  return client;
}

const now_s = () => Math.floor(Date.now() / 1_000);

/** A fresh author, so that tests do not meet in the one store of the service. */
function author() {
  const secret = new Uint8Array(randomBytes(32));
  return {
    pubkey: publicKeyOf(secret),
    sign: (template: Partial<EventTemplate> = {}): NostrEvent =>
      signEvent({ kind: 1, created_at: now_s(), tags: [], content: '', ...template }, secret),
    auth: (challenge: string, url = service.relay) =>
      signEvent(authTemplate(challenge, url, now_s()), secret),
  };
}

const ids = (events: NostrEvent[] | string) =>
  typeof events === 'string' ? events : events.map(({ id }) => id);
const refused = (prefix: string) => [false, expect.stringMatching(new RegExp(`^${prefix}: `))];

describe('NIP-01', () => {
  test('publish, subscribe, stored, EOSE, live, CLOSE', async () => {
    const [reader, writer, anna] = [await connect(), await connect(), author()];
    const stored = [1, 2, 3].map((i) =>
      anna.sign({ created_at: now_s() - i, content: 'ünïcode "\\\n\u2028☃' }),
    );
    for (const event of stored) expect(await writer.publish(event)).toEqual([true, '']);
    expect(await reader.request('s', { authors: [anna.pubkey] })).toEqual(stored);
    expect(ids(await writer.request('s', { authors: [anna.pubkey], limit: 2 }))).toEqual(
      ids(stored.slice(0, 2)),
    );
    const live = anna.sign({ kind: 20_001, tags: [['e', 'x']] });
    expect(await writer.publish(live)).toEqual([true, '']);
    await reader.settle();
    expect(reader.events('s')).toEqual([live]);
    reader.send('CLOSE', 's');
    await reader.settle();
    expect(await writer.publish(anna.sign({ content: 'unheard' }))).toEqual([true, '']);
    await reader.settle();
    expect(reader.events('s')).toEqual([]);
  });

  test('answers every kind of filter, alone and together', async () => {
    const [client, anna, bert] = [await connect(), author(), author()];
    const t = anna.pubkey.slice(0, 12);
    const a = anna.sign({
      created_at: now_s() - 3,
      tags: [
        ['t', t],
        ['p', bert.pubkey],
      ],
    });
    const b = anna.sign({
      kind: 7,
      created_at: now_s() - 2,
      tags: [
        ['t', t],
        ['t', `${t}2`],
        ['long', 'x'],
      ],
    });
    const c = bert.sign({ created_at: now_s() - 1, tags: [['t', t]] });
    for (const event of [a, b, c]) await client.publish(event);
    const cases: [object[], NostrEvent[]][] = [
      [[{ ids: [a.id, c.id] }], [c, a]],
      [[{ '#t': [t] }], [c, b, a]],
      [[{ '#t': [t], kinds: [1] }], [c, a]],
      [[{ '#t': [t], authors: [bert.pubkey] }], [c]],
      [[{ '#t': [t], '#p': [bert.pubkey] }], [a]],
      [[{ '#t': [t], since: c.created_at }], [c]],
      [[{ '#t': [t], until: a.created_at }], [a]],
      [
        [{ '#t': [`${t}2`] }, { ids: [a.id] }],
        [b, a],
      ],
      [[{ '#t': [t], limit: 0 }], []],
      [[{ '#t': [t], kinds: [] }], []],
    ];
    for (const [filters, expected] of cases)
      expect(ids(await client.request('q', ...filters)), JSON.stringify(filters)).toEqual(ids(expected));
    expect(await client.request('q', { '#long': ['x'] })).toMatch(/^invalid: /);
    expect(await client.request('q', { search: 'x' })).toMatch(/^invalid: /);
  });

  test('refuses what is not signed as it says, and says duplicate of what it has', async () => {
    const [client, anna] = [await connect(), author()];
    const event = anna.sign({ content: 'x' });
    expect(await client.publish({ ...event, content: 'y' })).toEqual(refused('invalid'));
    expect(await client.publish({ ...event, sig: '0'.repeat(128) })).toEqual(refused('invalid'));
    expect(await client.publish(event)).toEqual([true, '']);
    expect(await client.publish(event)).toEqual([true, expect.stringMatching(/^duplicate: /)]);
    expect(await client.publish(anna.sign({ created_at: now_s() + 3_600 }))).toEqual(refused('invalid'));
  });

  test('keeps one version of what is replaceable, of one second the lowest id', async () => {
    const [client, anna] = [await connect(), author()];
    const version = (age: number, content = '') =>
      anna.sign({ kind: 30_001, created_at: now_s() - age, content, tags: [['d', 'x']] });
    const [old, fresh] = [version(100), version(50)];
    await client.publish(fresh);
    expect((await client.publish(old))[1]).toMatch(/^duplicate: /);
    expect(ids(await client.request('q', { authors: [anna.pubkey] }))).toEqual([fresh.id]);
    const at = now_s();
    const twins = ['a', 'b']
      .map((content) => anna.sign({ kind: 30_001, created_at: at, content, tags: [['d', 'x']] }))
      .sort((x, y) => (x.id < y.id ? -1 : 1));
    for (const twin of twins.toReversed()) await client.publish(twin);
    expect(ids(await client.request('q', { authors: [anna.pubkey] }))).toEqual([twins[0]?.id]);
  });
});

describe('NIP-09, 40, 45, 62', () => {
  test('a deletion removes its author’s events for good and nobody else’s', async () => {
    const [client, anna, bert] = [await connect(), author(), author()];
    const [mine, theirs] = [anna.sign(), bert.sign()];
    for (const event of [mine, theirs]) await client.publish(event);
    await client.publish(
      anna.sign({
        kind: 5,
        tags: [
          ['e', mine.id],
          ['e', theirs.id],
        ],
      }),
    );
    expect(ids(await client.request('q', { ids: [mine.id, theirs.id] }))).toEqual([theirs.id]);
    expect(await client.publish(mine)).toEqual(refused('blocked'));
  });

  test('an event that expires is served until then and not after', async () => {
    const [client, anna] = [await connect(), author()];
    const event = anna.sign({ tags: [['expiration', `${now_s() + 3}`]] });
    await client.publish(event);
    const stored = async () => ids(await client.request('q', { ids: [event.id] }));
    expect(await stored()).toEqual([event.id]);
    await expect.poll(stored, { timeout: 10_000 }).toEqual([]);
    expect(await client.publish(anna.sign({ tags: [['expiration', `${now_s() - 1}`]] }))).toEqual(
      refused('invalid'),
    );
  });

  test('COUNT counts, and is refused as REQ would be', async () => {
    const [client, anna] = [await connect(), author()];
    for (let i = 0; i < 3; i++) await client.publish(anna.sign({ content: `${i}` }));
    client.send('COUNT', 'c', { authors: [anna.pubkey], limit: 1 });
    expect(await client.take(([type]) => type === 'COUNT', 'COUNT')).toEqual(['COUNT', 'c', { count: 3 }]);
    client.send('COUNT', 'd', { kinds: [1_059] });
    expect((await client.take(([type]) => type === 'CLOSED', 'CLOSED'))[2]).toMatch(/^auth-required: /);
  });

  test('a request to vanish erases its author, when it names this relay', async () => {
    const [client, anna] = [await connect(), author()];
    const event = anna.sign({ created_at: now_s() - 5 });
    const vanish = (relay: string) => anna.sign({ kind: 62, tags: [['relay', relay]] });
    await client.publish(event);
    expect(await client.publish(vanish('wss://elsewhere.test'))).toEqual(refused('invalid'));
    expect(ids(await client.request('q', { ids: [event.id] }))).toEqual([event.id]);
    expect(await client.publish(vanish(service.relay))).toEqual([true, '']);
    expect(await client.request('q', { ids: [event.id] })).toEqual([]);
    expect(await client.publish(event)).toEqual(refused('blocked'));
  });
});

describe('NIP-11, 42, 59, 70', () => {
  test('the information document states the limits that hold', async () => {
    const response = await fetch(service.url, { headers: { accept: 'application/nostr+json' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const { supported_nips, limitation } = JSON.parse(await response.text());
    expect(supported_nips).toEqual([1, 9, 11, 13, 17, 40, 42, 45, 59, 62, 70]);
    const [client, anna] = [await connect(), author()];
    const tagged = (n: number) => anna.sign({ tags: Array.from({ length: n }, () => ['x']) });
    expect(await client.publish(tagged(limitation.max_event_tags))).toEqual([true, '']);
    expect(await client.publish(tagged(limitation.max_event_tags + 1))).toEqual(refused('invalid'));
    for (let i = 0; i < limitation.max_subscriptions; i++)
      expect(await client.request(`s${i}`, { kinds: [9], limit: 0 })).toEqual([]);
    expect(await client.request('more', { kinds: [9] })).toMatch(/^restricted: /);
    client.send('REQ', 'n'.repeat(limitation.max_subid_length + 1), {});
    expect((await client.take(([type]) => type === 'NOTICE', 'NOTICE'))[1]).toMatch(/^invalid: /);
  });

  test('AUTH needs this connection’s challenge and this relay', async () => {
    const [one, two, anna] = [await connect(), await connect(), author()];
    const challenge = await one.challenge();
    expect(await two.challenge()).not.toBe(challenge);
    expect(await two.publish(anna.auth(challenge), 'AUTH')).toEqual(refused('invalid'));
    expect(await one.publish(anna.auth(challenge, 'wss://elsewhere.test'), 'AUTH')).toEqual(
      refused('invalid'),
    );
    expect(await one.publish(anna.auth(challenge), 'AUTH')).toEqual([true, '']);
    expect(await one.publish(author().auth(challenge), 'AUTH')).toEqual([true, '']);
    expect(await one.publish(anna.auth(challenge))).toEqual(refused('invalid'));
  });

  test('gift wraps reach their recipient only', async () => {
    const [anna, eve] = [author(), author()];
    const [mine, hers] = [await connect(), await connect()];
    expect(await mine.request('w', { kinds: [1_059] })).toMatch(/^auth-required: /);
    await mine.publish(anna.auth(await mine.challenge()), 'AUTH');
    await hers.publish(eve.auth(await hers.challenge()), 'AUTH');
    const filter = { kinds: [1_059], '#p': [anna.pubkey] };
    expect([await mine.request('w', filter), await hers.request('w', filter)]).toEqual([[], []]);
    const wrap = author().sign({ kind: 1_059, tags: [['p', anna.pubkey]] });
    expect(await (await connect()).publish(wrap)).toEqual([true, '']);
    await Promise.all([mine.settle(), hers.settle()]);
    expect([mine.events('w'), hers.events('w')]).toEqual([[wrap], []]);
    expect([await mine.request('x', filter), await hers.request('x', filter)]).toEqual([[wrap], []]);
  });

  test('protected events are taken from their author only', async () => {
    const [anna, eve, client] = [author(), author(), await connect()];
    const guarded = anna.sign({ tags: [['-']] });
    const challenge = await client.challenge();
    expect(await client.publish(guarded)).toEqual(refused('auth-required'));
    await client.publish(eve.auth(challenge), 'AUTH');
    expect(await client.publish(guarded)).toEqual(refused('restricted'));
    await client.publish(anna.auth(challenge), 'AUTH');
    expect(await client.publish(guarded)).toEqual([true, '']);
  });
});
