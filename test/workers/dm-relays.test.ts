/**
 * Goal: a message goes where its client has messages. Method: the real embedded relay; links to outside relays are a
 * double that counts what it is asked.
 */
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import type { NostrEvent } from '../../src/nostr/event.ts';
import type { Filter } from '../../src/nostr/filter.ts';
import { dmRelaysOf } from '../../workers/dm-relays.ts';
import type { Env } from '../../workers/env.ts';
import { person, signedBy } from '../support/events.ts';

const RELAY = 'wss://outside.test';
const lists: NostrEvent[] = [];
let asked: string[] = [];
let down = false;

/** A marketplace that follows one relay. The environment is another object, so it has a configuration of its own. */
const marketplace = (config: Readonly<Record<string, string>>): Env =>
  new Proxy(
    { ...env, RELAYS: RELAY, ...config },
    {
      get: (target, name) =>
        name === 'LINKS'
          ? {
              getByName: () => ({
                query: async (url: string, filters: readonly Filter[]) => {
                  asked.push(`${url} ${filters[0]?.kinds}`);
                  if (down) throw new Error('the object is away');
                  return lists.filter(({ kind, pubkey }) =>
                    filters.some((one) => one.kinds?.includes(kind) && one.authors?.includes(pubkey)),
                  );
                },
              }),
            }
          : Reflect.get(target, name),
    },
  );
const following = marketplace({});
const deployed = marketplace({
  LOCAL: '0',
  PUBLIC_URL: 'https://market.test',
  MASTER_SECRET: '1'.repeat(64),
});

const of = (name: string, via?: string) => dmRelaysOf(following, person(name).publicKey, via);
const list = (name: string, urls: readonly string[], created_at = 1_700_000_000) =>
  signedBy(name, { kind: 10_050, created_at, tags: urls.map((url) => ['relay', url]) });
const publish = (...events: NostrEvent[]) => env.RELAY.getByName('main').publish(events);

beforeEach(() => {
  asked = [];
  lists.length = 0;
  down = false;
});

test("a client's own list counts, and nobody outside is asked when it is known here", async () => {
  await publish(list('ann', ['wss://inbox.test/', 'ws://relay.test', 'wss://second.test']));
  expect(await of('ann')).toEqual(['wss://inbox.test', 'embedded', 'wss://second.test']);
  expect(asked).toEqual([]);
});

test('a list known outside is found there, the newest of several, and remembered', async () => {
  lists.push(list('ben', ['wss://old.test'], 1_600_000_000), list('ben', ['wss://new.test']));
  expect(await of('ben', 'wss://asked.test')).toEqual(['wss://new.test']);
  expect(asked).toEqual([`${RELAY} 10050`, 'wss://asked.test 10050']);
  expect(await of('ben')).toEqual(['wss://new.test']);
  expect(asked).toHaveLength(2);
});

test('without a list, messages go where the client reads, and to the embedded relay', async () => {
  await publish(
    signedBy('cat', {
      kind: 10_002,
      tags: [
        ['r', 'wss://reads.test'],
        ['r', 'wss://writes.test', 'write'],
      ],
    }),
  );
  expect(await of('cat')).toEqual(['wss://reads.test', 'embedded']);
  expect(await of('nobody')).toEqual(['embedded']);
});

test('what nobody could be asked about is not remembered', async () => {
  down = true;
  expect(await of('dan')).toEqual(['embedded']);
  down = false;
  lists.push(list('dan', ['wss://inbox.test']));
  expect(await of('dan')).toEqual(['wss://inbox.test']);
});

test('a message goes to few relays, and to none that is no relay', async () => {
  const urls = Array.from({ length: 9 }, (_, n) => `wss://r${n}.test`);
  await publish(list('eve', ['https://web.test', ...urls]));
  expect(await of('eve')).toEqual(urls.slice(0, 5));
  await publish(list('fay', ['https://web.test']));
  expect(await of('fay')).toEqual(['embedded']);
});

test('a deployed marketplace dials no private address for a client, and knows itself by its public one', async () => {
  const urls = ['wss://127.0.0.1', 'ws://plain.example.com', 'wss://market.test', 'wss://inbox.example.com'];
  await publish(list('gus', urls));
  const gus = await dmRelaysOf(deployed, person('gus').publicKey);
  expect(gus).toEqual(['embedded', 'wss://inbox.example.com']);
});
