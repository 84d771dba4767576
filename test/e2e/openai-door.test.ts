/**
 * Goal: somebody who knows OpenAI and nothing of Nostr is served by the same agents, from the same ledger, and can never be
 * charged more than was given. Method: the started service, black box; the official `openai` client over real sockets, a
 * scripted model behind the agents, the development wallet as payer. Does not prove: crashes of money (test/door/purses.test.ts),
 * real Lightning (test/e2e/lightning.test.ts).
 */

import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecretKey } from 'nostr-tools/pure';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { NWCClient } from '../peers/alby.ts';
import { fetchWithL402 } from '../peers/lightning-tools.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

const PRICE = 21_000;
const PRICED = 'discover-prepaid';
const POLL = { timeout: 20_000, interval: 100 };
type PaidResponse = NonNullable<Awaited<ReturnType<typeof fetchWithL402>>['payment']>;
const ask = (content: string) => [{ role: 'user' as const, content }];

let model: ModelServer;
let persistTo: string;
let service: Service;
let payer: NWCClient;
const owner = generateSecretKey();

beforeAll(async () => {
  model = await modelServer();
  persistTo = mkdtempSync(join(tmpdir(), 'errand-door-'));
  service = await start();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  const invoice = await signed('POST', '/account/invoices', { amount_msats: 2_000_000 });
  await payer.payInvoice({ invoice: String(invoice.bolt11) });
  await vi.waitFor(
    async () => expect(await signed('GET', '/account')).toMatchObject({ credit_msats: 2_000_000 }),
    POLL,
  );
});
afterAll(async () => {
  payer.close();
  expect(service.log()).not.toMatch(/books hold another|books refuse|alarm failed|was not called off/);
  await service.stop();
  await model.close();
  await rm(persistTo, { recursive: true, force: true });
});

const start = () => startService({ persistTo, env: { MODEL_BASE_URL: model.baseUrl, MODEL: 'scripted' } });
beforeEach(() => {
  model.script(answer('ok'));
  model.asked.length = 0;
});

async function signed(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  return (await signedCall(service.url, owner, method, path, body)).json;
}

async function key(budget_sats: number, more: object = {}): Promise<{ id: string; secret: string }> {
  const made = await signed('POST', '/account/keys', { name: 'test', budget_sats, ...more });
  return { id: String(made.id), secret: String(made.secret) };
}

const client = (apiKey = 'guest', more: object = {}) =>
  new OpenAI({ apiKey, baseURL: `${service.url}/v1`, maxRetries: 0, timeout: 30_000, ...more });

const jobOf = async (id: string): Promise<Record<string, unknown>> =>
  await (await fetch(`${service.url}/jobs/${id}`)).json();

/** What the operator's own comparison of books and wallet says. */
async function ledger(): Promise<unknown> {
  const secretKey = Buffer.from(service.dev.operator.secret_key, 'hex');
  const { json } = await signedCall(service.url, secretKey, 'GET', '/operator/ledger?grace_s=0');
  return json;
}

