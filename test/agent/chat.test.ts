/**
 * Goal: `chat` streams what a provider says and turns every way a provider can fail into the right coded error,
 * with nothing of the provider's words or our key in it.
 * Method: the real client library against a scripted server on loopback.
 * Does not prove: how any particular provider behaves.
 */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { chatRuntime } from '../../src/agent/chat/chat.ts';
import { openAiClient } from '../../src/agent/chat/openai-client.ts';
import { modelProvider } from '../../src/agent/models/provider.ts';
import type { Task } from '../../src/agent/runtime.ts';
import { runtimeFor } from '../../src/agent/runtimes.ts';
import { readConfig } from '../../src/config.ts';
import { JobError } from '../../src/errors.ts';
import { AGENT_MAX_OUTPUT_BYTES } from '../../src/limits.ts';
import { answer, type ModelServer, modelServer, type Script } from '../support/model-server.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

const KEY = 'sk-canary-0123456789';
const SECRET_BODY = { error: { message: `quota of ${KEY} at 10.1.2.3`, type: 'x', code: null } };
let server: ModelServer;

beforeAll(async () => {
  server = await modelServer();
});
afterAll(() => server.close());
afterEach(() => {
  server.asked.length = 0;
  vi.restoreAllMocks();
});

const chatModel = (...options: Parameters<typeof modelProvider>) => modelProvider(...options)?.chat ?? null;

const runtime = (timeout_ms = 5_000) =>
  chatRuntime(openAiClient({ baseUrl: server.baseUrl, apiKey: KEY, timeout_ms }));

