/**
 * Goal: a job whose work waits for a model survives the death of everything (RELIABILITY, K2, K6, K7), and the answer of
 * a dead attempt never meets that of the next. Method: four jobs of four clients are brought to four points of their way
 * and held there; then the whole process tree is killed at once, with SIGKILL, and started again on its state. Each job
 * must end once, with one result event that is the same here and at an outside relay. The queue that carries steps is
 * lost with the process here, which is worse than the platform, where it is kept. Not proved: what is said of
 * kill.test.ts.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, connectClient, endsJob, tag } from '../support/client.ts';
import { agentKey, jobOverHttp, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const home = mkdtempSync(join(tmpdir(), 'errand-kill-runner-'));
let outside: OutsideRelay;
let model: ModelServer;
let service: Service;

/** Answers every fault point but those held: they are never answered, and who holds one hears when it is reached. */
const harness = (() => {
  const held = new Map<string, () => void>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://harness');
    const key = `${url.pathname.slice(1)} ${url.searchParams.get('about')}`;
    const reached = held.get(key);
    if (reached === undefined) response.end();
    else reached();
  });
  return {
    listen: () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (point: string, jobId: string) =>
      new Promise<void>((resolve) => held.set(`${point} ${jobId}`, resolve)),
    letGo: () => held.clear(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
})();

async function start(): Promise<void> {
  const chatting = { MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  service = await startService({
    persistTo: home,
    env: { ...chatting, FAULT_URL: harness.url(), RELAYS: outside.url },
  });
}

beforeAll(async () => {
  await harness.listen();
  outside = await startOutsideRelay();
  model = await modelServer();
  await start();
});

afterAll(async () => {
  await service?.stop();
  await outside?.stop();
  await model?.close();
  harness.close();
  rmSync(home, { recursive: true, force: true });
});

interface Posted {
  readonly client: Client;
  readonly request: Event;
}

/** A client of its own with a job that wants its answer here and outside, not yet posted. */
async function job(text: string): Promise<Posted> {
  const client = await connectClient(service.relay);
  const request = task(client, agentKey(service, 'chat'), text, ['relays', service.relay, outside.url]);
  return { client, request };
}

async function endedOnce({ client, request }: Posted, content: string): Promise<void> {
  const after = await connectClient(service.relay, client.secretKey);
  const answers = after.answers(request.id);
  const result = await answers.end();
  expect(result.content).toBe(content);
  const filter = { '#e': [request.id], kinds: [7001] };
  await outside.waitFor(filter);
  expect(outside.stored(filter).map(({ id }) => id)).toEqual([result.id]);
  expect(answers.events.filter(endsJob).map(({ id }) => id)).toEqual([result.id]);
  await expect
    .poll(() => jobOverHttp(service, request.id), { timeout: 10_000 })
    .toMatchObject({ phase: 'delivered', result_event_id: result.id });
  // What is proved to have been streamed is the text of this attempt alone.
  expect(result.tags).toContainEqual(['stream', '1', createHash('sha256').update(content).digest('hex')]);
  after.close();
}

test('four jobs, held when accepted, before the model, in its answer, and after it, each end once', async () => {
  const jobs = {
    accepted: await job('held when accepted'),
    begun: await job('held before the model'),
    streaming: await job('held in the answer'),
    answered: await job('held after the answer'),
  };
  const first = jobs.streaming.client.answers(jobs.streaming.request.id);
  model.script([{ say: 'half of the ' }, { hold: new Promise(() => undefined) }]);
  await jobs.streaming.client.publish(jobs.streaming.request);
  const delta = await first.find(({ kind }) => kind === 27001);
  expect(delta.content).toBe('half of the ');

  model.script(answer('an answer that dies'));
  const reached = [
    harness.hold('K7', jobs.answered.request.id),
    harness.hold('K6', jobs.begun.request.id),
    harness.hold('K2', jobs.accepted.request.id),
  ];
  for (const { client, request } of [jobs.answered, jobs.begun, jobs.accepted]) await client.publish(request);
  await Promise.all(reached);
  await service.kill();
  harness.letGo();
  expect(outside.stored({ kinds: [7001] })).toEqual([]);

  model.script(answer('the answer that lives'));
  await start();
  await Promise.all(Object.values(jobs).map((posted) => endedOnce(posted, 'the answer that lives')));
  for (const { client } of Object.values(jobs)) client.close();
  expect(tag(delta, 'attempt')).toBeUndefined();
});
