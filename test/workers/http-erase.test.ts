import { runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { expect, test, vi } from 'vitest';
import { agentKeys } from '../../src/nostr/keys.ts';
import { dispatch, sessionOf } from '../../workers/dispatch.ts';
import { configOf } from '../../workers/env.ts';
import { signedBy } from '../support/events.ts';
import { httpToken } from '../support/http-token.ts';

const ask = (path: string, init?: RequestInit) =>
  exports.default.fetch(new Request(`http://relay.test${path}`, init));

/**
 * Goal: after DELETE neither prompt nor output of a job is left with us. Method: a real job with a word in it that
 * occurs nowhere else is done by `discover`; then session storage, relay and API are searched for the word. Does not
 * prove anything of copies on relays of others.
 */
test('DELETE by the client of a job leaves no prompt and no output behind', async () => {
  const word = 'xylophonequartz';
  const { publicKey: agent } = agentKeys(configOf(env).masterSecret, 'discover');
  const request = signedBy('eraser', {
    kind: 7001,
    created_at: Math.floor(Date.now() / 1000),
    tags: [
      ['p', agent],
      ['request', JSON.stringify({ messages: [{ role: 'user', content: word }] })],
    ],
  });
  const relay = env.RELAY.getByName('main');
  await relay.publish([request]);
  await dispatch(env, { event: request, via: 'embedded', authenticated: [] });
  const session = await sessionOf(env, request.id);
  expect(session).not.toBeNull();
  const stored = () =>
    runInDurableObject(env.SESSION.get(env.SESSION.idFromName(session ?? '')), (_, state) =>
      JSON.stringify(state.storage.sql.exec('SELECT * FROM jobs').toArray()),
    );
  await vi.waitFor(
    async () => expect(await (await ask(`/jobs/${request.id}`)).json()).toMatchObject({ phase: 'delivered' }),
    { timeout: 10_000 },
  );

  expect(await stored()).toContain(word);
  const authorization = httpToken('eraser', `http://relay.test/jobs/${request.id}`, 'DELETE', Date.now());
  const erased = await ask(`/jobs/${request.id}`, { method: 'DELETE', headers: { authorization } });
  expect(erased.status).toBe(204);

  // The retraction of the answers has to reach the relays before the session lets go of the last of it.
  await vi.waitFor(async () => {
    expect(await stored()).not.toContain(word);
    const answers = await relay.query([{ '#e': [request.id], kinds: [7001] }], 10);
    expect(answers).toEqual([]);
    expect(await relay.query([{ ids: [request.id] }], 1)).toEqual([]);
  });
});