async function failureFor(
  script: Script,
  options: { signal?: AbortSignal; timeout_ms?: number; task?: Task } = {},
) {
  server.script(script);
  const context = recordingContext(options.signal === undefined ? {} : { signal: options.signal });
  try {
    await runtime(options.timeout_ms).run(options.task ?? taskOf('chat', 'hello'), context);
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    const everything = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)} ${error.stack}`;
    expect(everything).not.toContain(KEY);
    expect(everything).not.toContain('10.1.2.3');
    return { failure: error.failure, deltas: context.deltas };
  }
  throw new Error('the job was done');
}

test('an answer is streamed piece by piece and handed in whole, with the usage the provider counts', async () => {
  server.script(answer('Zaps ', 'are ', 'tips. ⚡'));
  const context = recordingContext();
  const output = await runtime().run(taskOf('chat', 'What are zaps?'), context);
  expect(context.deltas).toEqual(['Zaps ', 'are ', 'tips. ⚡']);
  expect(output).toEqual({
    content: 'Zaps are tips. ⚡',
    finishReason: 'stop',
    model: 'small',
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
  expect(server.asked[0]).toMatchObject({
    path: '/v1/chat/completions',
    authorization: `Bearer ${KEY}`,
    body: { model: 'small', stream: true, stream_options: { include_usage: true }, max_tokens: 2_048 },
  });
});

test('the first piece is there before the provider has said the last', async () => {
  const gate = Promise.withResolvers<void>();
  server.script([{ say: 'first' }, { hold: gate.promise }, { say: ' last' }, { finish: 'stop' }]);
  const context = recordingContext({ onDelta: (text) => text === 'first' && gate.resolve() });
  expect((await runtime().run(taskOf('chat', 'hi'), context)).content).toBe('first last');
});

test('parameters and response format reach the model under its names', async () => {
  server.script(answer('{}'));
  const schema = { type: 'object', properties: { a: { type: 'number' } } };
  const parameters = {
    temperature: 0,
    top_p: 0.5,
    max_tokens: 5,
    seed: 7,
    stop: ['x'],
    frequency_penalty: 1,
    presence_penalty: -1,
  };
  const outputFormat = { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } };
  await runtime().run(taskOf('chat', 'hi', { body: { parameters, outputFormat } }), recordingContext());
  expect(server.asked[0]?.body).toMatchObject({ ...parameters, response_format: outputFormat });
  await runtime().run(
    taskOf('chat', 'hi', { body: { outputFormat: 'application/json' } }),
    recordingContext(),
  );
  expect(server.asked[1]?.body).toMatchObject({ response_format: { type: 'json_object' } });
  await runtime().run(taskOf('chat', 'hi', { body: { outputFormat: 'text/plain' } }), recordingContext());
  expect(server.asked[2]?.body).not.toHaveProperty('response_format');
});

test('a wish for a longer answer than the context is cut, and a model of the agent is asked by name', async () => {
  server.script(answer('ok'));
  const agent = { models: ['small', 'large'], maxContextTokens: 1_000 };
  await runtime().run(
    taskOf('chat', 'hi', { agent, body: { model: 'large', parameters: { max_tokens: 999_999 } } }),
    recordingContext(),
  );
  expect(server.asked[0]?.body).toMatchObject({ model: 'large', max_tokens: 500 });
  await runtime().run(taskOf('chat', 'hi', { agent, body: { model: 'chat' } }), recordingContext());
  expect(server.asked[1]?.body).toMatchObject({ model: 'small' });
});

test('where the provider counts no tokens they are estimated', async () => {
  server.script([{ say: 'twelve chars' }, { finish: 'length' }]);
  const output = await runtime().run(taskOf('chat', 'hi'), recordingContext());
  expect(output.finishReason).toBe('length');
  expect(output.usage.completion_tokens).toBe(3);
  expect(output.usage.prompt_tokens).toBeGreaterThan(0);
  server.script([{ say: 'x' }, { finish: 'stop' }, { usage: [-1, 2] }]);
  expect((await runtime().run(taskOf('chat', 'hi'), recordingContext())).usage.prompt_tokens).toBeGreaterThan(
    0,
  );
});

test.each<[string, Script, string, object | undefined]>([
  [
    '429 with Retry-After',
    { status: 429, headers: { 'retry-after': '17' }, body: SECRET_BODY },
    'RATE_LIMIT_EXCEEDED',
    { retry_after_s: 17 },
  ],
  [
    '429 with the reset of a used-up allowance',
    {
      status: 429,
      headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m2.5s' },
    },
    'RATE_LIMIT_EXCEEDED',
    { retry_after_s: 63 },
  ],
  ['429 without', { status: 429, body: SECRET_BODY }, 'RATE_LIMIT_EXCEEDED', { retry_after_s: 60 }],
  [
    '429 with a Retry-After that is no number',
    { status: 429, headers: { 'retry-after': 'soon' } },
    'RATE_LIMIT_EXCEEDED',
    { retry_after_s: 60 },
  ],
  [
    'a used-up quota',
    { status: 429, body: { error: { message: KEY, code: 'insufficient_quota' } } },
    'MODEL_ERROR',
    { reason: 'refused' },
  ],
  ['500', { status: 500, body: SECRET_BODY }, 'MODEL_ERROR', undefined],
  ['502', { status: 502, body: SECRET_BODY }, 'SERVICE_UNAVAILABLE', undefined],
  ['503', { status: 503, body: SECRET_BODY }, 'SERVICE_UNAVAILABLE', undefined],
  ['504', { status: 504, body: SECRET_BODY }, 'TIMEOUT', undefined],
  ['400', { status: 400, body: SECRET_BODY }, 'MODEL_ERROR', { reason: 'rejected' }],
  ['422', { status: 422, body: SECRET_BODY }, 'MODEL_ERROR', { reason: 'rejected' }],
  ['401', { status: 401, body: SECRET_BODY }, 'MODEL_ERROR', { reason: 'refused' }],
  ['404', { status: 404, body: SECRET_BODY }, 'MODEL_ERROR', { reason: 'refused' }],
  [
    'a context too long',
    { status: 400, body: { error: { message: KEY, code: 'context_length_exceeded' } } },
    'CONTENT_TOO_LARGE',
    undefined,
  ],
  ['a disconnect before the first piece', [{ cut: true }], 'MODEL_ERROR', undefined],
  ['an end without a reason', [{ say: 'half' }], 'MODEL_ERROR', undefined],
  [
    'malformed JSON in the stream',
    [{ say: 'half' }, { raw: `data: {"key": ${KEY}\n\n` }],
    'MODEL_ERROR',
    undefined,
  ],
  [
    'an error inside the stream',
    [{ say: 'half' }, { raw: `data: ${JSON.stringify(SECRET_BODY)}\n\n` }],
    'MODEL_ERROR',
    undefined,
  ],
  ['a chunk that is null', [{ raw: 'data: null\n\n' }], 'MODEL_ERROR', undefined],
  ['nothing but noise', [{ raw: '\u0000\u0001<html>' }], 'MODEL_ERROR', undefined],
])('%s ends as its code, and nothing is asked twice', async (_name, script, code, details) => {
  const printed = vi.spyOn(console, 'error');
  const { failure } = await failureFor(script);
  expect(failure.code).toBe(code);
  expect(failure.details).toEqual(details);
  expect(server.asked).toHaveLength(1);
  expect(printed).not.toHaveBeenCalled();
});

test('a disconnect half way is MODEL_ERROR, after the pieces that came', async () => {
  const { failure, deltas } = await failureFor([
    { say: 'half ' },
    { say: 'an' },
    { raw: 'data: {"cho' },
    { cut: true },
  ]);
  expect(failure).toEqual({ code: 'MODEL_ERROR', message: 'the answer of the model broke off' });
  expect(deltas.join('')).toMatch(/^(half (an)?)?$/);
});

test('a provider that is not there is SERVICE_UNAVAILABLE; one that never answers is TIMEOUT', async () => {
  const gone = await modelServer();
  await gone.close();
  const client = openAiClient({ baseUrl: gone.baseUrl, apiKey: '', timeout_ms: 1_000 });
  await expect(chatRuntime(client).run(taskOf('chat', 'hi'), recordingContext())).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  const silent = openAiClient({
    baseUrl: server.baseUrl,
    apiKey: KEY,
    timeout_ms: 30,
    fetch: (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
      ),
  });
  await expect(chatRuntime(silent).run(taskOf('chat', 'hi'), recordingContext())).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
});

test('an aborted job stops the model at once and hangs up', async () => {
  const abort = new AbortController();
  const hangUp = server.nextHangUp();
  server.script([{ say: 'first' }, { hold: new Promise(() => undefined) }]);
  const context = recordingContext({ signal: abort.signal, onDelta: () => abort.abort() });
  await expect(runtime().run(taskOf('chat', 'hi'), context)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await hangUp;
  expect(context.deltas).toEqual(['first']);
});

test('a job aborted before it began asks nobody, and ends with the reason the aborter gave', async () => {
  const abort = new AbortController();
  abort.abort(new JobError('TIMEOUT', 'over the time limit', { limit_ms: 5 }));
  const { failure } = await failureFor(answer('no'), { signal: abort.signal });
  expect(failure).toEqual({ code: 'TIMEOUT', message: 'over the time limit', details: { limit_ms: 5 } });
  expect(server.asked).toHaveLength(0);
});

test('an answer without end is cut at the limit of an event, and the model hung up on', async () => {
  const hangUp = server.nextHangUp();
  server.script([
    ...Array.from({ length: 40 }, () => ({ say: 'é'.repeat(1_000) })),
    { hold: new Promise(() => undefined) },
  ]);
  const context = recordingContext();
  const output = await runtime().run(taskOf('chat', 'hi'), context);
  await hangUp;
  expect(output.finishReason).toBe('length');
  expect(output.content).toBe('é'.repeat(12_000));
  expect(context.deltas.join('')).toBe(output.content);
  expect(Buffer.byteLength(output.content)).toBeLessThanOrEqual(AGENT_MAX_OUTPUT_BYTES);
});

test('what is no tool, a wrong response_format and an empty request are refused before the model is asked', async () => {
  const refused = async (body: Partial<Task['body']>, text = 'hi') =>
    (await failureFor(answer('no'), { task: taskOf('chat', text, { body }) })).failure;
  expect(await refused({ tools: [{ type: 'function' }] })).toMatchObject({
    code: 'INVALID_PARAMETER',
    details: { path: '$.tools[0].function' },
  });
  expect(await refused({ outputFormat: { type: 'xml' } })).toMatchObject({
    code: 'INVALID_PARAMETER',
    details: { path: '$.response_format' },
  });
  expect(await refused({}, ' ')).toMatchObject({ code: 'BAD_REQUEST' });
  expect(await refused({}, 'word '.repeat(16_000))).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
  expect(server.asked).toHaveLength(0);
});

test('the configuration chooses the model: an endpoint, else Workers AI, else none', async () => {
  server.script(answer('endpoint'));
  const config = readConfig({
    LOCAL: '1',
    MODEL_BASE_URL: server.baseUrl,
    MODEL: 'small',
    MODEL_API_KEY: KEY,
  });
  const workersAi = async () => new Blob(['data: {"response":"binding"}\n\ndata: [DONE]\n\n']).stream();
  const ask = async (model: ReturnType<typeof chatModel>) =>
    (await runtimeFor('chat', { model, sandbox: null }).run(taskOf('chat', 'hi'), recordingContext()))
      .content;
  expect(await ask(chatModel(config, { workersAi }))).toBe('endpoint');
  expect(await ask(chatModel(readConfig({ LOCAL: '1' }), { workersAi }))).toBe('binding');
  expect(chatModel(readConfig({ LOCAL: '1' }))).toBeNull();
  expect(() => runtimeFor('chat', { model: null, sandbox: null })).toThrow(JobError);
});
