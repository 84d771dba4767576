/**
 * Goal: agent programs find, hire, follow, pay and call off agents by MCP over HTTP. Method: the started service; the
 * official client in both eras of the protocol, then the official conformance runner. Does not prove: hosts with models.
 */
import { execFile } from 'node:child_process';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { generateSecretKey } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { NWCClient } from '../peers/alby.ts';
import {
  ApplesauceRelayPool,
  EncryptionMode,
  GiftWrapMode,
  Client as NostrClient,
  NostrClientTransport,
  PrivateKeySigner,
} from '../peers/contextvm.ts';
import { connectClient } from '../support/client.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

let service: Service;
let model: ModelServer;
let payer: NWCClient;
let outside: OutsideRelay;
/** The marketplace's own key, which its relay names (NIP-11). */
let serverPubkey: string;

beforeAll(async () => {
  outside = await startOutsideRelay();
  model = await modelServer();
  service = await startService({
    env: { RELAYS: outside.url, MODEL_BASE_URL: model.baseUrl, MODEL: 'small' },
  });
  const accept = 'application/nostr+json';
  const information = await (await fetch(service.url, { headers: { accept } })).json();
  serverPubkey = z.object({ self: z.string() }).parse(information).self;
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
});

afterAll(async () => {
  payer?.close();
  await service?.stop();
  await model?.close();
  await outside?.stop();
});

const outputShape = z.object({
  job: z.string().optional(),
  state: z.string().optional(),
  text: z.string().nullable().optional(),
  payment: z.object({ bolt11: z.string(), amount_sats: z.number(), expires_at: z.number() }).nullish(),
  cost_sats: z.number().nullish(),
  error: z.object({ code: z.string(), details: z.record(z.string(), z.json()).optional() }).nullish(),
});

