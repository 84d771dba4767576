/**
 * Goal: `responses` of the official client is the same door, stateless. Method: the `openai` package over the app in this
 * process and scripted agents. Does not prove: what test/http/openai.test.ts proves of the door itself.
 */
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Report } from '../../src/protocol/model.ts';
import { doorWorld, RESULT, type Script } from '../support/door-world.ts';
import { httpFixture } from '../support/http.ts';

const delta = (seq: number, text: string): Report => ({ type: 'delta', seq, text, attempt: 1 });
const CALL = {
  id: 'c1',
  type: 'function' as const,
  function: { name: 'weather', arguments: '{"place":"Rome"}' },
};
const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  strict: true,
  parameters: { type: 'object', properties: { place: { type: 'string' } } },
};

function market(chat: Script) {
  const world = doorWorld({ chat });
  const { app } = httpFixture({ agents: world.agents, door: world.door });
  const client = new OpenAI({
    apiKey: 'guest',
    baseURL: 'https://market.example/v1',
    maxRetries: 0,
    fetch: async (url, init) => await app.request(new Request(String(url), init)),
  });
  return { ...world, client };
}

describe('responses', () => {
  test('answers in text, with instructions and usage', async () => {
    const { client, asked } = market((_body, job) => job.tell(RESULT('hello')));
    const response = await client.responses.create({
      model: 'chat',
      instructions: 'be brief',
      input: 'hi',
      max_output_tokens: 20,
      reasoning: { effort: 'low' },
      store: false,
    });
    expect(response.output_text).toBe('hello');
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      store: false,
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    });
    expect(asked[0]?.body).toMatchObject({
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'hi' },
      ],
      parameters: { max_tokens: 20 },
    });
  });

  test('streams the events that its client puts together, also those of a call', async () => {
    const { client } = market((_body, job) =>
      job.tell(delta(0, 'Let '), RESULT('Let me see.', { finishReason: 'tool_calls', toolCalls: [CALL] })),
    );
    const stream = client.responses.stream({ model: 'chat', input: 'How is it in Rome?', tools: [WEATHER] });
    const types: string[] = [];
    let text = '';
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(text).toBe('Let me see.');
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const { output, output_text } = await stream.finalResponse();
    expect(output_text).toBe('Let me see.');
    expect(output[1]).toMatchObject({ type: 'function_call', call_id: 'c1', arguments: '{"place":"Rome"}' });
  });

  test('takes its own output back, calls and what they brought', async () => {
    const { client, asked } = market((_body, job) => job.tell(RESULT('sunny')));
    await client.responses.create({
      model: 'chat',
      tools: [WEATHER],
      tool_choice: { type: 'function', name: 'weather' },
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Rome and Oslo?' }] },
        { type: 'reasoning', id: 'r', summary: [] },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"place":"Rome"}' },
        { type: 'function_call', call_id: 'c2', name: 'weather', arguments: '{"place":"Oslo"}' },
        { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
        { type: 'function_call_output', call_id: 'c2', output: 'rain' },
      ],
    });
    expect(asked[0]?.body).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', tool_calls: [CALL, { id: 'c2' }] },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
        { role: 'tool', tool_call_id: 'c2', content: 'rain' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', strict: true } }],
      parameters: { tool_choice: { type: 'function', function: { name: 'weather' } } },
    });
  });

  test('keeps a schema, and says where an answer was cut', async () => {
    const { client, asked } = market((_body, job) => job.tell(RESULT('{"sky":"blue"}')));
    const parsed = await client.responses.parse({
      model: 'chat',
      input: 'the sky?',
      text: { format: zodTextFormat(z.object({ sky: z.string() }), 'sky') },
    });
    expect(parsed.output_parsed).toEqual({ sky: 'blue' });
    expect(asked[0]?.body.outputFormat).toMatchObject({
      type: 'json_schema',
      json_schema: { name: 'sky', strict: true },
    });
    const cut = market((_body, job) => job.tell(RESULT('Once', { finishReason: 'length' })));
    expect(await cut.client.responses.create({ model: 'chat', input: 'tell' })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });

  test.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ store: true }, 'store'],
    [{ background: true }, 'background'],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      'input[0].content[0].type',
    ],
    [{ tempreature: 1 }, 'tempreature'],
  ])('%j is refused with its place', async (more, param) => {
    const { client, asked } = market((_body, job) => job.tell(RESULT('no')));
    const wrong = client.post('/responses', { body: { model: 'chat', input: 'x', ...more } });
    await expect(wrong).rejects.toMatchObject({ status: 400, param });
    expect(asked).toEqual([]);
  });

  test('a failure in the middle of a stream is one to its client', async () => {
    const { client } = market((_body, job) =>
      job.tell(delta(0, 'Let '), { type: 'error', failure: { code: 'MODEL_ERROR', message: 'away' } }),
    );
    const stream = await client.responses.create({ model: 'chat', input: 'x', stream: true });
    const read = (async () => {
      for await (const _ of stream);
    })();
    await expect(read).rejects.toMatchObject({ code: 'model_error' });
  });
});
