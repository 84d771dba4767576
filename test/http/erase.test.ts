import { describe, expect, test } from 'vitest';
import { upsertJobs } from '../../src/store/jobs.ts';
import { person } from '../support/events.ts';
import { httpFixture, NOW_MS } from '../support/http.ts';
import { httpToken } from '../support/http-token.ts';
import { hexOf, jobRecord } from '../support/records.ts';

const URL_OF_JOB = `https://market.example/jobs/${hexOf(1)}`;
const CLIENT = person('client').publicKey;

/** Asks for the erasure of job 1, which belongs to `client`. */
async function erase(authorization: string | undefined, sealing: 'none' | 'giftwrap' = 'none', query = '') {
  const fixture = httpFixture();
  await upsertJobs(fixture.d1.db, [jobRecord(1, { client: CLIENT, sealing })]);
  const response = await fixture.app.request(`http://internal.test/jobs/${hexOf(1)}${query}`, {
    method: 'DELETE',
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });
  return { ...fixture, response };
}

describe('DELETE /jobs/:id', () => {
  test('erases the job for its client, public or gift-wrapped', async () => {
    for (const sealing of ['none', 'giftwrap'] as const) {
      const { response, erased } = await erase(httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS), sealing);
      expect(response.status).toBe(204);
      expect(erased).toEqual([hexOf(1)]);
    }
  });

  test('takes a token once, and the next one again', async () => {
    const token = httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS);
    const { app, erased } = await erase(token);
    const again = (authorization: string) =>
      app.request(`/jobs/${hexOf(1)}`, { method: 'DELETE', headers: { authorization } });
    const replayed = await again(token);
    expect(replayed.status).toBe(401);
    expect((await replayed.json()).detail).toMatch(/^duplicate: /);
    expect(erased).toHaveLength(1);
    expect((await again(httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS + 1000))).status).toBe(204);
  });

  test('is forbidden to others, who do not even learn of a gift-wrapped job', async () => {
    const token = httpToken('stranger', URL_OF_JOB, 'DELETE', NOW_MS);
    for (const [sealing, status] of [
      ['none', 403],
      ['giftwrap', 404],
    ] as const) {
      const { response, erased } = await erase(token, sealing);
      expect(response.status).toBe(status);
      expect(erased).toEqual([]);
    }
  });

  test.each([
    ['no token', undefined],
    ['another scheme', 'Bearer abc'],
    ['no JSON', 'Nostr aGVsbG8='],
    ['another URL', httpToken('client', `${URL_OF_JOB}/`, 'DELETE', NOW_MS)],
    [
      'the URL of an inner host',
      httpToken('client', `http://internal.test/jobs/${hexOf(1)}`, 'DELETE', NOW_MS),
    ],
    ['http instead of https', httpToken('client', URL_OF_JOB.replace('https', 'http'), 'DELETE', NOW_MS)],
    ['another method', httpToken('client', URL_OF_JOB, 'GET', NOW_MS)],
    ['a token of the past', httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS - 61_000)],
    ['a token of the future', httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS + 61_000)],
    ['another kind', httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS, { kind: 1 })],
    [
      'a second u tag',
      httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS, {
        tags: [
          ['u', URL_OF_JOB],
          ['u', 'x'],
          ['method', 'DELETE'],
        ],
      }),
    ],
  ])('wants a fresh signature for this very request: %s', async (_, authorization) => {
    const { response, erased } = await erase(authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Nostr');
    expect((await response.json()).code).toBe('UNAUTHORIZED');
    expect(erased).toEqual([]);
  });

  test('a query the client did not sign is not part of the request it signed', async () => {
    const { response } = await erase(httpToken('client', URL_OF_JOB, 'DELETE', NOW_MS), 'none', '?force=1');
    expect(response.status).toBe(401);
  });

  test('refuses a token whose author was changed', async () => {
    const token = httpToken('stranger', URL_OF_JOB, 'DELETE', NOW_MS);
    const event = JSON.parse(Buffer.from(token.slice(6), 'base64').toString());
    const forged = Buffer.from(JSON.stringify({ ...event, pubkey: CLIENT })).toString('base64');
    const { response, erased } = await erase(`Nostr ${forged}`);
    expect(response.status).toBe(401);
    expect(erased).toEqual([]);
  });
});
