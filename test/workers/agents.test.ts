/**
 * Goal: what agents use of the runtime (the model library, streams, abort signals, text decoders) works in workerd
 * as it does under Node, where the other tests run.
 * Does not prove: anything about a network, since the other side is a function; nor name look-ups, which workerd
 * does over HTTPS.
 */
import { expect, test } from 'vitest';
import { modelProvider } from '../../src/agent/models/provider.ts';
import { runtimeFor } from '../../src/agent/runtimes.ts';
import { readConfig } from '../../src/config.ts';
import { safeFetch } from '../../src/net/safe-fetch.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

const config = readConfig({
  LOCAL: '1',
  MODEL_BASE_URL: 'https://model.net/v1',
  MODEL: 'small',
  MODEL_API_KEY: 'key',
});
const chatModel = (...options: Parameters<typeof modelProvider>) => modelProvider(...options)?.chat ?? null;
const EVENTS = [
  { choices: [{ index: 0, delta: { content: 'Hello ' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { content: 'there ⚡' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 } },
];

function streamed(...texts: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(encoder.encode(text));
      controller.close();
    },
  });
}

/** A stream that stays open; `cancelled` resolves when its reader lets go. */
function open(first: string) {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
    cancel: () => cancelled.resolve(),
  });
  return { body, cancelled: cancelled.promise };
}

const sse = (body: ReadableStream) =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } });

test('chat streams through the model library', async () => {
  const asked: string[] = [];
  const model = chatModel(config, {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      asked.push(request.url, request.headers.get('authorization') ?? '', await request.text());
      return sse(
        streamed(...EVENTS.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'),
      );
    },
  });
  const context = recordingContext();
  const output = await runtimeFor('chat', { model, sandbox: null }).run(taskOf('chat', 'hi'), context);
  expect(context.deltas).toEqual(['Hello ', 'there ⚡']);
  expect(output).toMatchObject({
    content: 'Hello there ⚡',
    finishReason: 'stop',
    usage: { total_tokens: 6 },
  });
  expect(asked.slice(0, 2)).toEqual(['https://model.net/v1/chat/completions', 'Bearer key']);
  expect(asked[2]).toContain('"stream":true');
});

test('an aborted chat ends as TIMEOUT', async () => {
  const abort = new AbortController();
  const stream = open(`data: ${JSON.stringify(EVENTS[0])}\n\n`);
  const model = chatModel(config, { fetch: async () => sse(stream.body) });
  const context = recordingContext({ signal: abort.signal, onDelta: () => abort.abort() });
  const run = runtimeFor('chat', { model, sandbox: null }).run(taskOf('chat', 'hi'), context);
  await expect(run).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a refusal of the provider is coded here too', async () => {
  const model = chatModel(config, {
    fetch: async () =>
      new Response('{"error":{"message":"key"}}', { status: 429, headers: { 'retry-after': '9' } }),
  });
  const run = runtimeFor('chat', { model, sandbox: null }).run(taskOf('chat', 'hi'), recordingContext());
  await expect(run).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { retry_after_s: 9 } });
});

test('the guarded door refuses, caps and stops as under Node', async () => {
  const pages: Record<string, () => Response> = {
    'https://site.net/': () =>
      new Response('grüße', { headers: { 'content-type': 'text/plain; charset=klingon' } }),
    'https://site.net/latin': () =>
      new Response(new Uint8Array([0xe9]), { headers: { 'content-type': 'text/plain; charset=iso-8859-1' } }),
    'https://site.net/inside': () =>
      new Response(null, { status: 302, headers: { location: 'https://0x7f000001/' } }),
    'https://site.net/big': () =>
      new Response('x'.repeat(200), { headers: { 'content-type': 'text/plain' } }),
  };
  const door = (path: string, extra = {}) =>
    safeFetch(`https://site.net${path}`, {
      allowPrivate: false,
      maxBytes: 100,
      fetch: async (input) => pages[String(input)]?.() ?? new Response('', { status: 404 }),
      ...extra,
    });
  expect((await door('/')).text).toBe('grüße');
  expect((await door('/latin')).text).toBe('é');
  await expect(door('/inside')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    details: { reason: 'private' },
  });
  await expect(door('/big')).rejects.toMatchObject({ code: 'CONTENT_TOO_LARGE' });
  const drip = open('a');
  const hanging = async () => new Response(drip.body, { headers: { 'content-type': 'text/plain' } });
  const job = new AbortController();
  await expect(door('/', { fetch: hanging, signal: job.signal, timeout_ms: 30 })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
});