describe.each([
  ['2025', 'legacy'],
  ['2026', { pin: '2026-07-28' }],
] as const)('the official client, revisions of %s', (_era, mode) => {
  let client: Client;

  beforeAll(async () => {
    client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`)));
  });
  afterAll(async () => await client?.close());

  const call = async (name: string, args: Record<string, unknown>, options = {}) => {
    const result = await client.callTool({ name, arguments: args }, options);
    const [first] = result.content;
    const text = first?.type === 'text' ? first.text : '';
    return { isError: result.isError === true, text, data: outputShape.parse(result.structuredContent) };
  };

  test('lists tools of the market and one for each agent, with its parameters', async () => {
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['find_agents', 'get_agent', 'post_job', 'get_job', 'pay_job']),
    );
    expect(names.filter((name) => name.startsWith('ask_')).sort()).toEqual(
      service.dev.agents.map(({ slug }) => `ask_${slug}`).sort(),
    );
    const ask = tools.find(({ name }) => name === 'ask_discover');
    expect(ask?.inputSchema.properties).toHaveProperty('max_results');
    expect(ask?.inputSchema.required).toEqual(['text']);
    expect(tools.find(({ name }) => name === 'ask_discover-prepaid')?.inputSchema.required).toEqual([
      'text',
      'max_sats',
    ]);
  });

  test('finds agents, reads of one, and reads its card as a resource', async () => {
    const found = await client.callTool({
      name: 'find_agents',
      arguments: { query: 'discover', free: true },
    });
    expect(found.structuredContent).toMatchObject({ agents: [{ slug: 'discover', prices: {} }] });
    const { structuredContent } = await client.callTool({
      name: 'get_agent',
      arguments: { agent: 'discover-prepaid' },
    });
    expect(structuredContent).toMatchObject({ agent: { prices: { per_job_sats: 21 } } });
    const { resources } = await client.listResources();
    const card = resources.find(({ name }) => name === 'discover-card');
    const { contents } = await client.readResource({ uri: card?.uri ?? '' });
    const served = await (await fetch(`${service.url}/agents/discover/card.json`)).text();
    expect(contents[0]).toMatchObject({ text: served });
  });

  test('a free agent answers at once; what is wrong is an error of the tool', async () => {
    const { data, isError } = await call('ask_discover', {
      text: 'kestrel',
      task: 'note-search',
      max_results: 3,
    });
    expect({ isError, data }).toMatchObject({
      isError: false,
      data: { state: 'done', text: '[]', cost_sats: 0 },
    });
    const wrong = await call('ask_discover', { text: 'kestrel', max_results: 'many' });
    expect(wrong).toMatchObject({ isError: true, data: { error: { code: 'INVALID_PARAMETER' } } });
    expect(await call('post_job', { agent: 'nobody', text: 'x' })).toMatchObject({
      isError: true,
      data: { error: { code: 'NOT_FOUND' } },
    });
    await expect(client.callTool({ name: 'ask_nobody', arguments: {} })).rejects.toThrow(/no tool/);
  });

  test('priced work needs a cap and keeps to it; paying the invoice goes on with the same job', async () => {
    const ask = (more: object) => call('post_job', { agent: 'discover-prepaid', text: 'kestrel', ...more });
    expect((await ask({})).data.error).toMatchObject({
      code: 'BAD_REQUEST',
      details: { reason: 'max_sats_required', price_sats: 21 },
    });
    expect((await ask({ max_sats: 20 })).data.error?.code).toBe('INSUFFICIENT_FUNDS');
    const { data: asked, text } = await ask({ max_sats: 21 });
    expect(asked).toMatchObject({ state: 'payment-required', payment: { amount_sats: 21 } });
    const invoice = asked.payment?.bolt11 ?? '';
    expect(text).toContain(invoice);
    expect((asked.payment?.expires_at ?? 0) * 1_000).toBeGreaterThan(Date.now());

    expect((await call('pay_job', { job: asked.job, max_sats: 20 })).data.error?.code).toBe(
      'INSUFFICIENT_FUNDS',
    );
    const paid = call('pay_job', { job: asked.job, max_sats: 21 });
    await payer.payInvoice({ invoice });
    expect((await paid).data).toMatchObject({ job: asked.job, state: 'done', text: '[]', cost_sats: 21 });
    // It stays to be looked at, and its demand is no news any more.
    expect((await call('get_job', { job: asked.job })).data.state).toBe('done');
  });

  test('progress is told while a job runs, and calling off the call calls off the job', async () => {
    const held = Promise.withResolvers<void>();
    model.script([{ say: 'one ' }, { hold: held.promise }]);
    const abort = new AbortController();
    const told: { progress: number }[] = [];
    const running = client.callTool(
      { name: 'ask_chat', arguments: { text: 'count', session: 'long' } },
      { signal: abort.signal, onprogress: (progress) => told.push(progress) },
    );
    const outcome = expect(running).rejects.toThrow();
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), 10_000);
    const hungUp = model.nextHangUp();
    abort.abort('enough');
    await outcome;
    // The agent's question to its model is given up, so nothing works on for nobody.
    await hungUp;
    held.resolve();
    for (const [index, { progress }] of told.entries())
      expect(progress).toBeGreaterThan(told[index - 1]?.progress ?? 0);
  });

  test('a job that takes longer than the call goes on, and is followed or called off by its name', async () => {
    const held = Promise.withResolvers<void>();
    model.script([
      { say: 'slowly ' },
      { hold: held.promise },
      { say: 'done' },
      { finish: 'stop' },
      { raw: 'data: [DONE]\n\n' },
    ]);
    const { data } = await call('ask_chat', { text: 'slow', wait_s: 1 });
    expect(data.state).toMatch(/accepted|working/);
    const followed = call('get_job', { job: data.job });
    held.resolve();
    expect((await followed).data).toMatchObject({ state: 'done', text: 'slowly done' });

    const never = Promise.withResolvers<void>();
    model.script([{ hold: never.promise }]);
    const other = await call('ask_chat', { text: 'never', wait_s: 0 });
    await call('cancel_job', { job: other.data.job });
    expect((await call('get_job', { job: other.data.job })).data.state).toBe('cancelled');
    never.resolve();
    model.script(answer('ok'));
  });

  test("nobody else's job is found, and a guest has no account of its own", async () => {
    const { data } = await call('ask_discover', { text: 'mine' });
    const [id] = (data.job ?? '').split('.');
    const others = await call('get_job', { job: `${id}.${'0'.repeat(32)}` });
    expect(others).toMatchObject({ isError: true, data: { error: { code: 'NOT_FOUND' } } });
    expect((await call('credit', {})).data.error?.code).toBe('UNAUTHORIZED');
    expect(
      (await client.callTool({ name: 'credit', arguments: { job: data.job } })).structuredContent,
    ).toEqual({
      credit_sats: 0,
    });
  });
});

test('a guest is lent nothing, and has the money of a job that came to nothing back by its name', async () => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`)));
  const call = async (name: string, args: Record<string, unknown>) => {
    const { structuredContent } = await client.callTool({ name, arguments: args });
    return structuredContent;
  };
  const asked = outputShape.parse(await call('ask_discover-postpaid', { text: 'kestrel', max_sats: 21 }));
  expect(asked.state).toBe('payment-required');
  const { job } = asked;
  await call('cancel_job', { job });
  // Somebody pays all the same.
  await payer.payInvoice({ invoice: asked.payment?.bolt11 ?? '' });
  await vi.waitFor(async () => expect(await call('credit', { job })).toEqual({ credit_sats: 21 }), 15_000);
  const { invoice } = await payer.makeInvoice({ amount: 21_000, description: 'back' });
  expect(await call('credit', { job, refund_to: invoice })).toMatchObject({
    refund: expect.stringMatching(/sending|paid/),
  });
  await vi.waitFor(
    async () => expect((await payer.lookupInvoice({ invoice })).settled_at).toBeGreaterThan(0),
    15_000,
  );
  expect(await call('credit', { job })).toEqual({ credit_sats: 0 });
  await client.close();
});

