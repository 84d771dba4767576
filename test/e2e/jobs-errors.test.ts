/**
 * Goal: every error of PROTOCOL §2 that needs no money reaches a client coded, with its details, in both dialects, and
 * the record agrees. Method: the started service, misused; AGENT_ERROR is made by the harness of the kill tests, which
 * cuts its answer at a fault point as a fault of our own would. Not proved: the words of the messages.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authenticate, type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, jsonTag, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const BAD_WORDS = 'x'.repeat(50_000);
const blockedKey = new Uint8Array(32).fill(77);
let model: ModelServer;
let outside: OutsideRelay;
let faults: Server;
/** The job whose work meets a fault of ours. */
let doomed = '';
let service: Service;
let strict: Service;
let draining: Service;
let client: Client;
let chat: string;
let discover: string;

/** What every refusal has to look like in its dialect. */
function expectError(end: Event, request: Event, expected: Record<string, unknown>): void {
  expect(errorOf(end)).toMatchObject(expected);
  expect(typeof errorOf(end)?.message).toBe('string');
  expect(tag(end, 'e')).toBe(request.id);
  expect(tag(end, 'p')).toBe(request.pubkey);
  expect(end.content).toBe('');
  if (request.kind === 7001) {
    expect(end.kind).toBe(7001);
    expect(end.tags.some(([name]) => name === 'result' || name === 'cost')).toBe(false);
  } else {
    expect(end.kind).toBe(7000);
    const status = end.tags.find(([name]) => name === 'status');
    expect(status?.[1]).toBe('error');
    expect(status?.[2]).toBe(`${expected.code}: ${errorOf(end)?.message}`);
  }
}

async function refused(request: Event, phase: string, expected: Record<string, unknown>): Promise<void> {
  expectError(await done(client, request), request, expected);
  expect(await jobOverHttp(service, request.id)).toMatchObject({ phase, error: expected.code });
}

const generation = (text: string, ...tags: string[][]) =>
  client.sign(5050, [['p', chat], ['i', text, 'text'], ...tags]);

beforeAll(async () => {
  model = await modelServer();
  outside = await startOutsideRelay();
  faults = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://faults');
    if (url.pathname === '/K7' && url.searchParams.get('about') === doomed) response.destroy();
    else response.end();
  });
  await new Promise<void>((resolve) => faults.listen(0, '127.0.0.1', resolve));
  const chatting = { MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  const blocked = await connectClient(outside.url, blockedKey);
  [service, strict, draining] = await Promise.all([
    startService({
      env: { ...chatting, FAULT_URL: `http://127.0.0.1:${(faults.address() as AddressInfo).port}` },
    }),
    startService({
      env: { AGENT_AUTH: 'nip42', JOBS_PER_HOUR: '3', BLOCKED_PUBKEYS: blocked.pubkey, RELAYS: outside.url },
    }),
    startService({ env: { ...chatting, DRAIN: '1' } }),
  ]);
  blocked.close();
  client = await connectClient(service.relay);
  chat = agentKey(service, 'chat');
  discover = agentKey(service, 'discover');
});

afterAll(async () => {
  client?.close();
  await Promise.all([service, strict, draining].map((one) => one?.stop()));
  faults?.closeAllConnections();
  faults?.close();
  await model?.close();
  await outside?.stop();
});

describe('what is wrong with the request', () => {
  test('BAD_REQUEST: no request, broken JSON, no message, wrong types, a kind the agent does not take', async () => {
    const agentTask = (request: string) =>
      client.sign(7001, [
        ['p', chat],
        ['request', request],
      ]);
    const cases: [Event, object][] = [
      [client.sign(7001, [['p', chat]]), { path: 'request' }],
      [agentTask('{"messages":['), { path: 'request' }],
      [agentTask('{"messages":[]}'), { path: '$.messages' }],
      [
        agentTask('{"messages":[{"role":"user","content":7}]}'),
        { path: expect.stringContaining('$.messages') },
      ],
      [client.sign(5050, [['p', chat]]), { path: 'i' }],
      [
        client.sign(5050, [
          ['p', discover],
          ['i', 'x', 'text'],
        ]),
        { kinds: [7001, 5300, 5302, 5303] },
      ],
    ];
    for (const [request, details] of cases)
      await refused(request, 'rejected', { code: 'BAD_REQUEST', details });
  });

  test('NOT_FOUND: a model the agent does not have, with those it has', async () => {
    const expected = { code: 'NOT_FOUND', details: { models: ['chat', 'small'] } };
    await refused(client.sign(7001, [['p', chat], asking('x', { model: 'huge' })]), 'rejected', expected);
    await refused(generation('x', ['param', 'model', 'huge']), 'rejected', expected);
  });

  test('INVALID_PARAMETER: the path of what breaks the schema', async () => {
    const expected = { code: 'INVALID_PARAMETER', details: { path: '$.parameters.temperature' } };
    const hot = asking('x', { parameters: { temperature: 9 } });
    await refused(client.sign(7001, [['p', chat], hot]), 'rejected', expected);
    await refused(generation('x', ['param', 'temperature', '9']), 'rejected', expected);
  });

  test('CONTENT_TOO_LARGE: the limit and the actual size', async () => {
    const expected = { code: 'CONTENT_TOO_LARGE', details: { limit_bytes: 49_152, actual_bytes: 50_000 } };
    await refused(task(client, chat, BAD_WORDS), 'rejected', expected);
    await refused(generation(BAD_WORDS), 'rejected', expected);
  });
});

