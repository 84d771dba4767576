/**
 * Goal: the official client meets at the OpenAI door what it expects of OpenAI: answers, streams, errors it acts on.
 * Method: the `openai` package over the app in this process, scripted agents, real purses in memory. Does not prove: sockets,
 * sessions and money together (test/e2e/openai-door.test.ts).
 */
import OpenAI, { APIError } from 'openai';
import { describe, expect, test } from 'vitest';
import { JOB_ERROR_CODES } from '../../src/errors.ts';
import { createApp } from '../../src/http/app.ts';
import { openAiError } from '../../src/http/openai/errors.ts';
import { OpenAiError } from '../../src/http/schemas-keys.ts';
import { msats } from '../../src/payment/msats.ts';
import type { Report } from '../../src/protocol/model.ts';
import { doorWorld, RESULT, type Script, type ScriptedJob } from '../support/door-world.ts';
import { httpFixture } from '../support/http.ts';
import { OWNER, purseWorld } from '../support/purse-world.ts';

const PRICED = 'discover-prepaid';
const delta = (seq: number, text: string, attempt = 1): Report => ({ type: 'delta', seq, text, attempt });
const ask = (content: string) => [{ role: 'user' as const, content }];

function market(scripts: { readonly [slug: string]: Script } = {}) {
  const world = doorWorld(scripts);
  const purses = purseWorld();
  purses.receive(OWNER, msats(1_000_000), 'first');
  const { ports } = httpFixture();
  const app = createApp({
    ...ports,
    agents: world.agents,
    door: world.door,
    purses: purses.purses,
    keyRing: purses.ring,
    account: { ...ports.account, statement: (client) => purses.accounts.statement(client) },
  });
  const background: Promise<unknown>[] = [];
  const ctx = {
    waitUntil: (work: Promise<unknown>) => void background.push(work),
    passThroughOnException: () => undefined,
    props: {},
  };
  const requests: Headers[] = [];
  const call = async (path: string, init?: RequestInit) =>
    await app.request(`https://market.example${path}`, init, {}, ctx);
  const client = (apiKey = 'guest', more: object = {}) =>
    new OpenAI({
      apiKey,
      baseURL: 'https://market.example/v1',
      maxRetries: 0,
      fetch: async (url, init) => {
        const request = new Request(String(url), init);
        requests.push(request.headers);
        return await app.request(request, undefined, {}, ctx);
      },
      ...more,
    });
  const key = async (budget: number, agents: string[] | null = null) =>
    (await purses.ring.create(OWNER, { name: 'test', budget: msats(budget), agents, expiresAt_s: null }))
      .secret;
  return { ...world, purses, call, client, key, requests, settled: () => Promise.all(background) };
}

