import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../src/nostr/event.ts';
import { isCard } from '../../src/protocol/card-version.ts';
import { openDb } from '../../src/store/db.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import { hexOf, jobRecord } from '../support/records.ts';

/**
 * Goal: the Worker wires the API to its own objects: database, embedded relay, links, cards. Method: requests through
 * its `fetch`, in workerd, with nothing doubled. Does not prove sockets or a start from nothing; the black-box tests do.
 */
const ask = (path: string, init?: RequestInit) =>
  exports.default.fetch(new Request(`http://relay.test${path}`, init));

test('health is ok and metrics show the embedded relay', async () => {
  const health = await ask('/health');
  expect(await health.json()).toMatchObject({
    status: 'ok',
    database: 'ok',
    relay: 'ok',
    links: 'ok',
    wallet: 'ok',
  });
  expect(health.status).toBe(200);
  const metrics = await (await ask('/metrics')).text();
  expect(metrics).toMatch(/^errand_part_up\{part="relay"\} 1$/m);
  expect(metrics).toMatch(/^errand_relay_\w+ \d+$/m);
  expect(metrics).toMatch(/^errand_ledger_balance_msats\{account="credit"\} 0$/m);
  expect(metrics).toMatch(/^errand_wallet_watches 0$/m);
});

test('an agent is listed, named, and serves the card that its hash names', async () => {
  const { agents } = await (await ask('/agents')).json<{ agents: { slug: string; pubkey: string }[] }>();
  const discover = agents.find(({ slug }) => slug === 'discover');
  const card = await ask('/agents/discover/card.json');
  const text = await card.text();
  expect(isCard(JSON.parse(text))).toBe(true);
  expect(card.headers.get('etag')).toBe(`"${sha256Hex(text)}"`);
  expect(JSON.parse(text).pubkey).toBe(discover?.pubkey);
  const names = await (await ask('/.well-known/nostr.json?name=discover')).json();
  expect(names).toMatchObject({ names: { discover: discover?.pubkey } });
});

test('the root is the relay information document to who asks for it', async () => {
  const response = await ask('/', { headers: { accept: 'application/nostr+json' } });
  expect(response.headers.get('content-type')).toBe('application/nostr+json');
  expect((await response.json<{ supported_nips: number[] }>()).supported_nips).toContain(11);
});

test('a recorded job is shown, its events stream, and an unknown one is a problem', async () => {
  await upsertJobs(openDb(env.DB), [jobRecord(1)]);
  expect(await (await ask(`/jobs/${hexOf(1)}`)).json()).toMatchObject({ id: hexOf(1), phase: 'delivered' });
  const events = await ask(`/jobs/${hexOf(1)}/events`);
  expect(events.headers.get('content-type')).toBe('text/event-stream');
  await events.body?.cancel();
  const unknown = await ask(`/jobs/${hexOf(2)}`);
  expect(unknown.status).toBe(404);
  expect(unknown.headers.get('content-type')).toBe('application/problem+json');
});
