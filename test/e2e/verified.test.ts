/**
 * Goal: a stranger posts a job whose contract holds a check, and pays for a proved answer alone (PROTOCOL §6): a check of no
 * use is refused before money is asked for, answers are judged in the sandbox, refused ones may be given again, escrow is
 * taken with a proof and comes back without one, and the signed verdict can be judged again by anybody. Method: the
 * started service over real sockets, a scripted model, nostr-tools, a wallet nobody here wrote. Does not prove: that the
 * sandbox is right (test/sandbox) or what a real model answers.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nip44 } from 'nostr-tools';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/local/state.ts';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';

const DOUBLE = 'def f(a, b):\n    return [a * 2, b]';
const DEDUCTION = { language: 'python', mode: 'deduction', program: DOUBLE, input: "4, 'x'" };
const RIGHT = answer("```output\n[8, 'x']\n```");
const WRONG = answer("```output\n[8, 'y']\n```");

let model: ModelServer;
let service: Service;
let client: Client;
let payer: NWCClient;
let marketplace: string;

beforeAll(async () => {
  model = await modelServer();
  service = await startService({ sandbox: true, env: { MODEL_BASE_URL: model.baseUrl, MODEL: 'small' } });
  client = await connectClient(service.relay);
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  const headers = { accept: 'application/nostr+json' };
  const information: { self: string } = await (await fetch(service.url, { headers })).json();
  marketplace = information.self;
});

afterAll(async () => {
  client?.close();
  payer?.close();
  await service?.stop();
  await model?.close();
});

let count = 0;
/** Two requests that say the same in the same second are one event. */
const question = () => `What does it return? (${count++})`;
const contract = (verify: unknown): string[] => ['contract', JSON.stringify({ verify })];
const isVerdict = (event: Event) => event.kind === 7002;
const verifiedTag = (event: Event) => event.tags.find(([name]) => name === 'verified');
const lastAsked = () => JSON.stringify(model.asked.at(-1)?.body.messages);
const balance = async () => (await payer.getBalance()).balance;

/** Posts a free job with a check; what ended it, and the verdict where it was judged. */
async function post(verify: unknown, agent = 'chat') {
  const request = task(client, agentKey(service, agent), question(), contract(verify));
  const answers = client.answers(request.id);
  await client.publish(request);
  const end = await answers.end();
  return { request, answers, end };
}

async function verifyReceipt(source: string): Promise<{ code: number; said: string }> {
  const args = ['scripts/verify-receipt.ts', source, '--persist-to', service.persistTo];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr } = Object(error);
    return { code: Number(code), said: String(stderr) };
  }
}

describe('an answer that passes', () => {
  test('is delivered with its proof, and the marketplace signs a verdict that anybody can judge again', async () => {
    model.script(RIGHT);
    const { request, answers, end } = await post(DEDUCTION);
    expect(verifiedTag(end)?.slice(0, 2)).toEqual(['verified', 'true']);
    expect(verifiedTag(end)?.[2]).toMatch(/^pyodide-.+\+[0-9a-f]{16}$/);
    expect(lastAsked()).toContain('return [a * 2, b]');
    const verdict = await answers.find(isVerdict);
    expect(verdict.pubkey).toBe(marketplace);
    expect(tag(verdict, 'agent')).toBe(agentKey(service, 'chat'));
    expect(JSON.parse(verdict.content)).toMatchObject({ verdict: 'passed', verify: DEDUCTION, answers: 1 });
    expect(await verifyReceipt(request.id)).toMatchObject({
      code: 0,
      said: expect.stringContaining('comes out the same: passed'),
    });
    const file = join(service.persistTo, 'verdict.json');
    const changed = client.sign(7002, verdict.tags, verdict.content.replace('[8', '[9'));
    writeFileSync(file, JSON.stringify({ ...changed }));
    expect(await verifyReceipt(file)).toMatchObject({ code: 1 });
    writeFileSync(file, JSON.stringify({ ...verdict, content: verdict.content.replace('passed', 'wrong') }));
    expect(await verifyReceipt(file)).toMatchObject({
      code: 1,
      said: expect.stringContaining('not what was signed'),
    });
  });

  test('may be the second one, within what the contract allows', async () => {
    const before = model.asked.length;
    model.script(WRONG, RIGHT);
    const { answers, end } = await post({ ...DEDUCTION, attempts: 2 });
    expect(verifiedTag(end)?.[1]).toBe('true');
    expect(model.asked.length - before).toBe(2);
    expect(lastAsked()).toContain('did not pass');
    expect(JSON.parse((await answers.find(isVerdict)).content)).toMatchObject({ answers: 2 });
  });

  test('is JSON that a schema takes', async () => {
    model.script(answer('```json\n{"n": 3}\n```'));
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
    const { end } = await post({ mode: 'schema', schema });
    expect(verifiedTag(end)?.slice(1, 3)).toEqual(['true', 'json-schema']);
  });

  test('is a program that passes hidden tests, which are revealed at the end', async () => {
    const content = {
      tests: [{ input: '[10, 1]', output: '10' }],
      reference: 'const f = (a) => Math.max(...a)',
    };
    const salt = 'ab'.repeat(32);
    const canonical =
      '{"reference":"const f = (a) => Math.max(...a)","tests":[{"input":"[10, 1]","output":"10"}]}';
    const commitment = createHash('sha256')
      .update(salt + canonical)
      .digest('hex');
    const key = nip44.getConversationKey(client.secretKey, marketplace);
    const hidden = nip44.encrypt(
      JSON.stringify({ salt, content: { ...content, tests: [{ input: '[[10, 1]]', output: '10' }] } }),
      key,
    );
    const wrong = await post({ language: 'javascript', mode: 'tests', commitment, hidden });
    expect(errorOf(wrong.end)).toMatchObject({
      code: 'BAD_REQUEST',
      details: { path: '$.contract.verify.hidden' },
    });

    const real = { ...content, tests: [{ input: '[[10, 1]]', output: '10' }] };
    const text = canonical.replace('[10, 1]', '[[10, 1]]');
    const verify = {
      language: 'javascript',
      mode: 'tests',
      tests: [{ input: '[[1, 3, 2]]', output: '3' }],
      commitment: createHash('sha256')
        .update(salt + text)
        .digest('hex'),
      hidden: nip44.encrypt(JSON.stringify({ salt, content: real }), key),
    };
    model.script(answer('```javascript\nconst f = (a) => [...a].sort((x, y) => x - y).at(-1);\n```'));
    const { request, answers, end } = await post(verify);
    expect(verifiedTag(end)?.[1]).toBe('true');
    expect(lastAsked()).not.toContain('10, 1');
    expect(JSON.parse((await answers.find(isVerdict)).content)).toMatchObject({
      hidden: { salt, content: real },
    });
    expect((await verifyReceipt(request.id)).code).toBe(0);
    // What is written into the answer passes the shown test and not the hidden one.
    model.script(answer('```javascript\nconst f = () => 3;\n```'));
    expect(errorOf((await post(verify)).end)).toMatchObject({ code: 'VERIFICATION_FAILED' });
  });
});

