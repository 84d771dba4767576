/**
 * Goal: the durable object of the links works over real sockets against a relay nobody here wrote: requests reach
 * their session, answers are acknowledged, authentication is given, what was posted while the object was gone is
 * found, and a hostile relay beside it stops nothing.
 *
 * Method: relays in Node on loopback (relay-door.ts), the object in workerd, aborted and woken by its alarm.
 *
 * What it does not prove: hibernation, the production pin of outbound sockets, and deploys (PLATFORM B3).
 */
import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, inject, test, vi } from 'vitest';
import { linkObjectName } from '../../src/link/shard.ts';
import { type EventTemplate, type NostrEvent, signEvent, type VerifiedEvent } from '../../src/nostr/event.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { MISDEEDS } from '../support/hostile-script.ts';
import type { RelayOrder } from '../support/relay-door.ts';

const CLIENT = new Uint8Array(32).fill(9);
const agent = () => {
  const found = marketplaceOf(env).agentBySlug('discover');
  if (found === undefined) throw new Error('no discover agent');
  return found;
};

async function relays<T>(order: RelayOrder): Promise<T> {
  const response = await fetch(inject('relayDoor'), { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

function event(template: Partial<EventTemplate>): VerifiedEvent {
  return signEvent(
    { kind: 1, created_at: Math.floor(Date.now() / 1_000), tags: [], content: '', ...template },
    CLIENT,
  );
}

/** A request the discover agent answers in an instant, made `age_s` seconds ago. */
function request(text: string, age_s = 0): VerifiedEvent {
  return event({
    kind: 5302,
    created_at: Math.floor(Date.now() / 1_000) - age_s,
    tags: [
      ['i', text, 'text'],
      ['p', agent().pubkey],
    ],
  });
}

/** Results of a job at a relay. */
function answers(url: string, id: string): Promise<NostrEvent[]> {
  return relays({ do: 'stored', url, filter: { kinds: [6302], '#e': [id] } });
}

const WAIT = { timeout: 20_000, interval: 50 };
const links = (name: string) => env.LINKS.getByName(name);

/** The same object as the test tools want it: the Worker's own types only know its methods. */
function stubOf(name: string): DurableObjectStub {
  const stub: unknown = links(name);
  if (!isStub(stub)) throw new Error('not a durable object');
  return stub;
}

function isStub(value: unknown): value is DurableObjectStub {
  return typeof value === 'object' && value !== null && 'id' in value && 'fetch' in value;
}

test('a request at an outside relay is answered there, once', async () => {
  const url = await relays<string>({ do: 'outside' });
  await links('answered').follow([url]);
  await vi.waitFor(
    async () => expect(await links('answered').status()).toMatchObject([{ state: 'open' }]),
    WAIT,
  );
  const job = request('zaps');
  await relays({ do: 'post', url, events: [job] });
  await vi.waitFor(async () => expect(await answers(url, job.id)).toHaveLength(1), WAIT);
  expect(await links('answered').status()).toMatchObject([{ url, dispatched: 1, lastError: null }]);
});

test('publish() waits for the relay and reports what it said', async () => {
  const url = await relays<string>({ do: 'outside' });
  const note = event({ content: 'hello' });
  const name = linkObjectName([], url);
  expect(await links(name).publish(url, [note])).toEqual([{ id: note.id, ok: true, reason: '' }]);
  expect(await links(name).publish(url, [note])).toMatchObject([{ id: note.id, ok: true }]);
  const [forged] = await links(name).publish(url, [{ ...note, id: 'a'.repeat(64) }]);
  expect(forged).toMatchObject({ ok: false });
  expect(await links(name).query(url, [{ ids: [note.id] }], 5_000)).toEqual([{ ...note }]);
});

test('publish() answers for a relay that cannot be reached, and refuses what is no relay URL', async () => {
  const url = await relays<string>({ do: 'outside' });
  await relays({ do: 'stop', url });
  const note = event({});
  const [down] = await links('down').publish(url, [note]);
  expect(down?.ok).toBe(false);
  expect(down?.reason).toMatch(/^error: /);
  const [blocked] = await links('down').publish('http://127.0.0.1/', [note]);
  expect(blocked?.reason).toMatch(/^blocked: /);
});

test('a relay that wants authentication is given it, for reading and for publishing', async () => {
  const url = await relays<string>({ do: 'outside', requiresAuth: true });
  const job = request('for members');
  await relays({ do: 'post', url, events: [job] });
  await links('members').follow([url]);
  await vi.waitFor(async () => expect(await answers(url, job.id)).toHaveLength(1), WAIT);
});

test('what was posted while the object was gone is found when its alarm wakes it', async () => {
  const url = await relays<string>({ do: 'outside', cap: 5 });
  await links('gone').follow([url]);
  await vi.waitFor(async () => expect((await links('gone').status())[0]?.state).toBe('open'), WAIT);
  // Not evicted but aborted: as in a crash, no handler runs and no pending call ends.
  await abortAllDurableObjects();
  const jobs = Array.from({ length: 12 }, (_, i) => request(`while away ${i}`, Math.floor(i / 3)));
  await relays({ do: 'post', url, events: jobs });
  expect(await runDurableObjectAlarm(stubOf('gone'))).toBe(true);
  for (const job of jobs)
    await vi.waitFor(async () => expect(await answers(url, job.id)).toHaveLength(1), WAIT);
});

test('a relay that goes down and comes back is followed again', async () => {
  const url = await relays<string>({ do: 'outside' });
  await links('back').follow([url]);
  await vi.waitFor(async () => expect((await links('back').status())[0]?.state).toBe('open'), WAIT);
  await relays({ do: 'stop', url });
  await vi.waitFor(async () => expect((await links('back').status())[0]?.state).not.toBe('open'), WAIT);
  await relays({ do: 'start', url });
  const job = request('after the break');
  await relays({ do: 'post', url, events: [job] });
  await vi.waitFor(async () => expect(await answers(url, job.id)).toHaveLength(1), WAIT);
  expect((await links('back').status())[0]?.reconnects).toBeGreaterThan(0);
});

test('a hostile relay beside an honest one neither stops it nor gets anything forged through', async () => {
  const honest = await relays<string>({ do: 'outside' });
  const hostile = await relays<string>({ do: 'hostile', misdeeds: MISDEEDS, seed: 7, rate: 0.4 });
  await links('beside').follow([hostile, honest]);
  await vi.waitFor(async () => expect((await links('beside').status())[1]?.state).toBe('open'), WAIT);
  const jobs = Array.from({ length: 10 }, (_, i) => request(`under fire ${i}`));
  for (const job of jobs) {
    await relays({ do: 'post', url: hostile, events: [job] });
    await relays({ do: 'post', url: honest, events: [job] });
  }
  const all = () => Promise.all(jobs.map(({ id }) => answers(honest, id)));
  // Answers go to where a request came from, so those first heard of at the hostile relay may be answered only there.
  await vi.waitFor(async () => {
    const sessions = await links('beside').status();
    expect(sessions.reduce((sum, { dispatched }) => sum + dispatched, 0)).toBe(jobs.length);
  }, WAIT);
  expect((await all()).every((results) => results.length <= 1)).toBe(true);
  const client = publicKeyOf(CLIENT);
  expect((await all()).flat().every(({ tags }) => tags.some((t) => t[0] === 'p' && t[1] === client))).toBe(
    true,
  );
});
