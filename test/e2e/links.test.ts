/**
 * Goal: issue 2, item 8. With three outside relays at once, two that nobody here wrote and one hostile, no job is
 * lost and none is done twice; what was posted while the service was dead is served after its restart; a relay that
 * wants authentication gets it; answers go where the request asks for them.
 *
 * Method: the service as a user starts it, real sockets on loopback, clients that only know relays. A job is done
 * twice when two different result events exist for it on any honest relay.
 *
 * What it does not prove: anything about hours of running (renewal and sweeps run in simulated time, test/link).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventTemplate, type NostrEvent, signEvent, type VerifiedEvent } from '../../src/nostr/event.ts';
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.ts';
import { MISDEEDS } from '../support/hostile-script.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { seeded } from '../support/random.ts';
import { type Service, startService } from '../support/service.ts';

const CLIENT = new Uint8Array(32).fill(21);
const random = seeded(20_261_122);
let honest: OutsideRelay[];
let members: OutsideRelay;
let elsewhere: OutsideRelay;
let hostile: HostileRelay;
let service: Service;
let env: Record<string, string>;

beforeAll(async () => {
  honest = [await startOutsideRelay(), await startOutsideRelay()];
  members = await startOutsideRelay({ requiresAuth: true });
  elsewhere = await startOutsideRelay();
  hostile = await startHostileRelay({ random, misdeeds: MISDEEDS, rate: 0.25 });
  env = { RELAYS: [...honest.map(({ url }) => url), hostile.url, members.url].join(',') };
  service = await startService({ env });
});

afterAll(async () => {
  await service?.stop();
  await Promise.all([...honest, members, elsewhere, hostile].map((relay) => relay.stop()));
});

function signed(template: Partial<EventTemplate>): VerifiedEvent {
  const created_at = Math.floor(Date.now() / 1_000);
  return signEvent({ kind: 5302, created_at, tags: [], content: '', ...template }, CLIENT);
}

/** A note search, which needs no model; open, so that any agent that takes it may. */
function search(text: string, ...tags: string[][]): VerifiedEvent {
  return signed({ tags: [['i', text, 'text'], ...tags] });
}

function resultsOf(job: NostrEvent): { kinds: number[]; '#e': string[] } {
  return { kinds: [6302], '#e': [job.id] };
}

/** Ids of every result event of a job that any relay has. */
function resultIds(job: NostrEvent): Set<string> {
  const relays = [...honest, members, elsewhere];
  return new Set(relays.flatMap((relay) => relay.stored(resultsOf(job))).map(({ id }) => id));
}

const posted: NostrEvent[] = [];

async function everyJobDoneOnce(jobs: readonly NostrEvent[]): Promise<void> {
  posted.push(...jobs);
  for (const job of jobs)
    await expect
      .poll(() => resultIds(job).size, { timeout: 30_000, message: `job ${job.content} has one result` })
      .toBe(1);
}

test('jobs posted at three relays at once are all done, and each once', async () => {
  const jobs = Array.from({ length: 60 }, (_, i) =>
    signed({
      content: `${i}`,
      tags: [
        ['i', `word${i}`, 'text'],
        ['relays', honest[0]?.url ?? ''],
      ],
    }),
  );
  for (const [i, job] of jobs.entries()) {
    // Most are posted at several relays, some only at one; the hostile one hears of all of them.
    if (i % 3 !== 1) await honest[0]?.post(job);
    if (i % 3 !== 2) await honest[1]?.post(job);
    hostile.post(job);
    if (i === 30) honest[0]?.cut();
  }
  await everyJobDoneOnce(jobs);
});

test('what was posted while the service was dead is done once after its restart, and nothing old again', async () => {
  const before = search('before the kill');
  await honest[0]?.post(before);
  await everyJobDoneOnce([before]);
  const { persistTo } = service;
  await service.kill();
  const jobs = Array.from({ length: 20 }, (_, i) => search(`while it was dead ${i}`));
  for (const [i, job] of jobs.entries()) await honest[i % 2]?.post(job);
  service = await startService({ env, persistTo });
  await everyJobDoneOnce([before, ...jobs]);
});

test('a relay that wants authentication is read and answered', async () => {
  const job = search('members only');
  await members.post(job);
  await members.waitFor(resultsOf(job), 1, 30_000);
  expect(resultIds(job).size).toBe(1);
});

test('answers arrive at the relays a request names, though nobody follows them', async () => {
  const job = search('answer me elsewhere', ['relays', elsewhere.url]);
  await honest[0]?.post(job);
  await elsewhere.waitFor(resultsOf(job), 1, 30_000);
  expect(resultIds(job).size).toBe(1);
});

test('no job has got a second result since, and the links say what they did', async () => {
  expect(posted.length).toBeGreaterThan(80);
  for (const job of posted) expect(resultIds(job).size, `results of ${job.id}`).toBe(1);
  const health = await fetch(`${service.url}/health`);
  expect(health.status).toBe(200);
});
