import { Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import { dataMessage } from '../../src/agent/data-block.ts';
import { discover } from '../../src/agent/discover/discover.ts';
import { embeddedAgents, keyedAgents } from '../../src/agent/embedded.ts';
import { modelProvider, WORKERS_AI_MODEL } from '../../src/agent/models/provider.ts';
import type { SearchHit, SearchQuery } from '../../src/agent/runtime.ts';
import { isSlow, runtimeFor } from '../../src/agent/runtimes.ts';
import { readConfig } from '../../src/config.ts';
import { AGENT_MAX_OUTPUT_BYTES } from '../../src/limits.ts';
import { agentNamed, NOW_MS, recordingContext, taskOf } from '../support/tasks.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const NOW_S = NOW_MS / 1000;

async function queryFor(
  text: string,
  kind: number,
  parameters: Parameters<typeof taskOf>[2] = {},
): Promise<SearchQuery> {
  const context = recordingContext({ hits: () => [{ tag: 'e', value: A, score: 1 }] });
  await discover.run(taskOf('discover', text, { ...parameters, envelope: { kind } }), context);
  const [query] = context.queries;
  if (query === undefined) throw new Error('nothing was asked');
  return query;
}

test('the job kind says what is searched, and an agent task says it in `task`', async () => {
  expect(await queryFor('zaps', 5302)).toEqual({ subject: 'notes', text: 'zaps', limit: 50, now_ms: NOW_MS });
  expect(await queryFor('jack', 5303)).toMatchObject({ subject: 'people', text: 'jack' });
  expect(await queryFor('', 5300)).toMatchObject({ subject: 'notes', text: '', viewer: 'c'.repeat(64) });
  expect(await queryFor('zaps', 7001)).not.toHaveProperty('viewer');
  const people = { body: { parameters: { task: 'people-search' } } };
  expect(await queryFor('jack', 7001, people)).toMatchObject({ subject: 'people' });
  expect(await queryFor('', 7001, { body: { parameters: { task: 'content-discovery' } } })).toHaveProperty(
    'viewer',
  );
  // The kind is what the client signed; a parameter cannot make a note search of people.
  expect(await queryFor('jack', 5302, people)).toMatchObject({ subject: 'notes' });
});

test('parameters of 5300 and 5302 are read as those kinds mean them', async () => {
  const read = (parameters: { [name: string]: number | string | (string | string[])[] }, kind = 5302) =>
    queryFor('x', kind, { body: { parameters } });
  expect(await read({ max_results: 7 })).toMatchObject({ limit: 7 });
  expect(await read({ limit: 8 })).toMatchObject({ limit: 8 });
  expect(await read({ max_results: 1_000_000 })).toMatchObject({ limit: 300 });
  expect(await read({ since: 2, until: 1 })).toMatchObject({
    since_s: NOW_S - 2 * 86_400,
    until_s: NOW_S - 86_400,
  });
  expect(await read({ since: 1_600_000_000 })).toMatchObject({ since_s: 1_600_000_000 });
  expect(await read({ users: [['p', A], B, ['p'], 'nobody'] })).toMatchObject({ authors: [A, B] });
  expect(await read({ authors: [B] })).toMatchObject({ authors: [B] });
  expect(await read({ search: 'other words' })).toMatchObject({ text: 'other words' });
  expect(await read({ user: A }, 5300)).toMatchObject({ viewer: A });
  expect(await read({ p: B }, 5300)).toMatchObject({ viewer: B });
});

test('a fetched input is searched for by its words, not by its delimiters', async () => {
  const context = recordingContext({ hits: () => [{ tag: 'e', value: A, score: 1 }] });
  const messages = [dataMessage('the Nostr event x', 'nostr zaps')];
  await discover.run(taskOf('discover', '', { envelope: { kind: 5302 }, body: { messages } }), context);
  expect(context.queries[0]?.text).toBe('nostr zaps');
});

test('the answer is the JSON list of tags that the kinds define', async () => {
  const hits: SearchHit[] = [
    { tag: 'e', value: A, score: 2 },
    { tag: 'a', value: `30023:${B}:a "quoted" name`, score: 1 },
  ];
  const output = await discover.run(taskOf('discover', 'x'), recordingContext({ hits: () => hits }));
  expect(JSON.parse(output.content)).toEqual([
    ['e', A],
    ['a', `30023:${B}:a "quoted" name`],
  ]);
  const unpriced = { finishReason: 'stop', model: 'discover', usage: { total_tokens: 0 } };
  expect(output).toMatchObject(unpriced);
  // Priced by tokens, it counts four bytes as one: one token for the question `x`.
  const task = taskOf('discover', 'x');
  const agent = { ...task.agent, prices: { ...task.agent.prices, per1kOutputTokens_msats: 1 } };
  const metered = await discover.run({ ...task, agent }, recordingContext({ hits: () => hits }));
  const completion_tokens = Math.ceil(output.content.length / 4);
  expect(metered.usage).toEqual({
    prompt_tokens: 1,
    completion_tokens,
    total_tokens: 1 + completion_tokens,
  });
  const none = await discover.run(taskOf('discover', 'x'), recordingContext());
  expect(none.content).toBe('[]');
});

test('discovery for a topic nobody wrote about falls back to what is popular; a search does not', async () => {
  const hits = (query: SearchQuery): SearchHit[] =>
    query.text === '' ? [{ tag: 'e', value: A, score: 1 }] : [];
  const answer = async (kind: number) =>
    (await discover.run(taskOf('discover', 'nobody', { envelope: { kind } }), recordingContext({ hits })))
      .content;
  expect(await answer(5300)).toBe(JSON.stringify([['e', A]]));
  expect(await answer(5302)).toBe('[]');
});

test('an answer with long addresses is cut to what an event can carry, and stays JSON', async () => {
  const hits = Array.from(
    { length: 300 },
    (_, i): SearchHit => ({ tag: 'a', value: `30023:${A}:${i} ${'é"'.repeat(100)}`, score: 1 }),
  );
  const { content } = await discover.run(taskOf('discover', 'x'), recordingContext({ hits: () => hits }));
  expect(Buffer.byteLength(content)).toBeLessThanOrEqual(AGENT_MAX_OUTPUT_BYTES);
  const parsed: unknown = JSON.parse(content);
  expect(Array.isArray(parsed) && parsed.length).toBeGreaterThan(20);
});

test('three hundred notes fit an answer', async () => {
  const hits = Array.from({ length: 300 }, (): SearchHit => ({ tag: 'e', value: A, score: 1 }));
  const { content } = await discover.run(taskOf('discover', 'x'), recordingContext({ hits: () => hits }));
  expect(JSON.parse(content)).toHaveLength(300);
});

test('chat is only there where a model can be asked, and every agent has its own key', () => {
  const slugs = (raw: Record<string, string>, workersAi = false) =>
    embeddedAgents(readConfig({ LOCAL: '1', ...raw }), { workersAi }).map(({ slug, models }) => [
      slug,
      ...models,
    ]);
  const model = { MODEL_BASE_URL: 'http://127.0.0.1:1/v1', MODEL: 'small' };
  const priced = ['prepaid', 'postpaid', 'escrow', 'metered'].map((way) => [`discover-${way}`]);
  const free = [['discover'], ...priced, ['code'], ['code-prepaid']];
  expect(slugs({})).toEqual(free);
  const withChat = (name: string) => [...free, ['chat', name], ['chat-escrow', name]];
  expect(slugs(model)).toEqual(withChat('small'));
  expect(slugs({}, true)).toEqual(withChat(WORKERS_AI_MODEL));
  expect(slugs({ MODEL: '@cf/other' }, true)).toEqual(withChat('@cf/other'));
  expect(slugs({ MODEL: '@cf/other' })).toEqual(free);
  expect(slugs(model, true)).toEqual(withChat('small'));
  // The priced one is for development money alone.
  const deployed = { LOCAL: '0', PUBLIC_URL: 'https://errand.test', MASTER_SECRET: 'a'.repeat(64) };
  expect(slugs(deployed)).toEqual([['discover'], ['code']]);
  const keyed = keyedAgents(readConfig({ LOCAL: '1', ...model }));
  expect(new Set(keyed.map(({ pubkey }) => pubkey)).size).toBe(9);
  expect(keyedAgents(readConfig({ LOCAL: '1', ...model }))).toEqual(keyed);
});

test('jobs are limited in public and free on the developer’s machine', () => {
  const limit = (raw: Record<string, string>) =>
    embeddedAgents(readConfig(raw))[0]?.rateLimits.anonymousPerHour ?? 0;
  expect(limit({ LOCAL: '1' })).toBe(1_000_000);
  expect(limit({ PUBLIC_URL: 'https://errand.net', MASTER_SECRET: '1'.repeat(64) })).toBeLessThan(10_000);
});

test.each(['discover', 'chat'])(
  '%s: its example is valid by its own schema, and wrong parameters are not',
  (slug) => {
    const agent = agentNamed(slug);
    const valid = (parameters: unknown) =>
      new Validator(structuredClone(agent.parametersSchema), '2020-12').validate(parameters).valid;
    expect(valid(agent.exampleRequest.parameters)).toBe(true);
    expect(valid({ unknown: 'parameter' })).toBe(true);
    const wrong: Record<string, unknown> = {
      max_results: 0,
      limit: 1.5,
      users: 'alice',
      user: 'npub1',
      task: 'dance',
      since: -1,
    };
    const wrongForChat: Record<string, unknown> = {
      temperature: 3,
      top_p: '1',
      max_tokens: 0,
      stop: [''],
      seed: 0.5,
    };
    for (const [name, value] of Object.entries(slug === 'chat' ? wrongForChat : wrong))
      expect([name, valid({ [name]: value })]).toEqual([name, false]);
    const config = readConfig({ LOCAL: '1', MODEL_BASE_URL: 'http://127.0.0.1:1/v1', MODEL: 'small' });
    const model = modelProvider(config)?.chat ?? null;
    expect(runtimeFor(agent.runtime, { model, sandbox: null }).slow).toBe(isSlow(agent.runtime));
  },
);
