import { createHmac } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { listedAgent } from '../../../src/agent/listing/definition.ts';
import { parsed } from '../../../src/agent/listing/prepare.ts';
import { probeRemote } from '../../../src/agent/remote/probe.ts';
import { remoteRuntime } from '../../../src/agent/remote/remote.ts';
import type { RuntimeContext, Task } from '../../../src/agent/runtime.ts';
import { readConfig } from '../../../src/config.ts';
import { JobError } from '../../../src/errors.ts';
import { guardedCaller } from '../../../src/net/guarded-call.ts';
import { deriveKeys } from '../../../src/nostr/keys.ts';
import type { RemoteSettings } from '../../../src/protocol/agent.ts';
import { type LoopbackServer, loopbackServer } from '../../support/http-server.ts';
import { hexOf } from '../../support/records.ts';

/**
 * Goal: whatever an owner's endpoint answers, a job ends in a coded error that holds nothing of the endpoint's words it may
 * not hold, never later than its limits, and the failure is counted against the endpoint only where it is its fault.
 * Method: the runtime over a real HTTP server on loopback that misbehaves in one way per test.
 *
 * Does not prove the way through the marketplace (test/e2e/supply.test.ts).
 */
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const KEY = 'sk-0123456789abcdefghijklmnopqrstuvwxyz';
const KEYS = deriveKeys(hexOf(1), 'agent');
const config = readConfig({ LOCAL: '1' });
const MAX_BYTES = 4_096;

let server: LoopbackServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

interface Asked {
  readonly outcome: unknown;
  readonly deltas: string[];
  readonly notes: string[];
  /** What was counted against the endpoint: `null` for a success. */
  readonly counted: (string | null)[];
}

async function ask(
  listener: RequestListener,
  over: {
    readonly openai?: boolean;
    readonly secret?: string | null;
    readonly time_ms?: number;
    readonly head_ms?: number;
    readonly attempt?: number;
    readonly url?: string;
    readonly allowPrivate?: boolean;
    readonly resolve?: (host: string) => Promise<string[]>;
  } = {},
): Promise<Asked> {
  await server?.close();
  server = await loopbackServer(listener);
  const url = over.url ?? `${server.origin}/hook`;
  const remote: RemoteSettings =
    over.openai === true ? { protocol: 'openai', baseUrl: url, model: 'm' } : { protocol: 'webhook', url };
  const spec = parsed({
    slug: 'mine',
    name: 'Mine',
    description: 'An agent.',
    runtime: 'remote',
    remote: { protocol: 'webhook', url: 'https://endpoint.example.com/hook' },
    example: 'hello',
  });
  const facts = { id: 'x', owner: hexOf(2), version: 1, closed: null, since_ms: 0 };
  const { agent } = listedAgent(spec, facts, { config, models: [] });
  const task: Task = {
    agent: { ...agent, remote, models: ['m'], timeLimit_ms: over.time_ms ?? 30_000 },
    envelope: {
      ...{ dialect: 'agent', id: hexOf(9), kind: 7001, client: hexOf(3), agents: [], session: null },
      ...{ createdAt_s: 0, expiresAt_s: null, relays: [], sealing: 'none' },
    },
    body: {
      ...{ messages: [{ role: 'user', content: 'question' }], parameters: {}, inputs: [], model: null },
      ...{ outputFormat: null, tools: null, bid_msats: null, bolt11: null },
      contract: { scope: 'all of it', verify: { hidden: 'not for the endpoint' } },
    },
    history: [],
  };
  const deltas: string[] = [];
  const notes: string[] = [];
  const counted: (string | null)[] = [];
  const context: RuntimeContext = {
    now: () => 1_800_000_000_000,
    signal: new AbortController().signal,
    progress: async (_done, _total, note) => void notes.push(note),
    delta: async (piece) => void deltas.push(piece),
    events: { search: async () => [], query: async () => [] },
  };
  const runtime = remoteRuntime({
    secret: over.secret === undefined ? (over.openai === true ? KEY : SECRET) : over.secret,
    keys: KEYS,
    attempt: over.attempt ?? 1,
    fetch: (signal) =>
      guardedCaller({
        fetch: (input, init) => fetch(input, init),
        allowPrivate: over.allowPrivate ?? true,
        maxBytes: MAX_BYTES,
        headTimeout_ms: over.head_ms ?? 20_000,
        signal,
        ...(over.resolve === undefined ? {} : { resolve: over.resolve }),
      }),
    outcome: async (failure) => void counted.push(failure?.code ?? null),
  });
  const outcome = await runtime.run(task, context).catch((error: unknown) => error);
  return { outcome, deltas, notes, counted };
}

