/**
 * Goal: an operator who lists a model in agents/models.ts, and configures nothing else, has chat and agents with tools on it.
 * Method: the whole Worker in workerd, the list filled, a provider package of the AI SDK whose other side is a function.
 * Does not prove: that the bundle of every provider package starts; teams, which ask by the same client as agents do.
 */

import { env } from 'cloudflare:workers';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { expect, test, vi } from 'vitest';
import { MODELS } from '../../agents/models.ts';
import { aiSdkClient } from '../../src/agent/models/ai-sdk-client.ts';
import { tagValue } from '../../src/nostr/event.ts';
import { marketplaceOf } from '../../workers/marketplace.ts';
import { signedBy } from '../support/events.ts';

const ANSWERS: Readonly<Record<string, readonly object[]>> = {
  text: [{ choices: [{ index: 0, delta: { content: 'from elsewhere' }, finish_reason: 'stop' }] }],
  call: [
    {
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              {
                index: 0,
                id: 'c1',
                type: 'function',
                function: { name: 'final_answer', arguments: '{"answer":"found elsewhere"}' },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    },
  ],
};
const USAGE = { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } };

const asked: string[] = [];
/** The list is empty as it is committed; a deployment has its own there before anything is asked of it. */
Array.prototype.push.call(MODELS, {
  name: 'elsewhere',
  async client() {
    const provider = createOpenAICompatible({
      name: 'x',
      baseURL: 'https://model.test/v1',
      includeUsage: true,
      fetch: async (input, init) => {
        const question: { model: string; tools?: unknown } = await new Request(input, init).json();
        asked.push(question.model);
        const chunks = [...(ANSWERS[question.tools === undefined ? 'text' : 'call'] ?? []), USAGE];
        const body = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
        return new Response(`${body}data: [DONE]\n\n`, { headers: { 'content-type': 'text/event-stream' } });
      },
    });
    return aiSdkClient(provider('their-name'));
  },
});

/** Has an agent do a job, by the embedded relay; its result. */
async function jobOf(slug: string) {
  const agent = marketplaceOf(env).agentBySlug(slug)?.pubkey ?? '';
  const request = signedBy('asker', {
    kind: 7001,
    created_at: Math.floor(Date.now() / 1_000),
    tags: [
      ['p', agent],
      ['request', JSON.stringify({ messages: [{ role: 'user', content: `for ${slug}` }] })],
    ],
  });
  const relay = env.RELAY.getByName('main');
  const response = await relay.fetch(
    new Request('http://relay.test/', { headers: { upgrade: 'websocket' } }),
  );
  response.webSocket?.accept();
  response.webSocket?.send(JSON.stringify(['EVENT', request]));
  return await vi.waitFor(
    async () => {
      const found = await relay.query([{ kinds: [7001], authors: [agent], '#e': [request.id] }], 10);
      const end = found.find((event) => tagValue(event, 'result') ?? tagValue(event, 'error'));
      if (end === undefined) throw new Error(`no result of ${slug}`);
      return end;
    },
    { timeout: 20_000, interval: 100 },
  );
}

test('chat and an agent with tools answer by it, and count what it took', async () => {
  const chat = await jobOf('chat');
  expect(chat.content).toBe('from elsewhere');
  expect(JSON.parse(tagValue(chat, 'result') ?? '')).toMatchObject({
    model: 'elsewhere',
    usage: { prompt_tokens: 5, completion_tokens: 2 },
  });
  const scout = await jobOf('scout');
  expect(scout.content).toBe('found elsewhere');
  expect(asked).toEqual(['their-name', 'their-name']);
});
