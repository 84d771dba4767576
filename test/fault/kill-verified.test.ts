/**
 * Goal: a verified job with locked money survives the death of everything while its check is tried out and while its
 * answer is judged: one demand, one result, one verdict, paid once (RELIABILITY 3). Method: the service is killed with
 * SIGKILL after the sandbox has spoken and before that is stored, and started again on its state. Not proved: what is
 * said of kill.test.ts; other points are test/job/verified.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { connectClient, endsJob, tag } from '../support/client.ts';
import { type FaultHarness, startFaultHarness } from '../support/fault-harness.ts';
import { agentKey, jobOverHttp, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';

const home = mkdtempSync(join(tmpdir(), 'errand-kill-verified-'));
let faults: FaultHarness;
let model: ModelServer;
let service: Service;

async function start(): Promise<void> {
  const env = { MODEL_BASE_URL: model.baseUrl, MODEL: 'small', FAULT_URL: faults.url };
  service = await startService({ persistTo: home, env, sandbox: true });
}

beforeAll(async () => {
  faults = await startFaultHarness();
  model = await modelServer();
  await start();
});

afterAll(async () => {
  await service?.stop();
  await model?.close();
  faults?.close();
  rmSync(home, { recursive: true, force: true });
});

const wallet = () => new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
const demanded = (event: { kind: number; tags: string[][] }) =>
  event.tags.some(([name, state]) => name === 'status' && state === 'payment-required');

test('killed while its check is tried out, and while its answer is judged', async () => {
  model.script(answer('```output\n[2, 1]\n```'));
  const verify = {
    language: 'python',
    mode: 'deduction',
    program: 'def f(a):\n    return a[::-1]',
    input: '[1, 2]',
  };
  let client = await connectClient(service.relay);
  const contract = ['contract', JSON.stringify({ verify })];
  const request = task(client, agentKey(service, 'chat-escrow'), 'What does it return?', contract);
  let payer = wallet();
  const before = (await payer.getBalance()).balance;
  payer.close();

  const triedOut = faults.arm('V1', 0, request.id);
  await client.publish(request);
  await triedOut;
  await service.kill();
  client.close();
  await start();

  client = await connectClient(service.relay, client.secretKey);
  const demand = await client.answers(request.id).find(demanded);
  const judged = faults.arm('V1', 0, request.id);
  payer = wallet();
  // It is answered when the escrow is taken, which this process does not live to see.
  const paid = payer.payInvoice({ invoice: demand.tags.find(([name]) => name === 'amount')?.[2] ?? '' });
  paid.catch(() => undefined);
  await judged;
  const asked = model.asked.length;
  await service.kill();
  payer.close();
  client.close();
  await start();

  client = await connectClient(service.relay, client.secretKey);
  const answers = client.answers(request.id);
  const result = await answers.end();
  expect(result.tags.find(([name]) => name === 'verified')?.[1]).toBe('true');
  await answers.find(({ kind }) => kind === 7002);
  await expect
    .poll(() => jobOverHttp(service, request.id), { timeout: 10_000 })
    .toMatchObject({ phase: 'delivered', result_event_id: result.id });
  expect(answers.events.filter((event) => endsJob(event) && tag(event, 'result') !== undefined)).toHaveLength(
    1,
  );
  // What was stored before may come after what is live.
  await answers.find(demanded);
  expect(answers.events.filter(demanded)).toHaveLength(1);
  expect(answers.events.filter(({ kind }) => kind === 7002)).toHaveLength(1);
  // The answer was kept: the model was not asked again.
  expect(model.asked.length).toBe(asked);
  payer = wallet();
  await expect
    .poll(async () => before - (await payer.getBalance()).balance, { timeout: 10_000 })
    .toBe(21_000);
  payer.close();
  client.close();
});