describe('the official client, unchanged', () => {
  test('lists models, is answered, and sees which job it was', async () => {
    const { data } = await client().models.list();
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(['chat', PRICED]));
    model.script(answer('Good ', 'morning.'));
    const { data: said, response } = await client()
      .chat.completions.create({ model: 'chat', messages: ask('my secret') })
      .withResponse();
    expect(said.choices[0]).toMatchObject({ message: { content: 'Good morning.' }, finish_reason: 'stop' });
    expect(said.usage).toEqual({ prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 });
    const id = response.headers.get('x-errand-job') ?? '';
    // A job like any other, in the record; and what was asked is in no event in the clear.
    await expect.poll(async () => (await jobOf(id)).phase, POLL).toBe('delivered');
    expect(await jobOf(id)).toMatchObject({ agent: 'chat', encrypted: true });
    expect(await (await fetch(`${service.url}/jobs/${id}/events`)).text()).not.toMatch(
      /my secret|Good morning/,
    );
  });

  test('streams word by word, with usage', async () => {
    const gate = Promise.withResolvers<void>();
    model.script([
      { say: 'One, ' },
      { hold: gate.promise },
      { say: 'two.' },
      { finish: 'stop' },
      { usage: [3, 2] },
      { raw: 'data: [DONE]\n\n' },
    ]);
    const stream = await client().chat.completions.create({
      model: 'chat',
      messages: ask('count'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
      // The rest is only said when the first part has been read.
      if (text === 'One, ') gate.resolve();
    }
    expect([text, usage]).toEqual(['One, two.', { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }]);
  });

  test('has its tools called and its schema kept', async () => {
    const call = {
      index: 0,
      id: 'c1',
      type: 'function',
      function: { name: 'weather', arguments: '{"place":"Rome"}' },
    };
    const calls = JSON.stringify({
      choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }],
    });
    model.scriptBy(({ body }) =>
      JSON.stringify(body.messages).includes('sunny')
        ? answer('{"weather":"sunny"}')
        : [
            { raw: `data: ${calls}\n\n` },
            { finish: 'tool_calls' },
            { usage: [1, 1] },
            { raw: 'data: [DONE]\n\n' },
          ],
    );
    const runner = client().chat.completions.runTools({
      model: 'chat',
      messages: ask('How is it in Rome?'),
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'How it is',
            parse: JSON.parse,
            function: ({ place }: { place: string }) => `${place} is sunny`,
            parameters: { type: 'object', properties: { place: { type: 'string' } } },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('{"weather":"sunny"}');
    const Weather = z.object({ weather: z.string() });
    const parsed = await client().chat.completions.parse({
      model: 'chat',
      messages: ask('It is sunny.'),
      response_format: zodResponseFormat(Weather, 'weather'),
    });
    expect(parsed.choices[0]?.message.parsed).toEqual({ weather: 'sunny' });
    expect(model.asked.at(-1)?.body.response_format).toMatchObject({ type: 'json_schema' });
  });

  test('is told whose fault it is', async () => {
    model.script({ status: 400, body: { error: { message: 'no' } } });
    await expect(
      client().chat.completions.create({ model: 'chat', messages: ask('x') }),
    ).rejects.toMatchObject({ status: expect.any(Number), type: 'server_error' });
    await expect(
      client('guest', { maxRetries: 3 }).chat.completions.create({ model: 'gpt-5', messages: ask('x') }),
    ).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('that aborts stops the work', async () => {
    model.script([{ say: 'One, ' }, { hold: new Promise(() => undefined) }]);
    const hangUp = model.nextHangUp();
    const leaving = new AbortController();
    const stream = await client().chat.completions.create(
      { model: 'chat', messages: ask('count'), stream: true },
      { signal: leaving.signal },
    );
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    leaving.abort();
    await hangUp;
  });
});

describe('an API key', () => {
  test('pays by its budget, says when it is used up, and gives the rest back', async () => {
    const { id, secret } = await key(50);
    const openai = client(secret);
    const create = () => openai.chat.completions.create({ model: PRICED, messages: ask('nostr') });
    expect((await create()).object).toBe('chat.completion');
    expect((await create()).object).toBe('chat.completion');
    await expect(create()).rejects.toMatchObject({ status: 402, code: 'insufficient_quota' });
    expect(await signed('GET', `/account/keys/${id}`)).toMatchObject({
      credit_msats: 8_000,
      set_aside_msats: 0,
    });
    expect(await signed('POST', `/account/keys/${id}/budget`, { add_sats: 20 })).toMatchObject({
      credit_msats: 28_000,
    });
    await create();
    const before = Number((await signed('GET', '/account')).credit_msats);
    expect(await signed('DELETE', `/account/keys/${id}`)).toMatchObject({ credit_msats: 0 });
    expect((await signed('GET', '/account')).credit_msats).toBe(before + 7_000);
    await expect(create()).rejects.toMatchObject({ status: 401, code: 'revoked' });
    expect((await signed('GET', '/account/keys')).keys).toMatchObject([
      { id, last_used_at: expect.any(Number) },
    ]);
  });

  test('with a budget for ten serves exactly ten of fifty at once', async () => {
    const { id, secret } = await key((10 * PRICE) / 1_000 + 20);
    const openai = client(secret);
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        openai.chat.completions.create({ model: PRICED, messages: ask(`number ${n}`) }),
      ),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const one of all)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ status: 402, code: 'insufficient_quota' });
    await expect
      .poll(async () => await signed('GET', `/account/keys/${id}`), POLL)
      .toMatchObject({ credit_msats: 20_000, set_aside_msats: 0 });
    // Nothing is done on trust with another's money, whatever an agent would allow its clients.
    await expect(
      openai.chat.completions.create({ model: 'discover-postpaid', messages: ask('x') }),
    ).rejects.toMatchObject({ status: 402 });
  });

  test('revoked in the middle of a stream lets what was paid end, and nothing else begin', async () => {
    const { id, secret } = await key(100);
    const gate = Promise.withResolvers<void>();
    model.script([
      { say: 'One, ' },
      { hold: gate.promise },
      { say: 'two.' },
      { finish: 'stop' },
      { usage: [1, 1] },
    ]);
    const stream = await client(secret).chat.completions.create({
      model: 'chat',
      messages: ask('count'),
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text !== 'One, ') continue;
      await signed('DELETE', `/account/keys/${id}`);
      await expect(
        client(secret).chat.completions.create({ model: 'chat', messages: ask('x') }),
      ).rejects.toMatchObject({ status: 401, code: 'revoked' });
      gate.resolve();
    }
    expect(text).toBe('One, two.');
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'Idempotency-Key': 'the one' };
  const body = { model: 'chat', messages: ask('once') };

  test('is one job, also while it runs, and of its own purse only', async () => {
    const { secret } = await key(100);
    const gate = Promise.withResolvers<void>();
    model.script([{ say: 'once' }, { hold: gate.promise }, { finish: 'stop' }, { usage: [1, 1] }]);
    const twice = [1, 2].map(() => client(secret).chat.completions.create(body, { headers }));
    await expect.poll(() => model.asked.length, POLL).toBe(1);
    gate.resolve();
    const [one, two] = await Promise.all(twice);
    const again = await client(secret).chat.completions.create(body, { headers });
    expect([two?.id, again.id]).toEqual([one?.id, one?.id]);
    expect(model.asked).toHaveLength(1);
    await expect(
      client(secret).chat.completions.create({ ...body, messages: ask('twice') }, { headers }),
    ).rejects.toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    model.script(answer('mine'));
    const other = await client((await key(0)).secret).chat.completions.create(body, { headers });
    expect(other.choices[0]?.message.content).toBe('mine');
  });

  test('is paid for by its own invoice where the budget is used up, and has its answer then', async () => {
    const { secret } = await key(0);
    const create = () =>
      client(secret).chat.completions.create({ model: PRICED, messages: ask('nostr') }, { headers });
    const refused = await create().catch((error: unknown) => error);
    if (!(refused instanceof OpenAI.APIError)) throw new Error('it was served for nothing');
    expect(refused).toMatchObject({ status: 402, code: 'payment_required', error: { amount_msats: PRICE } });
    const { invoice, job_id } = z.object({ invoice: z.string(), job_id: z.string() }).parse(refused.error);
    await payer.payInvoice({ invoice });
    await expect.poll(async () => (await jobOf(job_id)).phase, POLL).toBe('delivered');
    expect((await create()).id).toBe(`chatcmpl-${job_id}`);
  });
});