test("an API key's credit pays, for its agents, and a wrong one opens nothing", async () => {
  const owner = generateSecretKey();
  const signed = async (method: string, path: string, body?: object) =>
    (await signedCall(service.url, owner, method, path, body)).json;
  const invoice = await signed('POST', '/account/invoices', { amount_msats: 100_000 });
  await payer.payInvoice({ invoice: String(invoice.bolt11) });
  await vi.waitFor(
    async () => expect(await signed('GET', '/account')).toMatchObject({ credit_msats: 100_000 }),
    15_000,
  );
  const wanted = { name: 'mcp', budget_sats: 50, agents: ['discover-prepaid'] };
  const { secret } = await signed('POST', '/account/keys', wanted);
  const connect = async (token: string) => {
    const client = new Client({ name: 'test', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`), { requestInit }));
    return client;
  };
  await expect(connect('nobody-gave-this-out')).rejects.toThrow();
  const client = await connect(String(secret));
  const { tools } = await client.listTools();
  expect(tools.filter(({ name }) => name.startsWith('ask_')).map(({ name }) => name)).toEqual([
    'ask_discover-prepaid',
  ]);
  const call = async (name: string, args: Record<string, unknown>) =>
    outputShape.parse((await client.callTool({ name, arguments: args })).structuredContent);
  const ask = { text: 'kestrel', max_sats: 21 };
  const done = await call('ask_discover-prepaid', ask);
  expect(done).toMatchObject({ state: 'done', cost_sats: 21, job: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await call('ask_discover', { text: 'x' })).toMatchObject({ error: { code: 'FORBIDDEN' } });
  // Its credit is its owner's, and goes nowhere else.
  expect(await call('credit', { refund_to: 'thief@wallet.example' })).toMatchObject({
    error: { code: 'FORBIDDEN' },
  });
  await client.close();
});

test('the official conformance runner finds nothing but what cannot apply here', async () => {
  const runner = ['test/peers/node_modules/@modelcontextprotocol/conformance/dist/index.js', 'server'];
  const baseline = ['--expected-failures', 'test/peers/mcp-conformance.yml'];
  const { code, output } = await run([
    ...runner,
    '--url',
    `${service.url}/mcp`,
    '--suite',
    'all',
    ...baseline,
  ]);
  expect(output).toContain('✓ server-initialize');
  expect(output).toContain('✓ dns-rebinding-protection');
  expect(code, output).toBe(0);
});

test('the commands of skill.md work as they stand, with the money paid in between', async () => {
  const skill = await (await fetch(`${service.url}/skill.md`)).text();
  const commands = [...skill.matchAll(/```sh\n(.*?)```/gs)].map(([, command = '']) => command);
  expect(commands).toHaveLength(4);
  const [find = '', free = '', priced = '', wait = ''] = commands;
  const shell = async (command: string) => {
    const { code, output } = await run(['-c', command], 'sh');
    expect(code, command).toBe(0);
    return JSON.parse(output.replace(/^[^{]*data: /s, ''));
  };
  const called = async (command: string) =>
    z.object({ result: z.object({ structuredContent: outputShape }) }).parse(await shell(command)).result
      .structuredContent;
  expect((await shell(find)).agents.length).toBeGreaterThan(0);
  expect((await called(free)).state).toBe('done');
  const { job, payment } = await called(priced);
  await payer.payInvoice({ invoice: payment?.bolt11 ?? '' });
  expect(await called(wait.replace('JOB', job ?? ''))).toMatchObject({ job, state: 'done' });

  const llms = await (await fetch(`${service.url}/llms.txt`)).text();
  const links = [...llms.matchAll(/\]\((.*?)\)/g)].map(([, url = '']) => url);
  for (const url of links) expect([200, 405], url).toContain((await fetch(url, { method: 'GET' })).status);
});

function run(
  args: readonly string[],
  program = process.execPath,
): Promise<{ code: number | null; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string }>();
  execFile(program, [...args], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
    resolve({
      code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
      output: stdout + stderr,
    }),
  );
  return promise;
}

describe.each([
  // The embedded relay gives gift wraps to whoever proves its key (NIP-42), which this client does not know.
  [
    'in the clear, at the embedded relay',
    EncryptionMode.DISABLED,
    GiftWrapMode.OPTIONAL,
    () => service.relay,
  ],
  ['wrapped, at an outside relay', EncryptionMode.REQUIRED, GiftWrapMode.PERSISTENT, () => outside.url],
  ['wrapped and not stored', EncryptionMode.REQUIRED, GiftWrapMode.EPHEMERAL, () => outside.url],
] as const)('the client of ContextVM, %s', (_how, encryptionMode, giftWrapMode, relay) => {
  let client: NostrClient;

  beforeAll(async () => {
    client = new NostrClient({ name: 'test', version: '1' });
    const transport = new NostrClientTransport({
      signer: new PrivateKeySigner(Buffer.from(generateSecretKey()).toString('hex')),
      relayHandler: new ApplesauceRelayPool([relay()]),
      serverPubkey,
      encryptionMode,
      giftWrapMode,
      logLevel: 'silent',
    });
    await client.connect(transport);
  });
  afterAll(async () => await client?.close());

  test('lists tools, calls them, hears of progress, and calls off', async () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'errand' });
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('ask_discover');
    const done = await client.callTool({ name: 'ask_discover', arguments: { text: 'kestrel' } });
    expect(done.structuredContent).toMatchObject({ state: 'done', text: '[]' });

    const held = Promise.withResolvers<void>();
    model.script([{ hold: held.promise }]);
    const abort = new AbortController();
    const told: object[] = [];
    const call = { name: 'ask_chat', arguments: { text: 'wait' } };
    const options = { signal: abort.signal, onprogress: (progress: object) => told.push(progress) };
    const outcome = expect(client.callTool(call, undefined, options)).rejects.toThrow();
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), 10_000);
    const hungUp = model.nextHangUp();
    abort.abort('enough');
    await outcome;
    await hungUp;
    held.resolve();
  });

  test('the same key has its jobs and its credit again', async () => {
    const asked = await client.callTool({
      name: 'ask_discover-prepaid',
      arguments: { text: 'kestrel', max_sats: 30 },
    });
    const { job, payment } = outputShape.parse(asked.structuredContent);
    expect(job).toMatch(/^[0-9a-f]{64}$/);
    await payer.payInvoice({ invoice: payment?.bolt11 ?? '' });
    const paid = await client.callTool({ name: 'get_job', arguments: { job } });
    expect(paid.structuredContent).toMatchObject({ state: 'done', cost_sats: 21 });
    const filled = await client.callTool({ name: 'credit', arguments: { add_sats: 50 } });
    await payer.payInvoice({ invoice: outputShape.parse(filled.structuredContent).payment?.bolt11 ?? '' });
    await vi.waitFor(async () => {
      const credit = await client.callTool({ name: 'credit', arguments: {} });
      expect(credit.structuredContent).toEqual({ credit_sats: 50 });
    }, 10_000);
    const again = await client.callTool({
      name: 'ask_discover-prepaid',
      arguments: { text: 'again', max_sats: 21 },
    });
    expect(again.structuredContent).toMatchObject({ state: 'done', cost_sats: 21 });
  });
});

test('the server announces itself, its tools and where it listens', async () => {
  const relay = await connectClient(service.relay);
  const authors = [serverPubkey];
  const found = new Map<number, { content: string; tags: string[][] }>();
  await new Promise<void>((resolve) => {
    relay.relay.subscribe([{ kinds: [11_316, 11_317, 11_318, 10_002], authors }], {
      onevent: (event) => void found.set(event.kind, event),
      oneose: resolve,
    });
  });
  relay.close();
  expect([...found.keys()].sort()).toEqual([10_002, 11_316, 11_317, 11_318]);
  expect(JSON.parse(found.get(11_316)?.content ?? '')).toMatchObject({ serverInfo: { name: 'errand' } });
  expect(found.get(11_316)?.tags).toContainEqual(['support_encryption_ephemeral']);
  const { tools } = JSON.parse(found.get(11_317)?.content ?? '');
  expect(tools.map(({ name }: { name: string }) => name)).toContain('ask_discover');
  expect(found.get(10_002)?.tags).toContainEqual(['r', service.relay]);
});
