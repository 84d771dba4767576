import { expect, test } from 'vitest';
import { chatRuntime } from '../../src/agent/chat/chat.ts';
import { workersAiClient } from '../../src/agent/chat/workers-ai-client.ts';
import type { AiRun } from '../../src/agent/models/workers-ai-binding.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

/** A binding that answers with these chunks of bytes and then ends. */
function binding(...chunks: string[]): AiRun {
  return async () => streamOf(chunks);
}

function streamOf(chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
      controller.close();
    },
  });
}

const run = (ai: AiRun, context = recordingContext()) =>
  chatRuntime(workersAiClient(ai)).run(taskOf('chat', 'hi', { agent: { models: ['@cf/m'] } }), context);

test('both shapes of Workers AI are streamed, with the usage of the last event', async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const older = binding(
    'data: {"response":"Hel"}\n\ndata: {"resp',
    `onse":"lo"}\n\ndata: {"response":"","usage":${JSON.stringify(usage)}}\n\ndata: [DONE]\n\n`,
  );
  const newer = binding(
    'data: {"choices":[{"delta":{"content":"Hel"}}]}\r\n\r\n: comment\n\ndata: {"choices":[{"delta":{"content":"lo"},"finish_reason":"length"}]}\n\n',
  );
  const context = recordingContext();
  expect(await run(older, context)).toEqual({
    content: 'Hello',
    finishReason: 'stop',
    model: '@cf/m',
    usage,
  });
  expect(context.deltas).toEqual(['Hel', 'lo']);
  expect(await run(newer)).toMatchObject({ content: 'Hello', finishReason: 'length' });
});

test('a model that cannot stream answers whole, in either shape', async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  expect(await run(async () => ({ response: 'Hello', usage }))).toMatchObject({ content: 'Hello', usage });
  const choices = [{ message: { content: 'Hello' }, finish_reason: 'length' }];
  expect(await run(async () => ({ choices }))).toMatchObject({ content: 'Hello', finishReason: 'length' });
  expect((await run(async () => ({ response: { a: 1 } }))).content).toBe('{"a":1}');
});

test('letters cut in two by the network come whole', async () => {
  const bytes = new TextEncoder().encode('data: {"response":"⚡"}\n\ndata: [DONE]\n\n');
  const ai: AiRun = async () => streamOf([bytes.slice(0, 20), bytes.slice(20)]);
  expect((await run(ai)).content).toBe('⚡');
});

test('the binding is asked with what the request says', async () => {
  const asked: unknown[] = [];
  const ai: AiRun = async (...question) => {
    asked.push(question);
    return streamOf(['data: {"response":"ok"}\n\ndata: [DONE]\n\n']);
  };
  await run(ai);
  expect(asked).toMatchObject([
    [
      '@cf/m',
      { stream: true, max_tokens: 2_048, messages: [{ role: 'system' }, { role: 'user', content: 'hi' }] },
      { signal: expect.any(AbortSignal) },
    ],
  ]);
});

test.each<[string, AiRun, string]>([
  ['a refusal', () => Promise.reject(new Error('account 1234 over quota')), 'SERVICE_UNAVAILABLE'],
  ['a name it does not know', () => Promise.reject(new Error('5007: No such model 1234')), 'MODEL_ERROR'],
  ['no capacity', () => Promise.reject(new Error('AiError: 3040: 1234')), 'SERVICE_UNAVAILABLE'],
  ['a used-up allowance', () => Promise.reject(new Error('3036: account 1234')), 'MODEL_ERROR'],
  ['a request too large', () => Promise.reject(new Error('3006: 1234')), 'CONTENT_TOO_LARGE'],
  ['a question it does not take', () => Promise.reject(new Error('5006: Error: 1234')), 'MODEL_ERROR'],
  ['a timeout', () => Promise.reject(new Error('3007: 1234')), 'TIMEOUT'],
  ['an unknown code', () => Promise.reject(new Error('1234: what')), 'SERVICE_UNAVAILABLE'],
  ['an answer that is none', async () => ({ image: 'hi' }), 'MODEL_ERROR'],
  ['an answer in bytes', async () => 'hi', 'MODEL_ERROR'],
  ['a stream that just ends', binding('data: {"response":"half"}\n\n'), 'MODEL_ERROR'],
  ['an event that is no JSON', binding('data: {"response":\n\n'), 'MODEL_ERROR'],
  ['an event of another shape', binding('data: {"choices":"none"}\n\n'), 'MODEL_ERROR'],
  ['a line without end', binding('data: '.padEnd(2_000_000, 'x')), 'MODEL_ERROR'],
  [
    'a stream that breaks',
    async () => new ReadableStream({ start: (c) => c.error(new Error('account 1234')) }),
    'MODEL_ERROR',
  ],
])('%s ends as its code, without the words of the platform', async (_name, ai, code) => {
  const error = await run(ai).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  expect(`${error} ${JSON.stringify(error)}`).not.toContain('1234');
});

test('an abort ends the wait and lets go of the stream', async () => {
  const cancelled = Promise.withResolvers<void>();
  const abort = new AbortController();
  const ai: AiRun = async () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"response":"a"}\n\n')),
      cancel: () => cancelled.resolve(),
    });
  const context = recordingContext({ signal: abort.signal, onDelta: () => abort.abort() });
  await expect(run(ai, context)).rejects.toMatchObject({ code: 'TIMEOUT' });
  await cancelled.promise;
});
