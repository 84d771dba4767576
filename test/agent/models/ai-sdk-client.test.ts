/** A provider package of the AI SDK, as its makers publish it, against a scripted model server over loopback HTTP. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AiSdkChunk, type AiSdkRequest, aiSdkClient } from '../../../src/agent/models/ai-sdk-client.ts';
import { JobError } from '../../../src/errors.ts';
import { answer, type ModelServer, modelServer, type Script } from '../../support/model-server.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await modelServer();
});
afterAll(() => server.close());

const request: AiSdkRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 50 };

async function ask(
  script: Script,
  asked = request,
  signal = new AbortController().signal,
  heard: () => void = () => undefined,
) {
  server.script(script);
  server.asked.length = 0;
  const provider = createOpenAICompatible({
    name: 'x',
    baseURL: server.baseUrl,
    apiKey: 'k',
    includeUsage: true,
  });
  const chunks: AiSdkChunk[] = [];
  try {
    for await (const chunk of aiSdkClient(provider('m'), () => 0).ask(asked, signal)) {
      chunks.push(chunk);
      heard();
    }
  } catch (error) {
    if (error instanceof JobError) return { chunks, failure: error.failure };
    throw error;
  }
  return { chunks };
}

const calling: Script = [
  {
    raw: `data: ${JSON.stringify({
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
            ],
          },
        },
      ],
    })}\n\n`,
  },
  { finish: 'tool_calls' },
  { usage: [5, 6] },
  { raw: 'data: [DONE]\n\n' },
];

test('text comes in its pieces, with its end and its tokens', async () => {
  expect(await ask(answer('Hel', 'lo'))).toEqual({
    chunks: [
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      {
        type: 'end',
        finishReason: 'stop',
        usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
      },
    ],
  });
});

test('tools are offered, calls come whole, and results go back under their call', async () => {
  const { chunks } = await ask(calling, {
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      { role: 'assistant', content: '', calls: [{ id: 'c0', name: 'add', arguments: '{bad' }] },
      { role: 'tool', content: 'wrong', callId: 'c0' },
    ],
    maxTokens: 50,
    tools: [
      { name: 'add', description: 'adds', input: { type: 'object', properties: { a: { type: 'number' } } } },
    ],
  });
  expect(chunks).toEqual([
    { type: 'call', call: { id: 'c1', name: 'add', arguments: '{"a":1}' } },
    {
      type: 'end',
      finishReason: 'tool_calls',
      usage: { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 },
    },
  ]);
  expect(server.asked[0]?.body).toMatchObject({
    max_tokens: 50,
    tool_choice: 'required',
    tools: [{ type: 'function', function: { name: 'add', parameters: { type: 'object' } } }],
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: 'u' },
      { role: 'assistant', tool_calls: [{ id: 'c0', function: { name: 'add' } }] },
      { role: 'tool', tool_call_id: 'c0', content: 'wrong' },
    ],
  });
});

const SECRET = 'sk-secret-in-their-error';
test.each<[string, Script, object]>([
  [
    '429 with a delay',
    { status: 429, headers: { 'retry-after': '17' }, body: { error: { message: SECRET } } },
    { code: 'RATE_LIMIT_EXCEEDED', details: { retry_after_s: 17 } },
  ],
  [
    'a used-up quota',
    { status: 429, body: { error: { message: SECRET, code: 'insufficient_quota' } } },
    { code: 'MODEL_ERROR', details: { reason: 'refused' } },
  ],
  ['a wrong key', { status: 401, body: { error: { message: SECRET } } }, { details: { reason: 'refused' } }],
  [
    'a context too long',
    { status: 400, body: { error: { message: SECRET, code: 'context_length_exceeded' } } },
    { code: 'CONTENT_TOO_LARGE' },
  ],
  ['overload', { status: 503, body: {} }, { code: 'SERVICE_UNAVAILABLE' }],
  ['a cut', [{ say: 'half' }, { cut: true }], { code: 'MODEL_ERROR' }],
  ['noise', [{ raw: 'data: {\n\n' }], { code: 'MODEL_ERROR' }],
])('%s ends as its code, asked once, without the provider’s words', async (_name, script, failure) => {
  const got = await ask(script);
  expect(got.failure).toMatchObject(failure);
  expect(JSON.stringify(got.failure)).not.toContain(SECRET);
  expect(server.asked).toHaveLength(1);
});

test('stopping the job hangs up on the model', async () => {
  const stop = new AbortController();
  const hungUp = server.nextHangUp();
  const over = new JobError('TIMEOUT', 'over');
  const script: Script = [{ say: 'x' }, { hold: new Promise(() => undefined) }];
  const asking = ask(script, request, stop.signal, () => stop.abort(over));
  expect(await asking).toEqual({ chunks: [{ type: 'text', text: 'x' }], failure: over.failure });
  await hungUp;
});
