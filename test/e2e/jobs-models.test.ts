/**
 * Goal: an operator's models as strangers meet them: a fallback answers while the first fails and is left alone, jobs
 * wait where all models are busy, a long conversation is told in short once and goes on.
 * Method: the started service, a scripted OpenAI-compatible server, clients on nostr-tools. Not proved: what a real
 * provider does beyond the script.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { agentKey, done, jobOverHttp, jsonTag, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';

let model: ModelServer;
let service: Service;
let client: Client;
let chat: string;

beforeAll(async () => {
  model = await modelServer();
  const env = {
    MODEL_BASE_URL: model.baseUrl,
    MODEL: 'first',
    MODEL_FALLBACKS: 'second,third',
    MODEL_CONTEXT_TOKENS: '3000',
    CHAT_CONTEXT: 'summarize',
  };
  service = await startService({ env });
  client = await connectClient(service.relay);
  chat = agentKey(service, 'chat');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await model?.close();
});

const named = () => model.asked.map(({ body }) => body.model);
const asked = (index: number) => JSON.stringify(model.asked.at(index)?.body.messages);
const words = (about: string) => `${about} ${'word '.repeat(300)}`;

test('a long conversation is told in short within the job that needs it, and goes on from there', async () => {
  model.script(answer('noted'));
  const facts = [1, 2, 3].map((n) => task(client, chat, words(`fact ${n}`), ['t', 'long']));
  for (const fact of facts) await done(client, fact);
  model.asked.length = 0;
  model.script(answer('facts 1 to 3 were told'), answer('the fourth'));
  const fourth = await done(client, task(client, chat, words('fact 4'), ['t', 'long']));
  expect(errorOf(fourth)).toBeNull();
  expect(fourth.content).toBe('the fourth');
  expect(JSON.stringify(fourth)).not.toContain('facts 1 to 3');
  expect(model.asked).toHaveLength(2);
  expect(asked(0)).toMatch(/You shorten.*fact 1/);
  expect(asked(1)).toMatch(/facts 1 to 3 were told.*fact 4/);
  expect(asked(1)).not.toContain('fact 1');
  // Both questions were counted.
  expect(jsonTag(fourth, 'cost')).toMatchObject({ input_tokens: 14, output_tokens: 2 });

  model.script(answer('still'));
  expect((await done(client, task(client, chat, 'and now?', ['t', 'long']))).content).toBe('still');
  expect(model.asked).toHaveLength(3);
  expect(asked(2)).toMatch(/facts 1 to 3 were told.*fact 4.*the fourth.*and now\?/);

  // Of another talk, and of another client, nothing is told.
  const other = await connectClient(service.relay);
  await done(other, task(other, chat, 'what was told?', ['t', 'long']));
  expect(asked(-1)).not.toContain('fact');
  other.close();

  // Whoever erases a job erases what tells of it.
  const erased = facts[0]?.id ?? '';
  await client.publish(
    client.sign(5, [
      ['e', erased],
      ['k', '7001'],
    ]),
  );
  await expect
    .poll(
      async () => {
        await done(client, task(client, chat, 'what do you know?', ['t', 'long']));
        return asked(-1);
      },
      { timeout: 10_000 },
    )
    .not.toContain('facts 1 to 3');
  expect(asked(-1)).toContain('fact 4');
});

describe('a model that fails', () => {
  test('gives way to the next, which is named in the result, and is left alone for a while', async () => {
    model.asked.length = 0;
    model.script({ status: 503 }, answer('from the second'), answer('again'));
    const result = await done(client, task(client, chat, 'who are you?'));
    expect(result.content).toBe('from the second');
    expect(jsonTag(result, 'result')).toMatchObject({ model: 'second' });
    expect(tag(result, 'status')).not.toBe('error');
    await done(client, task(client, chat, 'and you?'));
    expect(named()).toEqual(['first', 'second', 'second']);
  });

  test('keeps jobs waiting, and fails none, where all say that it takes a moment', async () => {
    const busy = { status: 429, headers: { 'retry-after': '1' } };
    model.script(busy, busy, busy, answer('at last'));
    const request = task(client, chat, 'I can wait');
    expect((await done(client, request)).content).toBe('at last');
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'delivered', attempts: 1 });
  });

  test('is not asked by a restarted service either', async () => {
    model.asked.length = 0;
    model.script(
      { status: 401 },
      { status: 429, headers: { 'retry-after': '600' } },
      answer('from the third'),
    );
    // Nothing is known of the models of this home yet.
    const env = { MODEL_BASE_URL: model.baseUrl, MODEL: 'one', MODEL_FALLBACKS: 'two,three' };
    const before = await startService({ env });
    const asking = await connectClient(before.relay);
    await done(asking, task(asking, agentKey(before, 'chat'), 'hi'));
    expect(named()).toEqual(['one', 'two', 'three']);
    asking.close();
    await before.kill();

    const after = await startService({ env, persistTo: before.persistTo });
    const again = await connectClient(after.relay);
    await done(again, task(again, agentKey(after, 'chat'), 'hi'));
    expect(named()).toEqual(['one', 'two', 'three', 'three']);
    again.close();
    await after.stop();
    await before.stop();
  });
});
