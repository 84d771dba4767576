/**
 * Goal: the loop's questions reach a provider in its own words, and whatever comes back is whole calls in the loop's
 * words, or a coded error with nothing of the provider in it.
 * Method: the official library against a scripted server on loopback, and a scripted binding of Workers AI.
 * Does not prove: how any particular model behaves.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LoopChunk, LoopRequest, ToolModelClient } from '../../../src/agent/loop/model.ts';
import { openAiToolClient } from '../../../src/agent/models/openai-tool-client.ts';
import type { AiRun } from '../../../src/agent/models/workers-ai-binding.ts';
import { workersAiToolClient } from '../../../src/agent/models/workers-ai-tool-client.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_MAX_ARGUMENT_BYTES, LOOP_MAX_CALLS } from '../../../src/limits.ts';
import { answer, type ModelServer, modelServer, type Step } from '../../support/model-server.ts';

const KEY = 'sk-canary-0123456789';
const END: Step[] = [{ finish: 'tool_calls' }, { usage: [9, 4] }, { raw: 'data: [DONE]\n\n' }];
const LOOK = { name: 'look', description: 'Looks', input: { type: 'object', properties: {} } };
const QUESTION: LoopRequest = {
  model: 'small',
  messages: [
    { role: 'system', content: 'rules' },
    { role: 'user', content: 'do it' },
  ],
  tools: [LOOK],
  maxTokens: 50,
};

let server: ModelServer;
beforeAll(async () => {
  server = await modelServer();
});
afterAll(() => server.close());
afterEach(() => {
  server.asked.length = 0;
});

const endpoint = (): ToolModelClient =>
  openAiToolClient({ baseUrl: server.baseUrl, apiKey: KEY, timeout_ms: 5_000 });

async function read(client: ToolModelClient, request = QUESTION, signal = new AbortController().signal) {
  const chunks: LoopChunk[] = [];
  for await (const chunk of client.ask(request, signal)) chunks.push(chunk);
  return chunks;
}

/** A chunk with parts of calls. */
const parts = (...calls: unknown[]): Step => ({
  raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: calls } }] })}\n\n`,
});
const callsOf = (chunks: readonly LoopChunk[]) =>
  chunks.flatMap((chunk) => (chunk.type === 'call' ? [chunk.call] : []));

async function callsFor(...steps: Step[]) {
  server.script([...steps, ...END]);
  return callsOf(await read(endpoint()));
}

test('text streams, and calls assembled by index come whole before the end, with the usage', async () => {
  server.script([
    { say: 'Let me ' },
    { say: 'look.' },
    parts({ index: 0, id: 'a', type: 'function', function: { name: 'look', arguments: '' } }),
    parts({ index: 1, id: 'b', type: 'function', function: { name: 'go', arguments: '{"to"' } }),
    parts({ index: 0, function: { arguments: '{"at":' } }),
    parts({ index: 1, function: { arguments: ':"x"}' } }, { index: 0, function: { arguments: '"⚡"}' } }),
    ...END,
  ]);
  expect(await read(endpoint())).toEqual([
    { type: 'text', text: 'Let me ' },
    { type: 'text', text: 'look.' },
    { type: 'call', call: { id: 'a', name: 'look', arguments: '{"at":"⚡"}' } },
    { type: 'call', call: { id: 'b', name: 'go', arguments: '{"to":"x"}' } },
    {
      type: 'end',
      finishReason: 'tool_calls',
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    },
  ]);
});

test('tools are offered with a call required; where there are none, nothing is said of tools', async () => {
  server.script(answer('ok'));
  await read(endpoint(), { ...QUESTION, temperature: 0, seed: 7 });
  expect(server.asked[0]?.authorization).toBe(`Bearer ${KEY}`);
  expect(server.asked[0]?.body).toMatchObject({
    model: 'small',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 50,
    temperature: 0,
    seed: 7,
    tool_choice: 'required',
    tools: [{ type: 'function', function: { name: 'look', description: 'Looks', parameters: LOOK.input } }],
  });
  await read(endpoint(), { ...QUESTION, tools: [] });
  expect(server.asked[1]?.body).not.toHaveProperty('tools');
  expect(server.asked[1]?.body).not.toHaveProperty('tool_choice');
});

test('earlier calls and results go back as the provider takes them, also those a model made up', async () => {
  server.script(answer('ok'));
  const made = (args: string, name = 'look') => ({ id: 'x', name, arguments: args });
  const calls = [made('{"a":1}'), made('not json', 'no such tool!'), made('[1]', ''), made('')];
  await read(endpoint(), {
    ...QUESTION,
    messages: [
      { role: 'assistant', content: 'hm', calls: [] },
      { role: 'assistant', content: '', calls },
      { role: 'tool', content: 'seen', callId: 'x' },
    ],
  });
  const call = (name: string, args: string) => ({
    id: 'x',
    type: 'function',
    function: { name, arguments: args },
  });
  expect(server.asked[0]?.body.messages).toEqual([
    { role: 'assistant', content: 'hm' },
    {
      role: 'assistant',
      content: '',
      tool_calls: [
        call('look', '{"a":1}'),
        call('no_such_tool_', '{"invalid":"not json"}'),
        call('unknown', '{"invalid":"[1]"}'),
        call('look', '{}'),
      ],
    },
    { role: 'tool', tool_call_id: 'x', content: 'seen' },
  ]);
});

test('an endpoint that ignores tools and answers with text is heard', async () => {
  server.script(answer('I have no tools.'));
  expect(await read(endpoint())).toMatchObject([
    { type: 'text', text: 'I have no tools.' },
    { type: 'end', finishReason: 'stop' },
  ]);
});

describe('calls of servers that are nearly compatible', () => {
  const fn = (name: string | null, args: unknown) => ({ function: { name, arguments: args } });

  test('without ids', async () => {
    const calls = await callsFor(
      parts({ index: 0, ...fn('look', '{}') }),
      parts({ index: 1, ...fn('go', '{') }),
      parts({ index: 1, ...fn(null, '}') }),
    );
    expect(calls).toEqual([
      { id: '', name: 'look', arguments: '{}' },
      { id: '', name: 'go', arguments: '{}' },
    ]);
  });

  test('with the same index for all', async () => {
    const calls = await callsFor(
      parts({ index: 0, id: 'a', ...fn('look', '{"n":') }),
      parts({ index: 0, ...fn(null, '1}') }),
      parts({ index: 0, id: 'b', ...fn('look', '{"n":2}') }),
      parts({ index: 0, ...fn('look', '{"n":3}') }),
      parts({ index: 0, ...fn('go', '') }),
    );
    expect(calls.map(({ id, arguments: args }) => [id, args])).toEqual([
      ['a', '{"n":1}'],
      ['b', '{"n":2}'],
      ['', '{"n":3}'],
      ['', ''],
    ]);
    const bare = await callsFor(
      parts({ index: 0, id: 'a', ...fn('look', '') }),
      parts({ index: 0, id: 'b', ...fn('look', '') }),
    );
    expect(bare.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('without index, with the id in every part, with a name in every part, closed by a part that says nothing', async () => {
    expect(
      await callsFor(
        parts({ id: 'a', ...fn('look', '{"n"') }),
        parts({ id: 'a', ...fn('look', ':1}') }),
        parts({ id: 'b', ...fn('go', '{}') }),
        parts({ id: null, ...fn(null, null) }),
      ),
    ).toEqual([
      { id: 'a', name: 'look', arguments: '{"n":1}' },
      { id: 'b', name: 'go', arguments: '{}' },
    ]);
    expect(
      await callsFor(parts({ index: 0, ...fn('look', '{"n"') }), parts({ index: 0, ...fn('look', ':1}') })),
    ).toEqual([{ id: '', name: 'look', arguments: '{"n":1}' }]);
  });

  test('with an object for arguments', async () => {
    const calls = await callsFor(parts({ index: 0, id: 'a', ...fn('look', { n: 1 }) }));
    expect(calls).toEqual([{ id: 'a', name: 'look', arguments: '{"n":1}' }]);
  });
});

describe('a hostile endpoint', () => {
  async function failure(...steps: Step[]): Promise<JobError> {
    server.script(steps);
    try {
      await read(endpoint());
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      const everything = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)} ${error.stack}`;
      expect(everything).not.toContain(KEY);
      return error;
    }
    throw new Error('there was an answer');
  }

  test.each<[string, Step[]]>([
    ['an end half way through a call', [parts({ index: 0, id: 'a', function: { name: 'look' } })]],
    ['a cut half way through a call', [parts({ index: 0, id: 'a' }), { cut: true }]],
    ['broken JSON', [{ raw: `data: {"choices": [${KEY}\n\n` }]],
    ['calls that are none', [parts(KEY, 7), ...END]],
    [
      'calls that are an object',
      [{ raw: 'data: {"choices":[{"delta":{"tool_calls":{"0":{}}}}]}\n\n' }, ...END],
    ],
    ['a name that is none', [parts({ index: 0, function: { name: { toString: KEY } } }), ...END]],
  ])('%s is MODEL_ERROR, and no call is told', async (_, steps) => {
    expect((await failure(...steps)).code).toBe('MODEL_ERROR');
  });

  test('arguments without end are cut off as too long, and the endpoint hung up on', async () => {
    const hangUp = server.nextHangUp();
    const piece = parts({ index: 0, function: { arguments: 'x'.repeat(8_192) } });
    server.script([
      parts({ index: 0, id: 'a', function: { name: 'look' } }),
      ...Array.from({ length: 64 }, () => piece),
      { hold: new Promise(() => undefined) },
    ]);
    const chunks = await read(endpoint());
    await hangUp;
    expect(chunks.at(-1)).toEqual({ type: 'end', finishReason: 'length', usage: null });
    const [call] = callsOf(chunks);
    // More than a run takes, so that it refuses the call itself; and no more than it reads.
    expect(call?.arguments.length).toBeGreaterThan(LOOP_MAX_ARGUMENT_BYTES);
    expect(call?.arguments.length).toBeLessThan(5 * LOOP_MAX_ARGUMENT_BYTES);
  });

  test('calls without end are cut off beyond what a run takes', async () => {
    const hangUp = server.nextHangUp();
    server.script([
      ...Array.from({ length: 500 }, (_, index) =>
        parts({ index, id: `c${index}`, function: { name: 'look' } }),
      ),
      { hold: new Promise(() => undefined) },
    ]);
    const chunks = await read(endpoint());
    await hangUp;
    expect(callsOf(chunks).length).toBeGreaterThan(LOOP_MAX_CALLS);
    expect(callsOf(chunks).length).toBeLessThan(100);
  });

  test('an abort hangs up on it at once, and one before the question asks nobody', async () => {
    const abort = new AbortController();
    const hangUp = server.nextHangUp();
    server.script([{ say: 'a' }, { hold: new Promise(() => undefined) }]);
    const reading = (async () => {
      for await (const _ of endpoint().ask(QUESTION, abort.signal)) abort.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'TIMEOUT' });
    await hangUp;
    expect(server.asked).toHaveLength(1);
    await expect(read(endpoint(), QUESTION, abort.signal)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(server.asked).toHaveLength(1);
  });

  test('its refusals are coded', async () => {
    server.script({ status: 429, headers: { 'retry-after': '3' }, body: { error: { message: KEY } } });
    await expect(read(endpoint())).rejects.toMatchObject({
      code: 'RATE_LIMIT_EXCEEDED',
      details: { retry_after_s: 3 },
    });
  });
});