describe('an answer that does not pass', () => {
  test.each([
    ['is wrong', WRONG, 'wrong'],
    ['is no data', answer('```output\neval("[8, chr(120)]")\n```'), 'unreadable'],
  ])('%s', async (_, script, verdict) => {
    model.script(script);
    const { request, answers, end } = await post(DEDUCTION);
    expect(errorOf(end)).toMatchObject({ code: 'VERIFICATION_FAILED', details: { verdict, answers: 1 } });
    expect(verifiedTag(end)?.[1]).toBe('false');
    expect(JSON.parse((await answers.find(isVerdict)).content)).toMatchObject({ verdict });
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'failed' });
    expect(await verifyReceipt(request.id)).toMatchObject({
      said: expect.stringContaining(`the same: ${verdict}`),
    });
  });
});

describe('escrow', () => {
  const locked = async (verify: unknown) => {
    const request = task(client, agentKey(service, 'chat-escrow'), question(), contract(verify));
    const answers = client.answers(request.id);
    await client.publish(request);
    const demand = await answers.find((event) => tag(event, 'status') === 'payment-required');
    const paid = payer.payInvoice({ invoice: demand.tags.find(([name]) => name === 'amount')?.[2] ?? '' });
    return { request, answers, paid };
  };

  test('is taken with the proof', async () => {
    model.script(RIGHT);
    const before = await balance();
    const { answers, paid } = await locked(DEDUCTION);
    expect(verifiedTag(await answers.end())?.[1]).toBe('true');
    await paid;
    expect(before - (await balance())).toBe(21_000);
  });

  test('comes back without one, in full', async () => {
    model.script(WRONG);
    const before = await balance();
    const { answers, paid } = await locked(DEDUCTION);
    await expect(paid).rejects.toThrow();
    expect(errorOf(await answers.end())?.code).toBe('VERIFICATION_FAILED');
    expect(await balance()).toBe(before);
  });

  test('is not asked for where the check is of no use', async () => {
    for (const [verify, words] of [
      [{ ...DEDUCTION, program: 'import time\ndef f(a, b): return open("x")' }, 'program'],
      [{ ...DEDUCTION, program: 'n = 0\ndef f(a, b):\n global n\n n += 1\n return n' }, 'nondeterministic'],
      [{ ...DEDUCTION, output: '[8, "y"]' }, 'reference does not pass'],
      [{ ...DEDUCTION, program: 'def f(a, b): return None' }, 'this answer passes'],
    ] as const) {
      const { answers, end } = await post(verify, 'chat-escrow');
      expect(errorOf(end)).toMatchObject({ code: 'BAD_REQUEST', details: { path: '$.contract.verify' } });
      expect(errorOf(end)?.message).toContain(words);
      expect(answers.events.filter((event) => tag(event, 'status') === 'payment-required')).toEqual([]);
    }
  });
});

test('what is no check is told with its path', async () => {
  const { end } = await post({ ...DEDUCTION, mode: 'oracle' });
  expect(errorOf(end)).toMatchObject({ code: 'BAD_REQUEST', details: { path: '$.contract.verify.mode' } });
});

test('an agent that does not answer in words takes no check', async () => {
  const { end } = await post(DEDUCTION, 'discover');
  expect(errorOf(end)?.message).toContain('discover takes no jobs with a check');
});

test('the verdict on an encrypted request is for its client alone', async () => {
  model.script(RIGHT);
  const chat = agentKey(service, 'chat');
  const hidden = [asking('What does it return?'), contract(DEDUCTION)];
  const shared = nip44.getConversationKey(client.secretKey, chat);
  const content = nip44.encrypt(JSON.stringify(hidden), shared);
  const request = client.sign(7001, [['p', chat], ['encrypted']], content);
  const answers = client.answers(request.id);
  await done(client, request);
  const verdict = await answers.find(isVerdict);
  expect(verdict.content).not.toContain('passed');
  expect(verdict.tags.map(([name]) => name).sort()).toEqual(['e', 'encrypted', 'p']);
  const key = nip44.getConversationKey(client.secretKey, marketplace);
  const tags: string[][] = JSON.parse(nip44.decrypt(verdict.content, key));
  expect(tags.find(([name]) => name === 'content')?.[1]).toContain('"verdict":"passed"');
});
