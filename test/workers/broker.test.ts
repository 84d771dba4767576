/**
 * Goal: an open request that two agents fit is one job of one agent, however often and by whatever way it comes, also
 * after the memory was lost; whoever looks for it finds that agent's session; and when that agent failed it is one job of
 * the next.
 * Method: the whole Worker in workerd with a model of this test's own, so that `chat` and `scout` both fit. Jobs wait for
 * another job's result that never comes, so that nothing moves by itself. The way to the next agent is tried with a
 * session that fails at chosen moments, and once with real ones.
 * Does not prove: that D1 keeps its word; schedules of crashes of the whole process.
 */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { MODELS } from '../../agents/models.ts';
import { aiSdkClient } from '../../src/agent/models/ai-sdk-client.ts';
import type { Placement } from '../../src/job/broker.ts';
import type { NostrEvent, Tag } from '../../src/nostr/event.ts';
import { partiesOf, route } from '../../src/protocol/route.ts';
import { recordArena } from '../../src/store/arena.ts';
import { findAssignment } from '../../src/store/assignments.ts';
import { openDb } from '../../src/store/db.ts';
import { findJob } from '../../src/store/jobs.ts';
import { brokerOf } from '../../workers/broker.ts';
import { dispatch, sessionOf, sessionsOf } from '../../workers/dispatch.ts';
import type { Env } from '../../workers/env.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import type { Delivery } from '../../workers/rpc.ts';
import { person, signedBy } from '../support/events.ts';
import { httpToken } from '../support/http-token.ts';
import { hexOf } from '../support/records.ts';

