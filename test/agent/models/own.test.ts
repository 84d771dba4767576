/**
 * Goal: a model that the operator's code brings along is asked by its name in every place a model is, and only then.
 * Method: a provider package of the AI SDK as its makers publish it, and our own client, each against a scripted server
 * over loopback HTTP. Does not prove: what real providers do; a whole job (test/workers/own-models.test.ts).
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { embeddedAgents } from '../../../src/agent/embedded.ts';
import { aiSdkClient } from '../../../src/agent/models/ai-sdk-client.ts';
import { keptTraffic } from '../../../src/agent/models/kept-traffic.ts';
import { type OwnModel, ownModelNames, providerKey, withOwnModels } from '../../../src/agent/models/own.ts';
import { type Models, modelProvider } from '../../../src/agent/models/provider.ts';
import { routedModels } from '../../../src/agent/models/routed.ts';
import { sharedTraffic } from '../../../src/agent/models/shared-traffic.ts';
import { readConfig } from '../../../src/config.ts';
import { JobError } from '../../../src/errors.ts';
import { answer, type ModelServer, modelServer } from '../../support/model-server.ts';
import { nodeSql } from '../../support/node-sql.ts';
import { finalAnswer } from '../../support/tool-script.ts';

let house: ModelServer;
let other: ModelServer;

beforeAll(async () => {
  [house, other] = await Promise.all([modelServer(), modelServer()]);
});
afterAll(async () => {
  await Promise.all([house.close(), other.close()]);
});
beforeEach(() => {
  for (const server of [house, other]) server.asked.length = 0;
  house.script(answer('of the house'));
  other.script(answer('of another'));
});

let made = 0;
const own: OwnModel = {
  name: 'theirs',
  async client(key) {
    made++;
    const options = {
      name: 'other',
      baseURL: other.baseUrl,
      apiKey: key('MODEL_KEY_OTHER'),
      includeUsage: true,
    };
    return aiSdkClient(createOpenAICompatible(options)('their-model-5'));
  },
};

function models(env: Record<string, string> = { MODEL_KEY_OTHER: 'k1' }): Models {
  const config = readConfig({ LOCAL: '1', MODEL_BASE_URL: house.baseUrl, MODEL: 'ours' });
  const all = withOwnModels(modelProvider(config), [own], providerKey(env));
  if (all === null) throw new Error('there are models');
  return all;
}

const user = (content: string) => [{ role: 'user' as const, content }];
const never = new AbortController().signal;

async function chat({ chat }: Models, model: string, more = {}) {
  let text = '';
  let end: unknown = null;
  for await (const chunk of chat.ask({ model, messages: user('hi'), maxTokens: 9, ...more }, never)) {
    if (chunk.type === 'text') text += chunk.text;
    else end = chunk;
  }
  return { text, end };
}

describe('an own model', () => {
  test('is asked by its name, with its key and its tokens counted; any other is the provider’s', async () => {
    const all = models();
    const { text, end } = await chat(all, 'theirs');
    expect(text).toBe('of another');
    expect(end).toMatchObject({ type: 'end', usage: { prompt_tokens: 7, completion_tokens: 1 } });
    expect(other.asked).toMatchObject([{ authorization: 'Bearer k1', body: { model: 'their-model-5' } }]);
    expect((await chat(all, 'ours')).text).toBe('of the house');
    expect(house.asked).toMatchObject([{ body: { model: 'ours' } }]);
  });

  test('is made once, when it is first asked', async () => {
    made = 0;
    const all = models();
    expect(made).toBe(0);
    await chat(all, 'theirs');
    await chat(all, 'theirs');
    expect(made).toBe(1);
  });

  test('calls the tools of an agent', async () => {
    other.script(finalAnswer('42'));
    const tool = { name: 'final_answer', description: 'ends', input: { type: 'object' } } as const;
    const chunks = [];
    for await (const chunk of models().tools.ask(
      { model: 'theirs', messages: user('hi'), tools: [tool], maxTokens: 9 },
      never,
    ))
      chunks.push(chunk);
    expect(chunks).toMatchObject([
      { type: 'call', call: { name: 'final_answer', arguments: '{"answer":"42"}' } },
      { type: 'end', finishReason: 'tool_calls' },
    ]);
  });

  test('is told in which form the client wants its answer', async () => {
    await chat(models(), 'theirs', { responseFormat: { type: 'json_object' } });
    expect(other.asked[0]?.body).toMatchObject({ response_format: { type: 'json_object' } });
  });

  test('whose key is not set is not there, and the client is not told which', async () => {
    const failure = await chat(models({}), 'theirs').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(JobError);
    expect(failure).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.not.stringContaining('KEY'),
    });
    // Other secrets of the environment are none of its business.
    expect(() => providerKey({ MASTER_SECRET: 'x' })('MASTER_SECRET')).toThrow(JobError);
  });
});

test('among limits and fallbacks it is one of the models: fallen back on, or asked first by an agent that names it', async () => {
  let ids = 0;
  const routed = (names: readonly string[]) =>
    routedModels(models(), {
      names,
      traffic: sharedTraffic(keptTraffic(nodeSql()), new Map(), () => 0),
      newId: () => `${ids++}`,
      now: () => 0,
      random: () => 0.5,
      sleep: async () => undefined,
    });
  house.script({ status: 503 });
  expect((await chat(routed(['ours', 'theirs']), 'ours')).end).toMatchObject({ model: 'theirs' });
  house.script(answer('of the house'));
  expect((await chat(routed(['ours']), 'theirs')).end).toMatchObject({ model: 'theirs' });
  other.script({ status: 503 });
  expect((await chat(routed(['ours']), 'theirs')).end).toMatchObject({ model: 'ours' });
});

describe('without an endpoint', () => {
  const chatModel = (raw: Record<string, string>, names: readonly string[]) =>
    embeddedAgents(readConfig({ LOCAL: '1', ...raw }), { models: names }).find(({ slug }) => slug === 'chat')
      ?.models;

  test('chat is there by the first own model, or by the one that MODEL names', () => {
    expect(chatModel({}, [])).toBeUndefined();
    expect(chatModel({}, ['a', 'b'])).toEqual(['a']);
    expect(chatModel({ MODEL: 'b' }, ['a', 'b'])).toEqual(['b']);
    expect(chatModel({ MODEL: 'c' }, ['a', 'b'])).toBeUndefined();
  });
});

test('two of one name are a mistake', () => {
  expect(() => ownModelNames([own, own])).toThrow('two models are called theirs');
});