function codeOf({ outcome }: Asked): string {
  return outcome instanceof JobError ? outcome.code : JSON.stringify(outcome);
}

function json(value: object, status = 200): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
}

function events(...values: object[]): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const value of values) response.write(`data: ${JSON.stringify(value)}\n\n`);
    response.end();
  };
}

describe('a webhook', () => {
  test('gets the job, signed by the owner’s secret and the agent’s key, and without what is hidden', async () => {
    let seen: { headers: Record<string, unknown>; body: string } | undefined;
    const asked = await ask(
      (request, response) => {
        void text(request).then((body) => {
          seen = { headers: request.headers, body };
          json({ content: 'answer', usage: { prompt_tokens: 5, completion_tokens: 1 } })(request, response);
        });
      },
      { attempt: 2 },
    );
    expect(asked.outcome).toMatchObject({ content: 'answer', model: 'mine', usage: { total_tokens: 6 } });
    expect(asked.counted).toEqual([null]);
    const { headers = {}, body = '' } = seen ?? {};
    expect(headers['webhook-id']).toBe(`${hexOf(9)}_2`);
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.alloc(32, 5)).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    expect(JSON.parse(body)).toMatchObject({
      type: 'job',
      data: { job: hexOf(9), attempt: 2, agent_pubkey: KEYS.publicKey, contract: { scope: 'all of it' } },
    });
    expect(body).not.toContain('not for the endpoint');
    expect(JSON.stringify(headers)).not.toContain(SECRET);
  });

  test('streams, and delivers what it streamed', async () => {
    const asked = await ask(
      events(
        { type: 'progress', done: 1, total: 3, note: 'reading' },
        { type: 'delta', text: 'one ' },
        { type: 'unheard of' },
        { type: 'delta', text: 'two' },
        { type: 'result' },
      ),
    );
    expect(asked.outcome).toMatchObject({ content: 'one two' });
    expect([asked.deltas.join(''), asked.notes]).toEqual(['one two', ['reading']]);
  });

  test('cannot make us count more tokens than there are bytes', async () => {
    const usage = { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 };
    const { outcome } = await ask(json({ content: 'four', usage }));
    expect(outcome).toMatchObject({ usage: { prompt_tokens: 'question'.length, completion_tokens: 4 } });
  });

  test.each([
    [
      'streams something and delivers something else',
      events({ type: 'delta', text: 'a' }, { type: 'result', content: 'b' }),
    ],
    ['ends its stream without a result', events({ type: 'delta', text: 'a' })],
    ['answers with nothing', json({ content: '' })],
    ['answers in another shape', json({ choices: [] })],
    ['answers with a page', ((_, response) => response.end('<html>')) as RequestListener],
    ['says that it failed', json({ error: { code: 'WORSE', message: 'inside' } })],
    ['refuses us', json({}, 401)],
  ])('that %s has failed', async (_, listener) => {
    const asked = await ask(listener);
    expect(codeOf(asked)).toBe('MODEL_ERROR');
    expect(asked.counted).toEqual(['MODEL_ERROR']);
  });

  test('may refuse a request, in words the client gets, and that is no failure of its', async () => {
    const asked = await ask(json({ error: { code: 'BAD_REQUEST', message: 'only haiku, please' } }, 422));
    expect(asked.outcome).toMatchObject({ code: 'BAD_REQUEST', message: 'only haiku, please' });
    expect(asked.counted).toEqual([]);
  });

  test.each([
    ['a secret of its', `my key is ${SECRET}`],
    ['half of one that it was given', SECRET.slice('whsec_'.length)],
    ['a key of somebody', `nsec1${'q'.repeat(58)}`],
  ])('that quotes %s in its refusal is not quoted', async (_, message) => {
    const { outcome } = await ask(json({ error: { code: 'BAD_REQUEST', message } }));
    expect(outcome).toMatchObject({ code: 'BAD_REQUEST', message: 'the agent does not take this request' });
  });

  test('that answers with its secret delivers nothing, also when it is cut in two', async () => {
    expect(codeOf(await ask(json({ content: `it is ${SECRET}` })))).toBe('MODEL_ERROR');
    const halves = [SECRET.slice(0, 20), SECRET.slice(20)].map((text) => ({ type: 'delta', text }));
    const asked = await ask(events({ type: 'delta', text: 'it is ' }, ...halves, { type: 'result' }));
    expect(codeOf(asked)).toBe('MODEL_ERROR');
    expect(asked.deltas.join('')).toBe('it is ');
  });

  test('without its secret is not asked', async () => {
    const asked = await ask(json({ content: 'x' }), { secret: null });
    expect(codeOf(asked)).toBe('SERVICE_UNAVAILABLE');
    expect(server?.asked).toEqual([]);
  });
});