describe('what goes wrong at work', () => {
  test('TIMEOUT: a turn that did not come by `expiration`', async () => {
    const release = Promise.withResolvers<void>();
    model.script([
      { hold: release.promise },
      { say: 'late' },
      { finish: 'stop' },
      { raw: 'data: [DONE]\n\n' },
    ]);
    const first = task(client, chat, 'slow', ['t', 'queue']);
    const answered = done(client, first);
    const soon = String(Math.floor(Date.now() / 1000) + 2);
    await refused(task(client, chat, 'hurry', ['t', 'queue'], ['expiration', soon]), 'expired', {
      code: 'TIMEOUT',
    });
    release.resolve();
    expect((await answered).content).toBe('late');
  });

  test('MODEL_ERROR: a provider that fails again and again, without a word of what it said', async () => {
    model.script({ status: 500, body: { error: { message: 'SECRET of the provider' } } });
    const requests = [task(client, chat, 'fail'), generation('fail')];
    const ends = await Promise.all(requests.map((request) => done(client, request)));
    for (const [i, request] of requests.entries()) {
      const end = ends[i];
      if (end === undefined) throw new Error('no end');
      expectError(end, request, { code: 'MODEL_ERROR' });
      expect(JSON.stringify(end)).not.toContain('SECRET');
      expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'failed', attempts: 5 });
    }
    model.script(answer('well again'));
    expect((await done(client, task(client, chat, 'work'))).content).toBe('well again');
  });

  test('AGENT_ERROR: a fault of ours is told as such and no more', async () => {
    for (const request of [task(client, discover, 'doomed'), client.sign(5302, [['i', 'doomed', 'text']])]) {
      doomed = request.id;
      const end = await done(client, request);
      expectError(end, request, { code: 'AGENT_ERROR' });
      expect(jsonTag(end, 'error')).toEqual({ code: 'AGENT_ERROR', message: 'The agent failed' });
    }
  });
});

describe('who may', () => {
  test('UNAUTHORIZED and then served: NIP-42 where the operator asks for it', async () => {
    const agent = agentKey(strict, 'discover');
    const visitor = await connectClient(strict.relay);
    for (const request of [
      task(visitor, agent, 'kestrel'),
      visitor.sign(5302, [
        ['p', agent],
        ['i', 'kestrel', 'text'],
      ]),
    ])
      expectError(await done(visitor, request), request, { code: 'UNAUTHORIZED' });
    await authenticate(visitor);
    expect((await done(visitor, task(visitor, agent, 'kestrel again'))).content).toBe('[]');
    const card = await (await fetch(`${strict.url}/agents/discover/card.json`)).json();
    expect(card).toMatchObject({
      authentication: { type: 'nip42' },
      rate_limits: { anonymous_requests_per_hour: 3, authenticated_requests_per_hour: 3 },
    });
    visitor.close();
  });

  test('RATE_LIMIT_EXCEEDED: when it is worth coming back', async () => {
    const agent = agentKey(strict, 'discover');
    const visitor = await connectClient(strict.relay);
    await authenticate(visitor);
    for (let i = 0; i < 3; i++)
      expect(errorOf(await done(visitor, task(visitor, agent, `job ${i}`)))).toBeNull();
    for (const request of [
      task(visitor, agent, 'one too many'),
      task(visitor, agent, 'another session', ['t', 'elsewhere']),
      visitor.sign(5302, [
        ['p', agent],
        ['i', 'and in the other dialect', 'text'],
      ]),
    ]) {
      const end = await done(visitor, request);
      expectError(end, request, { code: 'RATE_LIMIT_EXCEEDED' });
      const wait_s = errorOf(end)?.details?.retry_after_s;
      expect(wait_s).toBeGreaterThan(0);
      expect(wait_s).toBeLessThanOrEqual(3_600);
    }
    visitor.close();
  });

  test('FORBIDDEN: a blocked client, whose requests come by outside relays', async () => {
    const agent = agentKey(strict, 'discover');
    const here = await connectClient(strict.relay, blockedKey);
    await expect(here.publish(task(here, agent, 'let me in'))).rejects.toThrow(/^blocked:/);
    const there = await connectClient(outside.url, blockedKey);
    for (const request of [
      task(there, agent, 'let me'),
      there.sign(5302, [
        ['p', agent],
        ['i', 'in', 'text'],
      ]),
    ])
      expectError(await done(there, request), request, { code: 'FORBIDDEN' });
    here.close();
    there.close();
  });

  test('SERVICE_UNAVAILABLE: while the operator drains the service', async () => {
    const visitor = await connectClient(draining.relay);
    for (const request of [
      task(visitor, agentKey(draining, 'chat'), 'x'),
      visitor.sign(5302, [['i', 'x', 'text']]),
    ])
      expectError(await done(visitor, request), request, { code: 'SERVICE_UNAVAILABLE' });
    visitor.close();
  });
});
