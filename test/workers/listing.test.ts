/**
 * Goal: an agent that was listed in another isolate is found by whoever needs it, without a query for each event or job; and
 * whoever keeps the list goes on when the database is away.
 *
 * Method: listings are written to D1 behind the back of this isolate, by the desk alone; the real objects are then asked. What
 * is asked of D1 is counted by a binding around the real one.
 *
 * Does not prove two isolates side by side, which a test cannot start.
 */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sessionName } from '../../src/protocol/route.ts';
import { openDb } from '../../src/store/db.ts';
import { concerns } from '../../workers/dispatch.ts';
import type { Env } from '../../workers/env.ts';
import { freshListings, isStale, knownListings } from '../../workers/listings.ts';
import { findAgent, marketplaceOf } from '../../workers/marketplace.ts';
import { person, signedBy } from '../support/events.ts';
import { listingDouble } from '../support/listing-double.ts';

const OWNER = person('owner').publicKey;
const CLIENT = person('client').publicKey;

const desk = () => listingDouble(openDb(env.DB), { config: marketplaceOf(env).config, clock: Date.now });

/** Listed where nobody here hears of it. */
async function listedElsewhere(slug: string): Promise<string> {
  const row = await desk().desk.list(OWNER, {
    ...{ slug, name: slug, description: 'Runs programs.', runtime: 'code', example: '{}' },
  });
  return row.pubkey;
}

function request(agent: string, words: string) {
  const program = { language: 'javascript', program: 'function f() { return 1 }', input: '[]', words };
  const body = JSON.stringify({ messages: [{ role: 'user', content: JSON.stringify(program) }] });
  const created_at = Math.floor(Date.now() / 1_000);
  return signedBy('client', {
    kind: 7001,
    created_at,
    tags: [
      ['p', agent],
      ['request', body],
    ],
  });
}

/** The same environment to code that knows nothing yet, and what it asks of D1. */
function counted(fails = () => false): { readonly env: Env; readonly asked: string[] } {
  const asked: string[] = [];
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name).bind(target);
      return (query: string) => {
        asked.push(query);
        if (fails()) throw new Error('D1 is away');
        return target.prepare(query);
      };
    },
  });
  return { env: { ...env, DB }, asked };
}

test('a session of an agent that was listed a moment ago elsewhere finds it', async () => {
  const agent = await listedElsewhere('far-away');
  expect(marketplaceOf(env).agentByPubkey(agent)).toBeUndefined();
  const event = request(agent, 'first');
  const session = env.SESSION.getByName(sessionName(agent, CLIENT, null));
  await session.open({ event, via: 'embedded', authenticated: [] });
  expect(await session.record(event.id)).toMatchObject({ agent: 'far-away', client: CLIENT });
});

test('an agent that is nowhere is nobody', async () => {
  expect(await findAgent(env, person('nobody').publicKey)).toBeUndefined();
});

test('the relay hands on events for it as soon as it is told', async () => {
  const agent = await listedElsewhere('next-door');
  const relay = env.RELAY.getByName('main');
  await relay.listingsChanged();
  const event = request(agent, 'in time');
  await relay.publish([event]);
  const session = env.SESSION.getByName(sessionName(agent, CLIENT, null));
  await expect.poll(() => session.record(event.id)).toMatchObject({ agent: 'next-door' });
});

test('what its owner changes counts for the next job; deleted, it answers that it is gone', async () => {
  const agent = await listedElsewhere('changing');
  const session = env.SESSION.getByName(sessionName(agent, CLIENT, null));
  const first = request(agent, 'one');
  await session.open({ event: first, via: 'embedded', authenticated: [] });
  await desk().changes.remove('changing', OWNER);
  // Tells the isolate of the objects, which the test's own environment is not.
  await env.RELAY.getByName('main').listingsChanged();
  const second = request(agent, 'two');
  await session.open({ event: second, via: 'embedded', authenticated: [] });
  expect(await session.record(second.id)).toMatchObject({ phase: 'rejected', error: 'NOT_FOUND' });
  expect(await session.record(first.id)).not.toMatchObject({ error: 'NOT_FOUND' });
});

test('neither events nor jobs cost a query: one look serves all of them for some seconds', async () => {
  const { env: fresh, asked } = counted();
  const discover = marketplaceOf(env).agentBySlug('discover')?.pubkey ?? '';
  for (let n = 0; n < 1_000; n++) {
    await freshListings(fresh);
    concerns(fresh, request(discover, 'free'));
    await findAgent(fresh, discover);
  }
  expect(asked.filter((query) => query.includes('listings'))).toHaveLength(1);
  expect(asked).toHaveLength(1);
  expect(knownListings(fresh).size).toBeGreaterThan(0);
});

test('goes on with what is known while the database is away', async () => {
  let away = false;
  const { env: fresh } = counted(() => away);
  await freshListings(fresh);
  const before = knownListings(fresh);
  away = true;
  await freshListings(fresh, 0);
  expect(knownListings(fresh)).toBe(before);
  expect(isStale(fresh)).toBe(false);
  expect(marketplaceOf(fresh).agentBySlug('discover')).toBeDefined();
});