const ANSWER = [
  { choices: [{ index: 0, delta: { content: 'something' }, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
];
/** The list is empty as it is committed; a deployment has its own there before anything is asked of it. */
Array.prototype.push.call(MODELS, {
  name: 'elsewhere',
  async client() {
    const provider = createOpenAICompatible({
      name: 'x',
      baseURL: 'https://model.test/v1',
      // Whoever fails loses its place.
      fetch: async () =>
        new Response(
          `${ANSWER.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`,
          {
            headers: { 'content-type': 'text/event-stream' },
          },
        ),
    });
    return aiSdkClient(provider('their-name'));
  },
});

const db = openDb(env.DB);
const relay = env.RELAY.getByName('main');
/** Nobody listens there. */
const OUTSIDE = 'ws://127.0.0.1:9';
let count = 0;

/** Each has an id of its own. */
function request(tags: readonly Tag[], kind = 5050): NostrEvent {
  const created_at = Math.floor(Date.now() / 1_000);
  return signedBy('asker', { kind, created_at, tags: [...tags, ['alt', String(count++)]] });
}

/** One that waits for a job nobody knows. */
const waiting = () => request([['i', hexOf(0xdead), 'job']]);
const VERIFY = {
  mode: 'deduction',
  language: 'javascript',
  program: 'function f(x) { return x; }',
  input: '[1]',
};
const checked = (contract: object) =>
  request(
    [
      ['request', JSON.stringify({ messages: [{ role: 'user', content: 'x' }] })],
      ['contract', JSON.stringify({ verify: VERIFY, ...contract })],
    ],
    7001,
  );
const deliver = (event: NostrEvent, via = 'embedded') => dispatch(env, { event, via, authenticated: [] });
const slugOf = (session: string | null) =>
  marketplaceOf(env).agentByPubkey(partiesOf(session ?? '')?.agent ?? '')?.slug;
const phaseAt = async (session: string, id: string) =>
  (await env.SESSION.getByName(session).record(id))?.phase ?? null;
/** All that a session keeps of its jobs. */
const storedAt = (session: string) =>
  runInDurableObject(env.SESSION.get(env.SESSION.idFromName(session)), (_, state) =>
    JSON.stringify(state.storage.sql.exec('SELECT * FROM jobs').toArray()),
  );
/** The sessions of all agents that might have it. */
const everywhere = async (id: string) => {
  const one = (await sessionOf(env, id)) ?? '';
  const all = marketplaceOf(env).agents.map(({ pubkey }) => one.replace(partiesOf(one)?.agent ?? '', pubkey));
  const phases = await Promise.all(all.map(async (name) => [slugOf(name), await phaseAt(name, id)] as const));
  return Object.fromEntries(phases.filter(([, phase]) => phase !== null));
};
const rows = async () =>
  (await env.DB.prepare('SELECT count(*) AS n FROM assignment').first<number>('n')) ?? 0;

beforeAll(async () => {
  // Two fit what these tests ask.
  const fit = route(waiting(), marketplaceOf(env).agents, marketplaceOf(env).config.kinds);
  expect(fit?.candidates.map(({ slug }) => slug)).toEqual(['chat', 'scout']);
});

describe('an open request that several agents fit', () => {
  test('is one job of one agent, by whatever relay it comes, and after the memory is lost', async () => {
    const event = waiting();
    await Promise.all([deliver(event), deliver(event, OUTSIDE), deliver(event)]);
    expect(await everywhere(event.id)).toEqual({ chat: 'waiting' });
    await abortAllDurableObjects();
    await deliver(event, OUTSIDE);
    expect(await everywhere(event.id)).toEqual({ chat: 'waiting' });
    expect(await findAssignment(db, event.id)).toMatchObject({ agent: 'chat', tried: [], state: 'assigned' });
  });

  test('stays with whom it was given, whatever would be chosen now', async () => {
    const events = [checked({}), checked({}), waiting()];
    for (const event of events) {
      const routed = route(event, marketplaceOf(env).agents, marketplaceOf(env).config.kinds);
      // Somebody else chose before: the one that the list and the record speak against.
      const other = routed?.candidates.at(-1);
      if (routed === null || other === undefined) throw new Error('nobody fits');
      const session = [64, other.pubkey, 64, event.pubkey, ''].join(':');
      await env.DB.prepare("INSERT INTO assignment VALUES (?, ?, ?, '[]', 'assigned', NULL, 1)")
        .bind(event.id, other.slug, session)
        .run();
      await deliver(event);
      await relay.publish([event]);
      expect(await sessionOf(env, event.id)).toBe(session);
      expect(Object.keys(await everywhere(event.id))).toEqual([other.slug]);
    }
  });

  test('goes to the same agent when the session could not be told at first', async () => {
    const chosen = new Set<string | undefined>();
    // An id is new each time, and with it the draw.
    for (let n = 0; n < 40 && chosen.size < 2; n++) {
      const event = checked({});
      const away: Env = {
        ...env,
        SESSION: {
          getByName: (name) => ({
            ...env.SESSION.getByName(name),
            open: () => Promise.reject(new Error('the session is away')),
          }),
        },
      };
      const delivery = { event, via: OUTSIDE, authenticated: [] };
      await expect(dispatch(away, delivery)).rejects.toThrow('the session is away');
      const assigned = await findAssignment(db, event.id);
      await deliver(event);
      expect(Object.keys(await everywhere(event.id))).toEqual([assigned?.agent]);
      chosen.add(assigned?.agent);
    }
    expect([...chosen].sort()).toEqual(['chat', 'scout']);
  });

  test('is found when its request is at another relay, and called off there', async () => {
    const event = waiting();
    await deliver(event, OUTSIDE);
    expect(await relay.find(event.id)).toBeNull();
    expect(slugOf(await sessionOf(env, event.id))).toBe('chat');
    const deletion = signedBy('asker', {
      kind: 5,
      created_at: Math.floor(Date.now() / 1_000),
      tags: [['e', event.id]],
    });
    await deliver(deletion, OUTSIDE);
    await vi.waitFor(async () =>
      expect(
        await (await exports.default.fetch(new Request(`http://relay.test/jobs/${event.id}`))).json(),
      ).toMatchObject({ phase: 'cancelled', agent: 'chat' }),
    );
  });

  test('is called off where it was given to, however soon', async () => {
    for (let n = 0; n < 6; n++) {
      const event = checked({});
      const deletion = signedBy('asker', {
        kind: 5,
        created_at: Math.floor(Date.now() / 1_000),
        tags: [['e', event.id]],
      });
      // The relay hands it on by itself; the cancellation comes before, meanwhile or after.
      await Promise.all([relay.publish([event]), deliver(deletion, OUTSIDE).catch(() => deliver(deletion))]);
      await deliver(event);
      const phases = await everywhere(event.id);
      expect(Object.keys(phases).length, JSON.stringify(phases)).toBeLessThanOrEqual(1);
      expect(Object.values(phases)).not.toContain('delivered');
    }
  });

  test('with a check, goes to each of them now and then, as nobody is rated', async () => {
    const chosen = new Set<string>();
    for (let n = 0; n < 40 && chosen.size < 2; n++) {
      const event = checked({});
      await deliver(event);
      chosen.add((await findAssignment(db, event.id))?.agent ?? '');
    }
    expect([...chosen].sort()).toEqual(['chat', 'scout']);
  });

  test('is refused by the one that fits best, where nobody is rated as high as it wants', async () => {
    const event = checked({ min_rating: 0.9 });
    await deliver(event);
    await deliver(event, OUTSIDE);
    const chat = marketplaceOf(env).agentBySlug('chat')?.pubkey ?? '';
    const answers = await vi.waitFor(async () => {
      const found = await relay.query([{ '#e': [event.id] }], 10);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(answers[0]?.pubkey).toBe(chat);
    const failure = JSON.parse(answers[0]?.tags.find(([name]) => name === 'error')?.[1] ?? '');
    expect(failure).toMatchObject({ code: 'NOT_FOUND', details: { min_rating: 0.9, best_rating: 0 } });
    expect(await findAssignment(db, event.id)).toMatchObject({ state: 'refused', failure });
    await vi.waitFor(async () =>
      expect(await findJob(db, event.id)).toMatchObject({
        agent: 'chat',
        phase: 'rejected',
        error: 'NOT_FOUND',
      }),
    );
  });
});

test('a request that names its agent, or that one fits, is noted nowhere', async () => {
  const before = await rows();
  const scout = marketplaceOf(env).agentBySlug('scout')?.pubkey ?? '';
  for (const [event, slug] of [
    [
      request([
        ['p', scout],
        ['i', hexOf(0xdead), 'job'],
      ]),
      'scout',
    ],
    [request([['i', hexOf(0xdead), 'job']], 5302), 'discover'],
    [
      request([
        ['i', hexOf(0xdead), 'job'],
        ['param', 'model', 'scout'],
      ]),
      'scout',
    ],
  ] as const) {
    await relay.publish([event]);
    await deliver(event);
    expect(slugOf(await sessionOf(env, event.id))).toBe(slug);
    expect(await sessionsOf(env, event.id)).toHaveLength(1);
  }
  expect(await rows()).toBe(before);
});

describe('the next agent', () => {
  /** The broker with sessions of this test, which may fail. */
  function broker(fails = 0) {
    const opened: [string | undefined, Delivery, Placement | undefined][] = [];
    let failures = fails;
    const double: Env = {
      ...env,
      SESSION: {
        getByName: (name) => ({
          ...env.SESSION.getByName(name),
          async open(delivery: Delivery, placement?: Placement) {
            if (failures-- > 0) throw new Error('the session is away');
            opened.push([slugOf(name), delivery, placement]);
          },
        }),
      },
    };
    return { ...brokerOf(double), opened };
  }

  async function given(event = waiting(), via = OUTSIDE) {
    await deliver(event, via);
    return { event, request: { event, via } };
  }

  test('is another one that fits, gets the request once, and after it nobody is left', async () => {
    const { event, request } = await given();
    const { nextAgent, opened } = broker();
    const turns = [nextAgent(event.id, request, 'chat'), nextAgent(event.id, request, 'chat')];
    expect(await Promise.all(turns)).toEqual([
      { type: 'agent', agent: 'scout' },
      { type: 'agent', agent: 'scout' },
    ]);
    const placement = { turn: 1, passedOn: true, refusal: null };
    expect(opened).toEqual(Array(2).fill(['scout', { event, via: OUTSIDE, authenticated: [] }, placement]));
    const moved = await findAssignment(db, event.id);
    expect(moved).toMatchObject({ agent: 'scout', tried: ['chat'], state: 'assigned' });
    expect(slugOf(moved?.session ?? null)).toBe('scout');

    expect(await nextAgent(event.id, request, 'scout')).toEqual({ type: 'nobody' });
    expect(await nextAgent(event.id, request, 'scout')).toEqual({ type: 'nobody' });
    // Asked again late, the first hears who came after it, and nobody gets it again.
    expect(await nextAgent(event.id, request, 'chat')).toEqual({ type: 'agent', agent: 'scout' });
    expect(opened).toHaveLength(2);
    expect(await findAssignment(db, event.id)).toMatchObject({
      agent: 'scout',
      tried: ['chat', 'scout'],
      state: 'nobody_left',
    });
  });

  test('is the same when it could not be reached at first', async () => {
    const { event, request } = await given();
    const { nextAgent, opened } = broker(1);
    await expect(nextAgent(event.id, request, 'chat')).rejects.toThrow('the session is away');
    // Whoever looks meanwhile looks there.
    expect(slugOf(await sessionOf(env, event.id))).toBe('scout');
    expect(await nextAgent(event.id, request, 'chat')).toEqual({ type: 'agent', agent: 'scout' });
    expect(opened).toHaveLength(1);
    const passed = await env.DB.prepare('SELECT agent FROM passed_on WHERE job_id = ?').bind(event.id).all();
    expect(passed.results).toEqual([{ agent: 'chat' }]);
  });

  test('is nobody for a request that names its agent, that nobody has, or that another has', async () => {
    const { nextAgent, opened } = broker();
    const chat = marketplaceOf(env).agentBySlug('chat')?.pubkey ?? '';
    const named = await given(
      request([
        ['p', chat],
        ['i', hexOf(0xdead), 'job'],
      ]),
    );
    expect(await nextAgent(named.event.id, named.request, 'chat')).toEqual({ type: 'nobody' });
    const unknown = waiting();
    expect(await nextAgent(unknown.id, { event: unknown, via: OUTSIDE }, 'chat')).toEqual({ type: 'nobody' });
    const open = await given();
    expect(await nextAgent(open.event.id, open.request, 'scout')).toEqual({ type: 'nobody' });
    expect(await findAssignment(db, open.event.id)).toMatchObject({ agent: 'chat', tried: [] });
    expect(opened).toEqual([]);
  });

  test('opens the same request as a job of its own, and whoever looks for it looks there', async () => {
    // So that no answer is owed elsewhere, and a session lets go of what has ended.
    const word = hexOf(0xbeef);
    const { event, request: delivered } = await given(request([['i', word, 'job']]), 'embedded');
    const first = (await sessionOf(env, event.id)) ?? '';
    await vi.waitFor(async () =>
      expect(await findJob(db, event.id)).toMatchObject({ agent: 'chat', turn: 0 }),
    );
    expect(await brokerOf(env).nextAgent(event.id, delivered, 'chat')).toEqual({
      type: 'agent',
      agent: 'scout',
    });
    const [second = '', ...earlier] = await sessionsOf(env, event.id);
    expect([slugOf(second), earlier]).toEqual(['scout', [first]]);
    expect(await phaseAt(second, event.id)).toBe('waiting');
    // Another relay brings it now.
    await deliver(event, OUTSIDE);
    expect(await phaseAt(first, event.id)).toBe('waiting');

    const job = async () =>
      (await exports.default.fetch(new Request(`http://relay.test/jobs/${event.id}`))).json();
    await vi.waitFor(async () => {
      expect(await findJob(db, event.id)).toMatchObject({ agent: 'scout', session: second, turn: 1 });
      expect(await job()).toMatchObject({ agent: 'scout', phase: 'waiting' });
    });

    expect(await storedAt(first)).toContain(word);
    const url = `http://relay.test/jobs/${event.id}`;
    const authorization = httpToken('asker', url, 'DELETE', Date.now());
    const erased = await exports.default.fetch(
      new Request(url, { method: 'DELETE', headers: { authorization } }),
    );
    expect(erased.status).toBe(204);
    await vi.waitFor(async () =>
      expect(await findJob(db, event.id)).toMatchObject({ agent: 'scout', phase: 'cancelled', turn: 1 }),
    );
    for (const session of [first, second])
      await vi.waitFor(async () => expect((await storedAt(session)).includes(word)).toBe(false));
    // The last word is the second's, although the first ended later.
    expect(await findJob(db, event.id)).toMatchObject({ agent: 'scout', turn: 1 });
  });

  test('is chosen among the qualified once there are any, and by rating', async () => {
    const at_ms = Date.now();
    await recordArena(db, {
      ...{ tasks: [], attempts: [], advantages: [], groups: [], ratings: [], frontier: [] },
      qualifications: [
        {
          agent: 'scout',
          mode: 'deduction',
          qualified: true,
          at_ms,
          models: marketplaceOf(env).agentBySlug('scout')?.models ?? [],
        },
      ],
    });
    // What another isolate knows, or this one a little later.
    const later: Env = { ...env };
    for (let n = 0; n < 6; n++) {
      const event = checked({});
      await dispatch(later, { event, via: OUTSIDE, authenticated: [] });
      expect(await findAssignment(db, event.id)).toMatchObject({ agent: 'scout', state: 'assigned' });
      const next = await brokerOf(later).nextAgent(event.id, { event, via: OUTSIDE }, 'scout');
      expect(next).toEqual({ type: 'nobody' });
    }
  });
});

test('the asker is nobody of ours', () => {
  expect(marketplaceOf(env).agentByPubkey(person('asker').publicKey)).toBeUndefined();
});
