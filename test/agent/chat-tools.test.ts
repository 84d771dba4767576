/**
 * Goal: tools that a client brings reach the model as it brought them, and the model's calls come back whole. Method: the real
 * client library against a scripted server on loopback. Does not prove: what models make of tools.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chatRuntime } from '../../src/agent/chat/chat.ts';
import { openAiClient } from '../../src/agent/chat/openai-client.ts';
import { chatCompletion } from '../../src/protocol/completion.ts';
import type { ChatMessage } from '../../src/protocol/model.ts';
import { answer, type ModelServer, modelServer, type Script } from '../support/model-server.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await modelServer();
});
afterAll(() => server.close());
afterEach(() => {
  server.asked.length = 0;
});

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'How it is outside',
    parameters: { type: 'object', properties: { place: { type: 'string' } } },
    strict: true,
  },
} as const;
const CALL = {
  id: 'c1',
  type: 'function',
  function: { name: 'weather', arguments: '{"place":"Rome"}' },
} as const;

/** An answer that says something and calls tools, in the parts in which providers stream them. */
function calling(...parts: readonly object[]): Script {
  const chunk = (delta: object) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
  return [
    { say: 'Let me see.' },
    ...parts.map((tool_calls) => ({ raw: chunk({ tool_calls: [tool_calls] }) })),
    { finish: 'tool_calls' },
    { usage: [7, 9] },
    { raw: 'data: [DONE]\n\n' },
  ];
}

const run = (messages: readonly ChatMessage[], body: Parameters<typeof taskOf>[2] = {}) =>
  chatRuntime(openAiClient({ baseUrl: server.baseUrl, apiKey: 'sk-x', timeout_ms: 5_000 })).run(
    { ...taskOf('chat', 'x', body), body: { ...taskOf('chat', 'x', body).body, messages } },
    recordingContext(),
  );
const question: ChatMessage = { role: 'user', content: 'How is it in Rome?' };

test('a call comes back whole, with the text before it', async () => {
  server.script(
    calling(
      { index: 0, id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } },
      { index: 0, function: { arguments: '{"place":' } },
      { index: 0, function: { arguments: '"Rome"}' } },
      { index: 1, function: { name: 'weather', arguments: '{}' } },
    ),
  );
  const output = await run([question], {
    body: { tools: [WEATHER], parameters: { tool_choice: 'required' } },
  });
  expect(output).toMatchObject({
    content: 'Let me see.',
    finishReason: 'tool_calls',
    toolCalls: [CALL, { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
    usage: { total_tokens: 16 },
  });
  expect(server.asked[0]?.body).toMatchObject({ tools: [WEATHER], tool_choice: 'required' });
  expect(chatCompletion('id', output, 1).choices[0]).toMatchObject({
    message: { content: 'Let me see.', tool_calls: [CALL, {}] },
    finish_reason: 'tool_calls',
  });
});

test('what a tool said goes back under its call, and the system words say whose tools they are', async () => {
  server.script(answer('Sunny.'));
  const messages: ChatMessage[] = [
    question,
    { role: 'assistant', content: '', tool_calls: [CALL] },
    { role: 'tool', content: 'sunny, 30 degrees', tool_call_id: 'c1' },
  ];
  const parameters = {
    tool_choice: { type: 'function', function: { name: 'weather' } },
    parallel_tool_calls: false,
  };
  await run(messages, { body: { tools: [WEATHER], parameters } });
  const asked = server.asked[0]?.body;
  expect(asked).toMatchObject({ tool_choice: parameters.tool_choice, parallel_tool_calls: false });
  expect(asked?.messages).toMatchObject([
    { role: 'system', content: expect.stringContaining('are the client') },
    { role: 'user' },
    { role: 'assistant', tool_calls: [CALL] },
    { role: 'tool', tool_call_id: 'c1', content: 'sunny, 30 degrees' },
  ]);
});

test('without tools a call is noise, and a tool’s words are the client’s', async () => {
  server.script(calling({ index: 0, id: 'c1', function: { name: 'weather', arguments: '{}' } }));
  const output = await run([question, { role: 'tool', content: 'sunny', tool_call_id: 'c1' }]);
  expect(output).not.toHaveProperty('toolCalls');
  expect(server.asked[0]?.body).not.toHaveProperty('tools');
  expect(server.asked[0]?.body.messages).toMatchObject([
    { content: expect.stringContaining('no tools') },
    { role: 'user' },
    { role: 'user', content: 'sunny' },
  ]);
});

test.each([
  [{ tools: 'all' }, '$.tools'],
  [{ tools: [{ type: 'function', function: { name: 'not a name' } }] }, '$.tools[0].function.name'],
  [
    { tools: [WEATHER], parameters: { tool_choice: { type: 'function', function: { name: 'other' } } } },
    '$.parameters.tool_choice',
  ],
])('%j is refused with its place', async (body, path) => {
  await expect(run([question], { body })).rejects.toMatchObject({
    code: 'INVALID_PARAMETER',
    details: { path },
  });
  expect(server.asked).toEqual([]);
});