describe('an endpoint', () => {
  test('that answers without end is cut off', async () => {
    const asked = await ask((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        while (response.write(`data: ${JSON.stringify({ type: 'delta', text: 'x'.repeat(1_000) })}\n\n`));
        response.once('drain', more);
      };
      more();
    });
    expect(codeOf(asked)).toMatch(/^(CONTENT_TOO_LARGE|MODEL_ERROR)$/);
    expect(asked.counted).toHaveLength(1);
  });

  test('that never answers, or drips, ends with the time of the job', async () => {
    const silent = await ask(() => undefined, { head_ms: 200 });
    expect(codeOf(silent)).toBe('TIMEOUT');
    const dripping = await ask(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => response.write(': still here\n\n'), 20);
        response.once('close', () => clearInterval(timer));
      },
      { time_ms: 250 },
    );
    expect(codeOf(dripping)).toBe('TIMEOUT');
    expect([...silent.counted, ...dripping.counted]).toEqual(['TIMEOUT', 'TIMEOUT']);
  });

  test('that redirects is not followed', async () => {
    const asked = await ask((request, response) => {
      if (request.url === '/inside') return json({ content: 'the metadata' })(request, response);
      response.writeHead(307, { location: '/inside' });
      response.end();
    });
    expect(codeOf(asked)).toBe('SERVICE_UNAVAILABLE');
    expect(server?.asked).toEqual(['/hook']);
  });

  test.each([
    ['http://169.254.169.254/latest/meta-data', 'a plain scheme'],
    ['https://169.254.169.254/latest/meta-data', 'the address of metadata'],
    ['https://[::ffff:a9fe:a9fe]/', 'the same as IPv6'],
    ['https://0x7f000001/', 'loopback in hex'],
    ['https://10.0.0.1/', 'a private network'],
    ['https://metadata.internal/', 'a name of the inside'],
    ['https://localhost:8080/', 'this machine'],
  ])('at %s is not called: %s', async (url) => {
    const asked = await ask(json({ content: 'x' }), { url, allowPrivate: false });
    expect(codeOf(asked)).toBe('SERVICE_UNAVAILABLE');
    expect(JSON.stringify(asked.outcome)).not.toContain('169.254');
    expect(server?.asked).toEqual([]);
  });

  test('whose public name points inside by now is not called', async () => {
    const resolve = async () => ['93.184.216.34', '10.1.2.3'];
    const asked = await ask(json({ content: 'x' }), {
      url: 'https://owner.example.com/',
      allowPrivate: false,
      resolve,
    });
    expect(codeOf(asked)).toBe('SERVICE_UNAVAILABLE');
    expect(asked.counted).toEqual(['SERVICE_UNAVAILABLE']);
  });
});

