/**
 * Goal: jobs that wait for others get their results, and jobs are called off by their clients and by nobody else, at
 * whatever moment and relay the wish arrives (PROTOCOL §3, DESIGN rule 8). Method: the started service and a relay that
 * follows NIP-01 to the letter; a job that waits for another is a job that can be called off for as long as one likes.
 * Not proved: calling off what a model works on (jobs-chat.test.ts), erasure (jobs-erased.test.ts).
 */
import { finalizeEvent } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connectClient, endsJob, errorOf } from '../support/client.ts';
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.ts';
import { agentKey, done, jobOverHttp, task } from '../support/jobs.ts';
import { seeded } from '../support/random.ts';
import { type Service, startService } from '../support/service.ts';

/** Longer than the second after which what overtook its job is tried again. */
const POLL = { timeout: 10_000 };
/** The hostile double without a misdeed; unlike the library of the other outside relay it passes deletions on. */
let outside: HostileRelay;
let service: Service;
let client: Client;
let discover: string;

const now_s = () => Math.floor(Date.now() / 1000);
/** The types of a job's server-sent events, once their stream has ended. */
async function eventsOverHttp(id: string): Promise<string[]> {
  const text = await (await fetch(`${service.url}/jobs/${id}/events`)).text();
  return [...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => String(type));
}
const search = (text: string, ...tags: string[][]) => client.sign(5302, [['i', text, 'text'], ...tags]);

beforeAll(async () => {
  outside = await startHostileRelay({ random: seeded(1), misdeeds: [], rate: 0 });
  service = await startService({ env: { RELAYS: outside.url } });
  client = await connectClient(service.relay);
  discover = agentKey(service, 'discover');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await outside?.stop();
});

describe('chained jobs', () => {
  test('a job waits for the result of another that is posted later', async () => {
    const later = search('hovers', ['p', discover]);
    const before = client.sign(5302, [
      ['i', 'kestrel', 'text'],
      ['i', later.id, 'job'],
    ]);
    const answers = client.answers(before.id);
    await client.publish(before);
    const waiting = await answers.find(({ kind }) => kind === 7000);
    expect(waiting.tags).toContainEqual(['status', 'processing', 'accepted, waiting for its inputs']);
    const first = await done(client, later);
    const second = await answers.end();
    expect(second.created_at).toBeGreaterThanOrEqual(first.created_at);
    expect(answers.events.filter(endsJob)).toHaveLength(1);
  });

  test('what strangers write about a job does not crowd out its result', async () => {
    const first = search('hovers', ['p', discover]);
    const stranger = await connectClient(service.relay);
    // More than are read at a time, and newer than the result will be.
    for (let n = 0; n < 60; n++) {
      const noise = finalizeEvent(
        {
          kind: 7000,
          created_at: Math.floor(Date.now() / 1000) + 60,
          tags: [['e', first.id]],
          content: String(n),
        },
        stranger.secretKey,
      );
      await stranger.publish(noise);
    }
    stranger.close();
    await done(client, first);
    const second = client.sign(5302, [
      ['p', discover],
      ['i', first.id, 'job'],
    ]);
    expect((await done(client, second)).kind).toBe(6302);
  });

  test('a job whose input fails, fails', async () => {
    const first = client.sign(5302, [
      ['p', discover],
      ['i', 'x', 'text'],
      ['param', 'max_results', 'many'],
    ]);
    const second = client.sign(5302, [
      ['p', discover],
      ['i', first.id, 'job'],
    ]);
    const answers = client.answers(second.id);
    await client.publish(second);
    expect(errorOf(await done(client, first))).toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(errorOf(await answers.end())).toMatchObject({ code: 'BAD_REQUEST', details: { job: first.id } });
  });

  test('a job that waits in vain ends at its expiration', async () => {
    const request = client.sign(5302, [
      ['i', '0'.repeat(64), 'job'],
      ['expiration', String(now_s() + 2)],
    ]);
    const end = await done(client, request);
    expect(errorOf(end)).toMatchObject({ code: 'TIMEOUT' });
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'expired', error: 'TIMEOUT' });
  });
});

describe('kind 5', () => {
  test('called off before it came, a job is never done', async () => {
    const request = task(client, discover, 'kestrel', ['t', 'early']);
    const answers = client.answers(request.id);
    await client.publish(
      client.sign(5, [
        ['e', request.id],
        ['k', '7001'],
        ['p', discover],
      ]),
    );
    // The relay has the deletion already, so it refuses what it names.
    await expect(client.publish(request)).rejects.toThrow(/deleted|blocked/);
    await done(client, task(client, discover, 'another', ['t', 'early']));
    expect(answers.events.filter(({ kind }) => kind !== 5)).toEqual([]);
  });

  test('called off at once, a waiting job ends in silence', async () => {
    const request = client.sign(5302, [
      ['p', discover],
      ['i', '1'.repeat(64), 'job'],
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    await client.publish(
      client.sign(5, [
        ['e', request.id],
        ['k', '5302'],
      ]),
    );
    await expect.poll(() => jobOverHttp(service, request.id)).toMatchObject({ phase: 'cancelled' });
    expect(answers.events.filter(endsJob)).toEqual([]);
    expect(await eventsOverHttp(request.id)).toEqual(['feedback']);
  });

  test('called off outside at once, a job posted outside ends in silence', async () => {
    const request = client.sign(5302, [
      ['p', discover],
      ['i', '2'.repeat(64), 'job'],
    ]);
    outside.post(request);
    outside.post(
      client.sign(5, [
        ['e', request.id],
        ['k', '5302'],
      ]),
    );
    await expect.poll(() => jobOverHttp(service, request.id), POLL).toMatchObject({ phase: 'cancelled' });
    // Nothing that this relay stores says that it is over.
    await expect.poll(() => eventsOverHttp(request.id), POLL).toEqual(['feedback']);
  });

  test('called off here, a job posted outside ends in silence', async () => {
    const request = client.sign(5302, [
      ['p', discover],
      ['i', '3'.repeat(64), 'job'],
    ]);
    const answers = client.answers(request.id);
    outside.post(request);
    await answers.find(({ kind }) => kind === 7000);
    await client.publish(
      client.sign(5, [
        ['e', request.id],
        ['k', '5302'],
      ]),
    );
    await expect.poll(() => jobOverHttp(service, request.id), POLL).toMatchObject({ phase: 'cancelled' });
  });

  test('a stranger calls nothing off', async () => {
    const stranger = await connectClient(service.relay);
    const input = search('hovers', ['p', discover]);
    const request = client.sign(5302, [
      ['p', discover],
      ['i', input.id, 'job'],
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    await answers.find(({ kind }) => kind === 7000);
    await stranger.publish(
      stranger.sign(5, [
        ['e', request.id],
        ['k', '5302'],
        ['p', discover],
      ]),
    );
    await client.publish(input);
    expect((await answers.end()).kind).toBe(6302);
    stranger.close();
  });
});