const post = (body: object | string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('chat.completions', () => {
  test('answers with the result, its usage, and what answered', async () => {
    const { client, asked } = market({ chat: (_body, job) => job.tell(delta(0, 'hel'), RESULT('hello')) });
    const answer = await client().chat.completions.create({
      model: 'chat',
      messages: [
        { role: 'developer', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      ],
      temperature: 0.5,
      max_completion_tokens: 20,
      stop: 'END',
      user: 'me',
      metadata: { a: 'b' },
    });
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'chat',
      system_fingerprint: 'small',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'hello', refusal: null }, finish_reason: 'stop' },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(answer.id).toBe(`chatcmpl-${asked[0]?.id}`);
    expect(answer._request_id).toMatch(/./);
    expect(asked[0]?.body).toMatchObject({
      messages: [{ role: 'system', content: 'be brief' }, { role: 'user' }],
      parameters: { temperature: 0.5, max_tokens: 20, stop: ['END'] },
    });
  });

  test('streams what is new of each delta, then usage where it is wanted', async () => {
    const { client } = market({
      chat: (_body, job) =>
        job.tell(delta(0, 'he'), delta(0, 'he'), delta(0, 'h', 2), delta(1, 'ell', 2), RESULT('hello')),
    });
    const stream = await client().chat.completions.create({
      model: 'chat',
      messages: ask('hi'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content).filter(Boolean)).toEqual(['he', 'll', 'o']);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 5 } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test('hands tools, their choice and a response format on, and their calls back', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'weather', parameters: { type: 'object', properties: {} } },
      },
    ];
    const calls = [{ id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: '{}' } }];
    const { client, asked } = market({
      chat: (_body, job) => job.tell(RESULT('', { finishReason: 'tool_calls', toolCalls: calls })),
    });
    const body = {
      model: 'chat',
      messages: [
        ...ask('how is it outside?'),
        { role: 'assistant' as const, content: null, tool_calls: calls },
        { role: 'tool' as const, tool_call_id: 'c1', content: 'rain' },
      ],
      tools,
      tool_choice: 'required' as const,
      response_format: { type: 'json_object' as const },
    };
    const answer = await client().chat.completions.create(body);
    expect(answer.choices[0]).toMatchObject({
      message: { content: null, tool_calls: calls },
      finish_reason: 'tool_calls',
    });
    expect(asked[0]?.body).toMatchObject({
      tools,
      outputFormat: { type: 'json_object' },
      parameters: { tool_choice: 'required' },
      messages: [{}, { role: 'assistant', tool_calls: calls }, { role: 'tool', tool_call_id: 'c1' }],
    });
    const stream = client().chat.completions.stream(body);
    expect((await stream.finalChatCompletion()).choices[0]?.message.tool_calls).toMatchObject(calls);
  });

  test('an agent’s own parameters stand beside the others; what nobody knows is refused', async () => {
    const { client, asked } = market();
    const create = (more: object) =>
      client().chat.completions.create({
        model: 'discover',
        messages: ask('nostr'),
        temperature: 1,
        ...more,
      });
    await create({ max_results: 3, parameters: { task: 'people-search' } });
    expect(asked[0]?.body.parameters).toEqual({ max_results: 3, task: 'people-search' });
    await expect(create({ max_resluts: 3 })).rejects.toMatchObject({
      status: 400,
      code: 'unknown_parameter',
      param: 'max_resluts',
    });
  });

  test.each([
    [{ n: 2 }, 'n'],
    [{ logprobs: true }, 'logprobs'],
    [{ modalities: ['audio'] }, 'modalities'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content[0]',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, 'messages[0].content[0].type'],
    [{ tools: [{ type: 'custom' }] }, 'tools[0].type'],
    [{ temperature: 7 }, 'parameters.temperature'],
    [{ model: 'discover', tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [{ stream_options: { include_usage: true } }, 'stream_options'],
  ])('%j is refused with its place', async (wrong, param) => {
    const { call, asked } = market();
    const response = await call(
      '/v1/chat/completions',
      post({ model: 'chat', messages: ask('x'), ...wrong }),
    );
    expect(response.status).toBe(400);
    expect(OpenAiError.parse(await response.json()).error).toMatchObject({
      type: 'invalid_request_error',
      param,
    });
    expect(asked).toEqual([]);
  });

  test('broken JSON, a wrong method, an unknown path and an oversize body are errors of OpenAI’s shape', async () => {
    const { call } = market();
    const told = async (path: string, init: RequestInit) => {
      const response = await call(path, init);
      return [response.status, OpenAiError.parse(await response.json()).error] as const;
    };
    expect(await told('/v1/chat/completions', post('{"model": "chat",\n "messages": [}'))).toMatchObject([
      400,
      { code: 'invalid_json', line: 2, column: 15 },
    ]);
    expect(await told('/v1/chat/completions', post(''))).toMatchObject([400, { code: 'invalid_json' }]);
    expect((await told('/v1/chat/completions', { method: 'GET' }))[0]).toBe(405);
    expect(await told('/v1/embeddings', post({}))).toMatchObject([404, { code: 'not_found' }]);
    expect((await told('/v1/chat/completions', post('x'.repeat(140_000))))[0]).toBe(413);
    expect(
      await told('/v1/chat/completions', post({ model: 'chat', messages: ask('x'.repeat(60_000)) })),
    ).toMatchObject([413, { code: 'request_too_large' }]);
    expect(await told('/v1/chat/completions', post({ model: 'gpt-5', messages: ask('x') }))).toMatchObject([
      404,
      { code: 'model_not_found', param: 'model' },
    ]);
  });

  test('a failure has the status that its client acts on, once it has begun to stream the error itself', async () => {
    let failure: Report = {
      type: 'error',
      failure: { code: 'RATE_LIMIT_EXCEEDED', message: 'later', details: { retry_after_s: 7 } },
    };
    const { client, call } = market({ chat: (_body, job) => job.tell(failure) });
    const response = await call(
      '/v1/chat/completions',
      post({ model: 'chat', messages: ask('x'), stream: true }),
    );
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    failure = { type: 'error', failure: { code: 'MODEL_ERROR', message: 'away' } };
    await expect(
      client().chat.completions.create({ model: 'chat', messages: ask('x') }),
    ).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('away'),
    });
    const late = market({ chat: (_body, job) => job.tell(delta(0, 'he'), failure) });
    const stream = await late
      .client()
      .chat.completions.create({ model: 'chat', messages: ask('x'), stream: true });
    const read = (async () => {
      for await (const _ of stream);
    })();
    await expect(read).rejects.toBeInstanceOf(APIError);
    for (const code of JOB_ERROR_CODES) OpenAiError.parse(openAiError({ code, message: 'x' }));
  });

  test('an answer that was begun anew and differs from what was streamed ends in an error', async () => {
    const { client } = market({
      chat: (_body, job) => job.tell(delta(0, 'Yes'), delta(0, 'No', 2), RESULT('No')),
    });
    const stream = await client().chat.completions.create({
      model: 'chat',
      messages: ask('x'),
      stream: true,
    });
    const read = (async () => {
      for await (const _ of stream);
    })();
    await expect(read).rejects.toThrow('begun anew');
  });
});

