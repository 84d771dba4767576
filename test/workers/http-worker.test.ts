import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { sha256Hex } from '../../src/nostr/event.ts';
import { isCard } from '../../src/protocol/card-version.ts';
import { sessionName } from '../../src/protocol/route.ts';
import { openDb } from '../../src/store/db.ts';
import { upsertJobs } from '../../src/store/jobs.ts';
import type { Env } from '../../workers/env.ts';
import { httpPorts } from '../../workers/http-ports.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
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

test('texts of a run come from the session that holds the job, as long as its agent is here', async () => {
  const pubkey = marketplaceOf(env).agentBySlug('discover')?.pubkey ?? '';
  const [here, gone] = [pubkey, hexOf(5)].map((agent) => sessionName(agent, jobRecord(0).client, 'trip'));
  const run = { agent: 'discover', phase: 'running', closedAt_ms: null } as const;
  await upsertJobs(openDb(env.DB), [
    jobRecord(11, { ...run, session: here ?? '' }),
    jobRecord(12, { ...run, session: gone ?? '' }),
  ]);
  const text = 'what the team wrote';
  // The double keeps texts for every session there is, so that only the one that is asked tells them apart.
  const keeping: Env = new Proxy(env, {
    get: (target, name) =>
      name === 'SESSION'
        ? {
            getByName: (session: string) => ({
              record: async () => null,
              teamRecord: async (_jobId: string, after: number) => ({ entries: [], more: after > 3 }),
              artifact: async (jobId: string) => (jobId === hexOf(11) && session !== here ? 'wrong' : text),
            }),
          }
        : Reflect.get(target, name),
  });
  const ports = httpPorts(keeping);
  const app = createApp(ports);
  const artifact = await app.request(`/jobs/${hexOf(11)}/artifact/${sha256Hex(text)}`);
  expect([artifact.status, await artifact.text()]).toEqual([200, text]);
  expect((await app.request(`/jobs/${hexOf(12)}/artifact/${sha256Hex(text)}`)).status).toBe(404);
  expect(await ports.runs.record(here ?? '', hexOf(11), 7)).toEqual({ entries: [], more: true });
  expect(await ports.runs.record(gone ?? '', hexOf(12), 7)).toBeNull();
  // A session that keeps nothing, as those of other agents do.
  expect((await ask(`/jobs/${hexOf(11)}/artifact/${sha256Hex(text)}`)).status).toBe(404);
});
