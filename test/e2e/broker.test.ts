/**
 * Goal: open requests as strangers meet them where several agents fit: a plain one goes to the first of the list, one
 * with a check to any of them, and each is one job of one agent, by whatever relays it comes and through a kill.
 * Method: the started service with a scripted model, an outside relay nobody here wrote, clients on nostr-tools.
 * Not proved: shares by rating (test/arena/choice.test.ts).
 */
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, connectClient, endsJob, errorOf } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, jsonTag } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';
import { finalAnswer, offeredTo } from '../support/tool-script.ts';

const AGENTS = ['chat', 'scout'];
const OUTPUT = '```output\n42\n```';
let model: ModelServer;
let outside: OutsideRelay;
let env: Record<string, string>;
let service: Service;
let client: Client;

beforeAll(async () => {
  model = await modelServer();
  model.scriptBy((asked) => (offeredTo(asked).length === 0 ? answer(OUTPUT) : finalAnswer(OUTPUT)));
  outside = await startOutsideRelay();
  env = { MODEL_BASE_URL: model.baseUrl, MODEL: 'small', RELAYS: outside.url };
  service = await startService({ env, sandbox: true });
  client = await connectClient(service.relay);
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await outside?.stop();
  await model?.close();
});

const verify = { mode: 'deduction', language: 'python', program: 'def f(x):\n    return x + 1', input: '41' };
let count = 0;
const open = (contract?: object) =>
  client.sign(7001, [
    asking(`What does f return? ${count++}`),
    ...(contract === undefined ? [] : [['contract', JSON.stringify(contract)]]),
  ]);
const slugOf = (pubkey: string | undefined) =>
  service.dev.agents.find((agent) => agent.pubkey === pubkey)?.slug ?? '';

/** Everything that ended a job, at the relays of this test. */
async function endsOf(request: Event): Promise<readonly { readonly id: string; readonly pubkey: string }[]> {
  const reader = await connectClient(service.relay);
  const here = reader.answers(request.id);
  await here.end();
  reader.close();
  const there = outside.stored({ '#e': [request.id] });
  return [...here.events, ...there].filter((event) =>
    endsJob({ ...event, tags: event.tags.map((tag) => [...tag]) }),
  );
}

test('a plain one goes to the first that fits, as before', async () => {
  const ended = await done(client, open());
  expect([slugOf(ended.pubkey), ended.content]).toEqual(['chat', OUTPUT]);
  expect(slugOf((await done(client, client.sign(5302, [['i', 'words', 'text']]))).pubkey)).toBe('discover');
});

test('those with a check are tried with each of them, one answer each, by two relays at once', async () => {
  const requests = Array.from({ length: 20 }, () => open({ verify }));
  const ends = requests.map((request) => client.answers(request.id).end());
  await Promise.all(
    requests.flatMap((request) => [
      client.publish(request),
      outside.post({ ...request, tags: request.tags }),
    ]),
  );
  const chosen = (await Promise.all(ends)).map((event) => slugOf(event.pubkey));
  expect([...new Set(chosen)].sort()).toEqual(AGENTS);
  for (const [i, request] of requests.entries()) {
    const ids = new Set((await endsOf(request)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    await expect
      .poll(() => jobOverHttp(service, request.id))
      .toMatchObject({ agent: chosen[i], phase: 'delivered' });
  }
});

test('is refused with the reason where nobody is rated as high as it wants', async () => {
  const ended = await done(client, open({ verify, min_rating: 0.5 }));
  expect(slugOf(ended.pubkey)).toBe('chat');
  expect(errorOf(ended)).toMatchObject({ code: 'NOT_FOUND' });
  expect(jsonTag(ended, 'error')).toMatchObject({ details: { min_rating: 0.5, best_rating: 0 } });
});

test('one whose answer did not pass goes to the next agent, and only that one has the last word', async () => {
  const answered: string[] = [];
  model.scriptBy((asked) => {
    answered.push(offeredTo(asked).length === 0 ? 'chat' : 'scout');
    const output = answered.length === 1 ? 'I do not know' : OUTPUT;
    return offeredTo(asked).length === 0 ? answer(output) : finalAnswer(output);
  });
  const request = open({ verify: { ...verify, agents: 2 } });
  const answers = client.answers(request.id);
  await client.publish(request);
  const ended = await answers.end();
  expect(new Set(answered)).toEqual(new Set(AGENTS));
  expect(slugOf(ended.pubkey)).toBe(answered[1]);
  expect(ended.tags.find(([name]) => name === 'verified')?.[1]).toBe('true');
  await expect
    .poll(() => jobOverHttp(service, request.id))
    .toMatchObject({ agent: answered[1], phase: 'delivered' });
  const handedOn = ({ tags }: Event) =>
    tags.some(([name, , note]) => name === 'status' && note?.includes('has the job now') === true);
  expect(slugOf((await answers.find(handedOn)).pubkey)).toBe(answered[0]);
  expect((await answers.find(({ kind }) => kind === 7002)).content).toContain('"verdict":"passed"');
  expect(answers.events.filter(endsJob)).toHaveLength(1);
  expect(answers.events.filter(({ kind }) => kind === 7002)).toHaveLength(1);
});

test('one that no agent solves ends with the last one, and says so once', async () => {
  model.scriptBy((asked) => (offeredTo(asked).length === 0 ? answer('no idea') : finalAnswer('no idea')));
  const request = open({ verify: { ...verify, agents: 2 } });
  const answers = client.answers(request.id);
  await client.publish(request);
  expect(errorOf(await answers.end())).toMatchObject({ code: 'VERIFICATION_FAILED' });
  await answers.find(({ kind }) => kind === 7002);
  expect(answers.events.filter(endsJob)).toHaveLength(1);
  model.scriptBy((asked) => (offeredTo(asked).length === 0 ? answer(OUTPUT) : finalAnswer(OUTPUT)));
});

test('stays one job of its agent when everything is killed while it is worked on', async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  model.scriptBy(() => {
    begun.resolve();
    return [{ hold: gate.promise }];
  });
  const request = open({ verify });
  await client.publish(request);
  await begun.promise;
  const before = await jobOverHttp(service, request.id);
  expect(AGENTS).toContain(before.agent);
  await service.kill();
  gate.resolve();
  model.scriptBy((asked) => (offeredTo(asked).length === 0 ? answer(OUTPUT) : finalAnswer(OUTPUT)));
  service = await startService({
    sandbox: true,
    env,
    persistTo: service.persistTo,
    port: Number(new URL(service.url).port),
  });
  client.close();
  client = await connectClient(service.relay);
  // It comes again by the other relay, too.
  await outside.post({ ...request, tags: request.tags });
  const ended = await client.answers(request.id).end();
  expect(ended.pubkey).toBe(agentKey(service, String(before.agent)));
  expect(new Set((await endsOf(request)).map(({ id }) => id)).size).toBe(1);
});

test('is called off at whatever agent has it', async () => {
  const gate = Promise.withResolvers<void>();
  model.scriptBy(() => [{ hold: gate.promise }]);
  const requests = Array.from({ length: 6 }, () => open({ verify }));
  for (const request of requests) {
    await client.publish(request);
    await client.publish(
      client.sign(5, [
        ['e', request.id],
        ['k', '7001'],
      ]),
    );
  }
  for (const request of requests)
    await expect
      .poll(() => jobOverHttp(service, request.id), { timeout: 10_000 })
      .toMatchObject({ phase: 'cancelled' });
  gate.resolve();
});