test('what passes is tried again by the client itself, and is another job', async () => {
  let tries = 0;
  const { client, asked } = market({
    chat: (_body, job) =>
      tries++ === 0
        ? job.tell({ type: 'error', failure: { code: 'SERVICE_UNAVAILABLE', message: 'busy' } })
        : job.tell(RESULT('at last')),
  });
  const answer = await client('guest', { maxRetries: 1 }).chat.completions.create({
    model: 'chat',
    messages: ask('x'),
  });
  expect([answer.choices[0]?.message.content, asked.length]).toEqual(['at last', 2]);
});

describe('models', () => {
  test('are the agents', async () => {
    const { client } = market();
    const { data } = await client().models.list();
    expect(data.map(({ id }) => id)).toContain('chat');
    expect(await client().models.retrieve('chat')).toMatchObject({ id: 'chat', object: 'model' });
    await expect(client().models.retrieve('gpt-5')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('whoever goes away', () => {
  const waiting = () => {
    const jobs: ScriptedJob[] = [];
    const world = market({
      chat: (_body, job) => {
        jobs.push(job);
        job.tell({ type: 'processing', note: 'on it' });
      },
      [PRICED]: (_body, job) => {
        jobs.push(job);
        job.tell(delta(0, 'some of it'));
      },
    });
    return { ...world, jobs };
  };

  test('before a word was told calls the job off', async () => {
    const { client, published, settled, asked } = waiting();
    const leaving = new AbortController();
    const asking = client().chat.completions.create(
      { model: 'chat', messages: ask('x') },
      { signal: leaving.signal },
    );
    await expect.poll(() => asked.length).toBe(1);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await settled();
    await expect
      .poll(() => published)
      .toMatchObject([
        {
          kind: 5,
          tags: [
            ['e', asked[0]?.id],
            ['k', '7001'],
          ],
        },
      ]);
  });

  test('in the middle of an answer that costs something leaves it to its end: it is paid for', async () => {
    const { client, published, key, settled } = waiting();
    const stream = await client(await key(21_000)).chat.completions.create({
      model: PRICED,
      messages: ask('x'),
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await settled();
    expect(published).toEqual([]);
  });

  test('under an Idempotency-Key finds the answer when it comes back', async () => {
    const { client, published, key, settled, jobs, asked } = waiting();
    const openai = client(await key(1_000));
    const leaving = new AbortController();
    const body = { model: 'chat', messages: ask('x') };
    const headers = { 'Idempotency-Key': 'one' };
    const asking = openai.chat.completions.create(body, { headers, signal: leaving.signal });
    await expect.poll(() => jobs.length).toBe(1);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await settled();
    jobs[0]?.tell(RESULT('here it is'));
    const answer = await openai.chat.completions.create(body, { headers });
    expect(answer.choices[0]?.message.content).toBe('here it is');
    expect([asked.length, published.length]).toEqual([1, 0]);
    await expect(
      openai.chat.completions.create({ ...body, messages: ask('y') }, { headers }),
    ).rejects.toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  });
});

test('a job that waited for money under its Idempotency-Key goes on when its key was filled', async () => {
  const demand = {
    amount_msats: 21_000,
    bolt11: 'lnbcrt1',
    paymentHash: 'ab'.repeat(32),
    expiresAt_s: 1_800_000_900,
    escrow: false,
  };
  const { client, purses, asked } = market({
    [PRICED]: (_body, job) => {
      job.tell({ type: 'paymentRequired', demand });
      job.whenPaid(() => {
        job.phase('running');
        job.tell(RESULT('paid for'));
      });
    },
  });
  const { key, secret } = await purses.ring.create(OWNER, {
    name: 'a',
    budget: msats(0),
    agents: null,
    expiresAt_s: null,
  });
  const create = () =>
    client(secret).chat.completions.create(
      { model: PRICED, messages: ask('x') },
      { headers: { 'Idempotency-Key': 'one' } },
    );
  for (let time = 0; time < 2; time++)
    await expect(create()).rejects.toMatchObject({ status: 402, error: { invoice: 'lnbcrt1' } });
  await purses.ring.budget(OWNER, key.id, 'more', msats(21_000), false);
  expect((await create()).choices[0]?.message.content).toBe('paid for');
  expect(asked).toHaveLength(1);
});

describe('paying', () => {
  test('a stranger is told what to pay, and is served for it until it is used up', async () => {
    const { call, purses, client, asked } = market();
    const body = { model: PRICED, messages: ask('nostr') };
    const refused = await call('/v1/chat/completions', post(body));
    expect(refused.status).toBe(402);
    const { error } = OpenAiError.parse(await refused.json());
    expect(error).toMatchObject({ type: 'payment_required', amount_msats: 21_000 });
    const [, macaroon, invoice] =
      /^L402 macaroon="([^"]+)", invoice="(lnbcrt[^"]+)"$/.exec(
        refused.headers.get('www-authenticate') ?? '',
      ) ?? [];
    expect([macaroon, invoice]).toEqual([error.macaroon, error.invoice]);
    const preimage = purses.pay(String(error.payment_hash));
    const token = { Authorization: `L402 ${macaroon}:${preimage}` };
    const served = await client('guest', { defaultHeaders: token }).chat.completions.create(body);
    expect(served.choices[0]?.message.content).toBe('hello');
    expect(asked).toHaveLength(1);
    // For another agent it is none.
    const other = await call('/v1/chat/completions', post({ ...body, model: 'discover' }, token));
    expect([other.status, (await other.json()).error.code]).toEqual([403, 'agent_not_allowed']);
    const account = await call('/l402', { headers: token });
    expect(await account.json()).toMatchObject({ credit_msats: 21_000 });
  });

  test('a key without budget says so to its holder, and whose it is to fill it', async () => {
    const { client, key, asked } = market();
    await expect(
      client(await key(20_999)).chat.completions.create({ model: PRICED, messages: ask('x') }),
    ).rejects.toMatchObject({ status: 402, code: 'insufficient_quota', type: 'insufficient_quota' });
    expect(asked).toEqual([]);
  });

  test.each([
    [['chat'], 'discover', 403, 'agent_not_allowed'],
    [null, 'gpt-5', 404, 'model_not_found'],
  ])('a key for %j and the model %s: %d', async (agents, model, status, code) => {
    const { client, key } = market();
    await expect(
      client(await key(0, agents)).chat.completions.create({ model, messages: ask('x') }),
    ).rejects.toMatchObject({ status, code });
  });

  test.each([
    ['sk-other', 'unknown_key'],
    [`sk-errand-${'a'.repeat(43)}`, 'unknown_key'],
  ])('the key %s opens nothing', async (apiKey, code) => {
    await expect(
      market()
        .client(apiKey)
        .chat.completions.create({ model: 'chat', messages: ask('x') }),
    ).rejects.toMatchObject({ status: 401, code });
  });
});

test('a page of others may call with a key, and read what it needs', async () => {
  const { call } = market();
  const asked = 'authorization,content-type,idempotency-key,x-stainless-lang';
  const preflight = await call('/v1/chat/completions', {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': asked,
    },
  });
  expect(preflight.headers.get('access-control-allow-headers')).toBe(asked);
  const answer = await call('/v1/models', { headers: { origin: 'https://app.example' } });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-expose-headers')).toMatch(/WWW-Authenticate.*X-Request-Id/);
});