describe('a stranger', () => {
  const post = (model: string, headers: Record<string, string> = {}) =>
    fetch(`${service.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model, messages: ask('nostr') }),
    });

  test('pays the invoice of a 402, is served by its token until that is used up, and has the rest back', async () => {
    const refused = await post('discover-metered');
    const [, macaroon = '', invoice = ''] =
      /^L402 macaroon="([^"]+)", invoice="([^"]+)"$/.exec(refused.headers.get('www-authenticate') ?? '') ??
      [];
    expect([refused.status, macaroon]).toEqual([402, expect.stringMatching(/./)]);
    const unpaid = await post('discover-metered', { Authorization: `L402 ${macaroon}:${'00'.repeat(32)}` });
    expect([unpaid.status, (await unpaid.json()).error.code]).toEqual([401, 'unpaid']);
    const { preimage } = await payer.payInvoice({ invoice });
    const headers = { Authorization: `L402 ${macaroon}:${preimage}` };
    const openai = client('guest', { defaultHeaders: headers });
    const served = await openai.chat.completions.create({
      model: 'discover-metered',
      messages: ask('nostr'),
    });
    expect(served.object).toBe('chat.completion');
    const left = async () => (await (await fetch(`${service.url}/l402`, { headers })).json()).credit_msats;
    await expect.poll(left, POLL).toBeGreaterThan(1_000);
    const elsewhere = await post(PRICED, headers);
    expect([elsewhere.status, (await elsewhere.json()).error.code]).toEqual([403, 'agent_not_allowed']);
    const rest = Math.floor(Number(await left()) / 1_000) * 1_000;
    const back = await payer.makeInvoice({ amount: rest, description: 'the rest' });
    const refund = await fetch(`${service.url}/l402/refunds`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ bolt11: back.invoice }),
    });
    expect(refund.status).toBe(202);
    await expect
      .poll(async () => (await payer.lookupInvoice({ invoice: back.invoice })).settled_at, POLL)
      .toBeTruthy();
    expect((await post('discover-metered', headers)).status).toBe(402);
  });

  test('is served by the official client when its fetch pays, once, and shows the token from then on', async () => {
    let paid = 0;
    let credentials: PaidResponse['credentials'] | undefined;
    const wallet = {
      payInvoice: async ({ invoice }: { invoice: string }) => {
        paid += 1;
        return await payer.payInvoice({ invoice });
      },
    };
    const openai = client('guest', {
      fetch: async (url: string, init: RequestInit) => {
        const { authorization: _, ...headers } = Object.fromEntries(new Headers(init.headers));
        const options = credentials === undefined ? { wallet } : { wallet, credentials };
        const response = await fetchWithL402(url, { ...init, headers }, options);
        credentials ??= response.payment?.credentials;
        return response;
      },
    });
    for (const words of ['one', 'two', 'three'])
      expect(
        (await openai.chat.completions.create({ model: 'discover-metered', messages: ask(words) })).object,
      ).toBe('chat.completion');
    expect(paid).toBe(1);
  });

  test('shows one token many times at once, and is served for what it paid', async () => {
    const refused = await post(PRICED);
    const { error } = await refused.json();
    const { preimage } = await payer.payInvoice({ invoice: error.invoice });
    const headers = { Authorization: `L402 ${error.macaroon}:${preimage}` };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(PRICED, headers)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 402),
    ]);
  });
});

test('books and wallet agree in the end, and nobody owes anything', async () => {
  await expect
    .poll(ledger, { timeout: 30_000, interval: 500 })
    .toMatchObject({ differences: [], complete: true });
  expect(await signed('GET', '/account')).toMatchObject({ owing_msats: 0 });
});

test('what was answered under an Idempotency-Key is answered so after a crash, and paid for once', async () => {
  const { id, secret } = await key(100);
  const create = () =>
    client(secret).chat.completions.create(
      { model: PRICED, messages: ask('nostr') },
      { headers: { 'Idempotency-Key': 'a crash' } },
    );
  const before = await create();
  await service.kill();
  service = await start();
  expect((await create()).id).toBe(before.id);
  expect(await signed('GET', `/account/keys/${id}`)).toMatchObject({ credit_msats: 100_000 - PRICE });
});