describe('Workers AI', () => {
  const events = (...data: unknown[]): AiRun => {
    const lines = [...data.map((one) => JSON.stringify(one)), '[DONE]'].map((one) => `data: ${one}\n\n`);
    return async () => new Blob(lines).stream();
  };

  test('calls of older models come flat with an object, streamed or whole', async () => {
    const tool_calls = [
      { name: 'look', arguments: { at: 'x' } },
      { name: 'look', arguments: { at: 'y' } },
    ];
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const expected = [
      { type: 'call', call: { id: '', name: 'look', arguments: '{"at":"x"}' } },
      { type: 'call', call: { id: '', name: 'look', arguments: '{"at":"y"}' } },
      { type: 'end', finishReason: 'stop', usage },
    ];
    const streamed = events({ response: '' }, { response: null, tool_calls }, { response: '', usage });
    expect(await read(workersAiToolClient(streamed))).toEqual(expected);
    const whole: AiRun = async () => ({ response: null, tool_calls, usage });
    expect(await read(workersAiToolClient(whole))).toEqual(expected);
  });

  test('calls of newer models come as OpenAI has them, streamed in parts or whole', async () => {
    const delta = (...calls: unknown[]) => ({ choices: [{ delta: { tool_calls: calls } }] });
    const expected = [
      { type: 'call', call: { id: 'a', name: 'look', arguments: '{"at":1}' } },
      { type: 'end', finishReason: 'tool_calls', usage: null },
    ];
    const streamed = events(
      delta({ index: 0, id: 'a', type: 'function', function: { name: 'look' } }),
      delta({ index: 0, function: { arguments: '{"at"' } }),
      delta({ index: 0, function: { arguments: ':1}' } }),
      delta({ index: 0, id: null, type: null, function: { name: null, arguments: '' } }),
      { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
    );
    expect(await read(workersAiToolClient(streamed))).toEqual(expected);
    const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
    const message = { role: 'assistant', content: null, tool_calls: [call] };
    const whole: AiRun = async () => ({ choices: [{ message, finish_reason: 'tool_calls' }] });
    expect(await read(workersAiToolClient(whole))).toEqual(expected);
  });

  test('it is asked by the model’s name, with tools and messages; an abort reaches the running request', async () => {
    const abort = new AbortController();
    const asked: unknown[][] = [];
    const waiting: AiRun = (...question) => {
      asked.push(question);
      const { signal } = question[2];
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error(`account 1234 ${KEY}`)));
        abort.abort();
      });
    };
    const reading = read(workersAiToolClient(waiting), QUESTION, abort.signal);
    await expect(reading).rejects.toMatchObject({ code: 'TIMEOUT' });
    const [model, inputs] = asked[0] ?? [];
    expect(model).toBe('small');
    expect(inputs).toMatchObject({
      stream: true,
      max_tokens: 50,
      tool_choice: 'required',
      tools: [{ function: { name: 'look' } }],
      messages: QUESTION.messages,
    });
  });
});
