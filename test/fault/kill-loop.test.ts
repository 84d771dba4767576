/**
 * Goal: a job of an agent with tools survives the death of everything at any point, and does nothing again that stands in
 * its journal (issue 4, RELIABILITY 3). Method: three jobs are brought to three points (a question to the model, a call
 * of a tool, the finished answer not yet reported) and held there; then the whole process tree is killed at once, with
 * SIGKILL, and started again on its state. Each job must end once with the answer it would have had, and only what was
 * under way is asked again. Not proved: what is said of kill.test.ts; that every point between two writes is safe is
 * test/agent/loop/crash.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectClient, endsJob } from '../support/client.ts';
import { type FaultHarness, startFaultHarness } from '../support/fault-harness.ts';
import { agentKey, jobOverHttp, jsonTag, task } from '../support/jobs.ts';
import { type AskedModel, type ModelServer, modelServer, type Script } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';
import { calling, finalAnswer, messagesOf } from '../support/tool-script.ts';
import { startToolServers, type ToolServers } from '../support/tool-servers.ts';

const JOBS = ['in the model', 'in a tool', 'after the answer'] as const;
const home = mkdtempSync(join(tmpdir(), 'errand-kill-loop-'));
let faults: FaultHarness;
let tools: ToolServers;
let model: ModelServer;
let service: Service;

async function start(): Promise<void> {
  const models = { MODEL_BASE_URL: model.baseUrl, MODEL: 'small', SEARXNG_URL: tools.searxng.origin };
  service = await startService({ persistTo: home, env: { ...models, FAULT_URL: faults.url } });
}

beforeAll(async () => {
  faults = await startFaultHarness();
  tools = await startToolServers();
  model = await modelServer();
  await start();
});

afterAll(async () => {
  await service?.stop();
  await model?.close();
  await tools?.close();
  faults?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Which job a question is of, and how many results of tools it tells of. */
function placeOf(asked: AskedModel): { readonly job: string; readonly results: number } {
  const messages = messagesOf(asked);
  const text = messages.map(({ content }) => content).join('\n');
  return {
    job: JOBS.find((job) => text.includes(job)) ?? 'none',
    results: messages.filter(({ role }) => role === 'tool').length,
  };
}

/** Two searches, then an answer. */
function scriptFor({ job, results }: ReturnType<typeof placeOf>): Script {
  if (results === 2) return finalAnswer(`the answer, ${job}`);
  return calling({ name: 'web_search', args: { query: `${job} ${results + 1}` } });
}

test('three jobs, held in a question, in a tool and before their answer is reported, go on where they were', async () => {
  tools.find({ title: 'found', url: 'https://a.net/', content: 'something' });
  const clients = await Promise.all(JOBS.map(() => connectClient(service.relay)));
  const scout = agentKey(service, 'scout');
  const jobs = JOBS.map((job, at) => {
    const client = clients[at];
    if (client === undefined) throw new Error('a client for each job');
    return { job, client, request: task(client, scout, `killed ${job}`) };
  });

  const questioned = Promise.withResolvers<void>();
  model.scriptBy((asked) => {
    const place = placeOf(asked);
    if (place.job !== 'in the model' || place.results !== 1) return scriptFor(place);
    questioned.resolve();
    return [{ hold: new Promise(() => undefined) }];
  });
  const reached = [questioned.promise, tools.holdSearch('in a tool 2'), faults.arm('K7')];
  for (const { client, request } of jobs) await client.publish(request);
  await Promise.all(reached);
  await service.kill();

  const before = model.asked.length;
  model.scriptBy((asked) => scriptFor(placeOf(asked)));
  await start();
  for (const { job, client, request } of jobs) {
    const after = await connectClient(service.relay, client.secretKey);
    const answers = after.answers(request.id);
    const result = await answers.end();
    expect(result.content).toBe(`the answer, ${job}`);
    expect(answers.events.filter(endsJob)).toHaveLength(1);
    // Three answers of the model, each counted once.
    expect(jsonTag(result, 'result').usage).toMatchObject({ completion_tokens: 30 });
    await expect
      .poll(() => jobOverHttp(service, request.id), { timeout: 10_000 })
      .toMatchObject({ phase: 'delivered', result_event_id: result.id });
    after.close();
    client.close();
  }

  const count = (list: readonly string[]) =>
    Object.fromEntries([...Map.groupBy(list, (one) => one)].map(([name, all]) => [name, all.length]));
  const questions = model.asked.map(placeOf).map(({ job, results }) => `${job} ${results}`);
  expect(count(questions)).toEqual({
    'in the model 0': 1,
    'in the model 1': 2,
    'in the model 2': 1,
    'in a tool 0': 1,
    'in a tool 1': 1,
    'in a tool 2': 1,
    'after the answer 0': 1,
    'after the answer 1': 1,
    'after the answer 2': 1,
  });
  expect(questions.slice(before).filter((one) => one.startsWith('after the answer'))).toEqual([]);
  const searches = tools.searxng.asked.map((path) => new URL(path, 'http://s').searchParams.get('q') ?? '');
  expect(count(searches)).toEqual({
    'in the model 1': 1,
    'in the model 2': 1,
    'in a tool 1': 1,
    'in a tool 2': 2,
    'after the answer 1': 1,
    'after the answer 2': 1,
  });
});