describe('a model', () => {
  const chunk = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
  const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };

  test('is asked with its owner’s key, and streams', async () => {
    let authorization: string | undefined;
    const asked = await ask(
      (request, response) => {
        authorization = request.headers.authorization;
        events(chunk('a '), chunk('model'), finish)(request, response);
      },
      { openai: true },
    );
    expect(asked.outcome).toMatchObject({ content: 'a model' });
    expect(asked.deltas.join('')).toBe('a model');
    expect([authorization, server?.asked]).toEqual([`Bearer ${KEY}`, ['/hook/chat/completions']]);
  });

  test('that is talked into telling its owner’s key does not tell it', async () => {
    const asked = await ask(events(chunk('sure: '), chunk(KEY.slice(0, 9)), chunk(KEY.slice(9)), finish), {
      openai: true,
    });
    expect(codeOf(asked)).toBe('MODEL_ERROR');
    expect(asked.deltas.join('')).toBe('sure: ');
  });

  test('that finds a request too long, or wrong, is not at fault', async () => {
    for (const code of ['context_length_exceeded', 'other']) {
      const asked = await ask(json({ error: { message: KEY, code } }, 400), { openai: true });
      expect(asked.outcome).toBeInstanceOf(JobError);
      expect(JSON.stringify(asked.outcome)).not.toContain(KEY);
      expect(asked.counted).toEqual([]);
    }
  });
});

describe('a probe', () => {
  const deps = (secret: string | null, headTimeout_ms: number) => ({
    ...{ secret, keys: KEYS, now_ms: 1_800_000_000_000 },
    fetch: guardedCaller({
      ...{
        fetch: (...call: Parameters<typeof fetch>) => fetch(...call),
        allowPrivate: true,
        maxBytes: MAX_BYTES,
      },
      ...{ headTimeout_ms, signal: new AbortController().signal },
    }),
  });
  const probe = async (
    listener: RequestListener,
    protocol: 'openai' | 'webhook',
    secret: string | null = SECRET,
    headTimeout_ms = 20_000,
  ) => {
    await server?.close();
    server = await loopbackServer(listener);
    const endpoint =
      protocol === 'openai'
        ? { protocol, base_url: `${server.origin}/v1` }
        : { protocol, url: `${server.origin}/hook` };
    return await probeRemote(endpoint, deps(secret, headTimeout_ms)).then(
      () => 'there',
      (error: unknown) => (error instanceof JobError ? error.message : String(error)),
    );
  };

  test('of a model is content with whoever knows the key, models listed or not', async () => {
    expect(await probe(json({ data: [] }), 'openai', KEY)).toBe('there');
    expect(await probe(json({}, 404), 'openai', null)).toBe('there');
    expect(await probe(json({}, 401), 'openai', KEY)).toBe('it answers with status 401');
    expect(await probe(json({}, 500), 'openai', KEY)).toBe('it answers with status 500');
    expect(server?.asked).toEqual(['/v1/models']);
  });

  test('of a webhook is a signed ping that wants a success', async () => {
    let body = '';
    const listen: RequestListener = (request, response) => {
      void text(request).then((sent) => {
        body = sent;
        const given = String(request.headers['webhook-signature']);
        const id = `${request.headers['webhook-id']}.${request.headers['webhook-timestamp']}.${sent}`;
        const good = `v1,${createHmac('sha256', Buffer.alloc(32, 5)).update(id).digest('base64')}`;
        json({}, given === good ? 200 : 400)(request, response);
      });
    };
    expect(await probe(listen, 'webhook')).toBe('there');
    expect(JSON.parse(body)).toMatchObject({ type: 'ping' });
    expect(await probe(listen, 'webhook', null)).toBe('its secret is to be given again');
    expect(await probe(json({}, 404), 'webhook')).toBe('it answers with status 404');
    expect(await probe(() => undefined, 'webhook', SECRET, 200)).toContain('did not answer in time');
  });
});
