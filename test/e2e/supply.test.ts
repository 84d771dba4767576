/**
 * Goal: an owner lists an agent by HTTP and is paid for it (issue 6, items 11 and 12): an endpoint of their own, asked as a
 * model and as a webhook, and an agent that lives on Nostr and is hired for the job; a stranger's client finds, asks and pays
 * them like any other. And whatever an owner, an endpoint or a hired agent does wrong costs nobody else anything.
 *
 * Method: the service as it is started, an endpoint and agents that are the test's own (test/support/owner-endpoint.ts,
 * foreign-agent.ts, the latter on nostr-tools), clients on nostr-tools, payments with Alby's client in development money,
 * Lightning addresses of owners at a server of the test's.
 *
 * What it does not prove: real Lightning (lightning-payouts.test.ts is that), isolates apart from each other (test/workers).
 */
import { createHash } from 'node:crypto';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { ForeignAgent, type Manners } from '../support/foreign-agent.ts';
import { done, jsonTag, task } from '../support/jobs.ts';
import { type OwnedService, startOwned, stopOwned } from '../support/owned-service.ts';
import { type OwnerEndpoint, startOwnerEndpoint } from '../support/owner-endpoint.ts';
import { signedCall } from '../support/signed-call.ts';

/** For what the service does by itself, after its own pauses. */
const PATIENT = { timeout: 25_000, interval: 50 };
const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const MODEL_KEY = 'sk-owner-0123456789abcdef0123456789abcdef';

let owned: OwnedService;
let endpoint: OwnerEndpoint;
let client: Client;
const alice = generateSecretKey();
const bob = generateSecretKey();
const closing: (() => void)[] = [];

beforeAll(async () => {
  endpoint = await startOwnerEndpoint(HOOK_SECRET);
  owned = await startOwned(() => '', { env: { FEE_PERCENT: '10', PAYOUT_MIN_SATS: '1' } });
  client = await connectClient(owned.service.relay);
});

afterEach(() => {
  endpoint.misbehave = null;
  endpoint.gate = Promise.resolve();
});

afterAll(async () => {
  for (const close of closing) close();
  client?.close();
  await stopOwned(owned);
  await endpoint?.close();
});

type Called = Awaited<ReturnType<typeof signedCall>>;

async function call(by: Uint8Array, method: string, path: string, body?: object): Promise<Called> {
  return await signedCall(owned.service.url, by, method, path, body);
}

/** Lists an agent, and gives its public key. */
async function list(by: Uint8Array, slug: string, more: object): Promise<string> {
  const spec = { slug, name: slug, description: `The agent ${slug}.`, example: 'hello' };
  const { status, json } = await call(by, 'POST', '/agents', { ...spec, ...more });
  expect(json, JSON.stringify(json)).toMatchObject({
    slug,
    state: 'live',
    version: 1,
    owner: getPublicKey(by),
  });
  expect(status).toBe(201);
  return String(json.pubkey);
}

function remote(more: object = {}) {
  const base_url = `${endpoint.origin}/v1`;
  return {
    runtime: 'remote',
    remote: { protocol: 'openai', base_url, model: 'own' },
    secret: MODEL_KEY,
    ...more,
  };
}

/** What a job is asked to pay. */
async function demanded(events: ReturnType<Client['answers']>): Promise<{ msats: number; bolt11: string }> {
  const demand = await events.find((event) => tag(event, 'status') === 'payment-required');
  const [, msats = '', bolt11 = ''] = demand.tags.find(([name]) => name === 'amount') ?? [];
  return { msats: Number(msats), bolt11 };
}

/** Asks an agent, pays what it asks for, and waits for its end. */
async function hire(by: Client, agent: string, words: string) {
  const request = task(by, agent, words);
  const answers = by.answers(request.id);
  await by.publish(request);
  const demand = await demanded(answers);
  await owned.payer.payInvoice({ invoice: demand.bolt11 });
  return { request, answers, end: await answers.end(), demand };
}

/** What the owner of a Lightning address was sent so far, msats. */
function sentTo(user: string): number {
  return owned.lnurl.given
    .filter((one) => one.user === user)
    .reduce((sum, { amount_msats }) => sum + amount_msats, 0);
}

async function creditOf(by: Client): Promise<number> {
  const { json } = await call(by.secretKey, 'GET', '/account');
  return Number(json.credit_msats);
}

describe('an owner’s endpoint', () => {
  test('is listed, hired, and its owner paid: as a model', async () => {
    const price = { per_job_sats: 100 };
    const agent = await list(alice, 'alices-model', remote({ price, lud16: owned.lnurl.address('alice') }));
    const before = sentTo('alice');
    const { end, answers, demand } = await hire(client, agent, 'good morning');
    expect(errorOf(end)).toBeNull();
    expect(end.pubkey).toBe(agent);
    expect(end.content).toBe('The model says: good morning');
    expect(demand.msats).toBe(100_000);
    expect(jsonTag(end, 'cost')).toMatchObject({ price_sats: 100 });
    expect(endpoint.keys.at(-1)).toBe(`Bearer ${MODEL_KEY}`);
    const [, deltas, sha256] = end.tags.find(([name]) => name === 'stream') ?? [];
    expect(Number(deltas)).toBeGreaterThan(0);
    expect(sha256).toBe(createHash('sha256').update(end.content).digest('hex'));
    expect(answers.events.some((event) => event.kind === 7000)).toBe(true);
    await expect.poll(() => sentTo('alice') - before, PATIENT).toBe(90_000);
  });

  test('is found like any other: directory, card, NIP-05, LNURL, announcements', async () => {
    const { url } = owned.service;
    const profile = await (await fetch(`${url}/agents/alices-model`)).json();
    expect(profile).toMatchObject({
      slug: 'alices-model',
      runtime: 'remote',
      owner: getPublicKey(alice),
      state: 'live',
      prices: { per_job_msats: 100_000 },
    });
    expect(JSON.stringify(profile)).not.toContain(MODEL_KEY);
    const { names } = await (await fetch(`${url}/.well-known/nostr.json?name=alices-model`)).json();
    expect(names).toEqual({ 'alices-model': profile.pubkey });
    const pay = await (await fetch(`${url}/.well-known/lnurlp/alices-model`)).json();
    expect(pay.allowsNostr).toBe(true);
    const card = await (await fetch(profile.card_url)).text();
    const kinds = [0, 31_990, 37_001];
    const found = new Map<number, string[][]>();
    const stop = client.relay.subscribe([{ kinds, authors: [profile.pubkey] }], {
      onevent: (event) => void found.set(event.kind, event.tags),
    });
    await expect.poll(() => found.size, PATIENT).toBe(kinds.length);
    stop.close();
    const hash = createHash('sha256').update(card).digest('hex');
    expect(found.get(37_001)).toContainEqual(['x', hash]);
  });

  test('gets a signed job as a webhook, and streams', async () => {
    const url = `${endpoint.origin}/hook`;
    const spec = { runtime: 'remote', remote: { protocol: 'webhook', url }, secret: HOOK_SECRET };
    const agent = await list(bob, 'bobs-hook', spec);
    const request = task(client, agent, 'good evening');
    const end = await done(client, request);
    expect(end.content).toBe('The hook says: good evening');
    const [job, ...more] = endpoint.hooked;
    expect(more).toEqual([]);
    expect(job).toMatchObject({
      id: `${request.id}_1`,
      agent,
      body: { type: 'job', data: { job: request.id } },
    });
  });

  test('that fails is not charged, is paused with a reason, and opened when it answers again', async () => {
    const price = { per_job_sats: 10 };
    const agent = await list(alice, 'alices-wreck', remote({ price, lud16: owned.lnurl.address('alice') }));
    const payer = await connectClient(owned.service.relay);
    closing.push(() => payer.close());
    endpoint.misbehave = (_, response) => {
      response.statusCode = 500;
      // Servers quote what they were sent.
      response.end(JSON.stringify({ error: { message: `the key ${MODEL_KEY} broke it`, code: 'x' } }));
    };
    const { end } = await hire(payer, agent, 'are you there?');
    expect(errorOf(end)?.code).toMatch(/^(MODEL_ERROR|SERVICE_UNAVAILABLE)$/);
    expect(JSON.stringify(end)).not.toContain(MODEL_KEY);
    await expect.poll(() => creditOf(payer), PATIENT).toBe(10_000);
    const listing = async () => (await call(alice, 'GET', '/agents/alices-wreck/listing')).json;
    for (let jobs = 0; jobs < 5 && (await listing()).state === 'live'; jobs++)
      await done(payer, task(payer, agent, `and now, ${jobs}?`));
    expect(await listing()).toMatchObject({ state: 'paused', paused_by: 'failures' });
    expect(JSON.stringify(await listing())).not.toContain(MODEL_KEY);
    const refused = await done(payer, task(payer, agent, 'one more'));
    expect(errorOf(refused)?.code).toBe('SERVICE_UNAVAILABLE');
    expect((await call(alice, 'POST', '/agents/alices-wreck/resume')).status).toBe(503);
    endpoint.misbehave = null;
    expect((await call(alice, 'POST', '/agents/alices-wreck/resume')).json).toMatchObject({
      state: 'live',
      failures: 0,
    });
    expect((await done(payer, task(payer, agent, 'better?'))).content).toContain('better?');
    await expect.poll(() => creditOf(payer), PATIENT).toBe(0);
  });
});

describe.concurrent('an agent that lives on Nostr', () => {
  async function foreign(kind: number, manners: Manners): Promise<ForeignAgent> {
    const agent = await ForeignAgent.start(owned.service.relay, owned.nwc, kind, manners);
    closing.push(() => agent.close());
    return agent;
  }

  function external(agent: ForeignAgent, max_sats: number, more: object = {}) {
    const lud16 = owned.lnurl.address('bob');
    return {
      runtime: 'external',
      external: { agent: agent.npub, max_sats },
      price: { per_job_sats: 100 },
      lud16,
      ...more,
    };
  }

  test('is hired in secret, paid within its price, and its lister gets the margin', async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const worker = await foreign(7001, { price: 60, gate: gate.promise });
    const agent = await list(bob, 'bobs-friend', external(worker, 80));
    const request = task(client, agent, 'a hard question');
    const answers = client.answers(request.id);
    await client.publish(request);
    await owned.payer.payInvoice({ invoice: (await demanded(answers)).bolt11 });
    // What it says while it works comes on at once.
    await answers.find((event) => tag(event, 'status') === 'partial' && event.content === 'Foreign');
    gate.resolve();
    const end = await answers.end();
    expect(errorOf(end)).toBeNull();
    expect(end.content).toBe('Foreign work on a hard question');
    expect(end.pubkey).toBe(agent);
    expect(jsonTag(end, 'cost')).toMatchObject({ price_sats: 100 });
    expect(worker.asked.map(({ text }) => text)).toEqual(['a hard question']);
    expect(JSON.stringify(worker.asked[0]?.request)).not.toContain('hard question');
    expect(await worker.paid(worker.invoices[0] ?? '')).toBe(true);
    // 100 less the 60 it was paid, less the fee of a tenth.
    await expect
      .poll(() => owned.lnurl.given, PATIENT)
      .toContainEqual(expect.objectContaining({ user: 'bob', amount_msats: 36_000 }));
  });

  test('is asked in NIP-90 where it speaks nothing else', async ({ expect }) => {
    const worker = await foreign(5050, { price: 30 });
    const agent = await list(bob, 'bobs-classic', external(worker, 50));
    const listing = (await call(bob, 'GET', '/agents/bobs-classic/listing')).json;
    expect(listing.spec).toMatchObject({ external: { dialect: 'nip90', kind: 5050 } });
    const payer = await connectClient(owned.service.relay);
    closing.push(() => payer.close());
    const { end } = await hire(payer, agent, 'an old question');
    expect(end.content).toBe('Foreign work on an old question');
    expect(worker.asked[0]?.request.kind).toBe(5050);
  });

  test('that asks for more than its listing allows is not paid, and the job costs nothing', async ({
    expect,
  }) => {
    const worker = await foreign(7001, { price: 90 });
    const agent = await list(bob, 'bobs-greedy', external(worker, 80));
    const payer = await connectClient(owned.service.relay);
    closing.push(() => payer.close());
    const { end } = await hire(payer, agent, 'a dear question');
    expect(errorOf(end)).toMatchObject({ code: 'AGENT_ERROR', details: { charged_msats: 0 } });
    await expect.poll(() => creditOf(payer), PATIENT).toBe(100_000);
    expect(await worker.paid(worker.invoices[0] ?? '')).toBe(false);
  });

  test('that takes the money and is silent costs what it was paid, and is paused', async ({ expect }) => {
    const worker = await foreign(7001, { price: 40, silent: true });
    const agent = await list(bob, 'bobs-thief', external(worker, 80, { limits: { time_s: 8 } }));
    const payer = await connectClient(owned.service.relay);
    closing.push(() => payer.close());
    const { end } = await hire(payer, agent, 'a lost question');
    expect(errorOf(end)).toMatchObject({ code: 'TIMEOUT', details: { charged_msats: 40_000 } });
    await expect.poll(() => creditOf(payer), PATIENT).toBe(60_000);
    const state = async () => (await call(bob, 'GET', '/agents/bobs-thief/listing')).json;
    await expect.poll(state, PATIENT).toMatchObject({ state: 'paused', paused_by: 'failures' });
  });
});

describe('a listing', () => {
  test('is its owner’s alone, and one of two who race for a name', async () => {
    const spec = { ...remote(), slug: 'race', name: 'Race', description: 'Fast.', example: 'go' };
    const raced = await Promise.all([alice, bob].map((by) => call(by, 'POST', '/agents', spec)));
    expect(raced.map(({ status }) => status).sort()).toEqual([201, 400]);
    const [owner, stranger] = raced[0]?.status === 201 ? [alice, bob] : [bob, alice];
    for (const [method, path, body] of [
      ['PATCH', '/agents/race', { name: 'Mine' }],
      ['DELETE', '/agents/race', undefined],
      ['POST', '/agents/race/pause', {}],
      ['GET', '/agents/race/listing', undefined],
      ['POST', '/agents/race/transfer/accept', {}],
    ] as const)
      expect((await call(stranger, method, path, body)).status, path).toBe(403);
    expect((await call(stranger, 'POST', '/agents', { ...spec, slug: 'r-ace' })).json).toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect((await call(owner, 'PATCH', '/agents/race', { name: 'Raced' })).json).toMatchObject({
      version: 2,
    });
    expect((await call(owner, 'POST', '/agents/race/rollback', { version: 1 })).json).toMatchObject({
      version: 3,
      spec: { name: 'Race' },
    });
  });

  test('costs what was quoted, whatever its owner changes meanwhile', async () => {
    const lud16 = owned.lnurl.address('alice');
    const agent = await list(alice, 'alices-quote', remote({ price: { per_job_sats: 20 }, lud16 }));
    const request = task(client, agent, 'how much?');
    const answers = client.answers(request.id);
    await client.publish(request);
    const first = await demanded(answers);
    expect(first.msats).toBe(20_000);
    await call(alice, 'PATCH', '/agents/alices-quote', { price: { per_job_sats: 5_000 } });
    await owned.payer.payInvoice({ invoice: first.bolt11 });
    expect(jsonTag(await answers.end(), 'cost')).toMatchObject({ price_sats: 20 });
    const next = task(client, agent, 'and now?');
    const later = client.answers(next.id);
    await client.publish(next);
    expect((await demanded(later)).msats).toBe(5_000_000);
  });

  test('that is paused ends nobody’s job, and takes no other', async () => {
    const agent = await list(alice, 'alices-pause', remote());
    const gate = Promise.withResolvers<void>();
    endpoint.gate = gate.promise;
    const request = task(client, agent, 'under way');
    const answers = client.answers(request.id);
    await client.publish(request);
    await answers.find((event) => tag(event, 'status') === 'processing');
    await call(alice, 'POST', '/agents/alices-pause/pause', { reason: 'on holiday' });
    const refused = errorOf(await done(client, task(client, agent, 'too late')));
    expect(refused).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(refused?.message).toContain('on holiday');
    gate.resolve();
    expect((await answers.end()).content).toContain('under way');
  });

  test('that is deleted is retracted, and its name listed again is another agent', async () => {
    const agent = await list(alice, 'alices-gone', remote());
    await expect.poll(() => announcedBy(agent), PATIENT).toBeGreaterThan(0);
    expect((await call(alice, 'DELETE', '/agents/alices-gone')).json).toMatchObject({ state: 'deleted' });
    await expect.poll(() => announcedBy(agent), PATIENT).toBe(0);
    expect((await fetch(`${owned.service.url}/agents/alices-gone`)).status).toBe(404);
    const gone = errorOf(await done(client, task(client, agent, 'still there?')));
    expect(gone).toMatchObject({ code: 'NOT_FOUND' });
    expect(await list(bob, 'alices-gone', remote())).not.toBe(agent);
  });

  test('that the operator takes down is retracted and refused, and announced again when it is let up', async () => {
    const agent = await list(alice, 'alices-spam', remote());
    await expect.poll(() => announcedBy(agent), PATIENT).toBe(3);
    const operator = Uint8Array.from(Buffer.from(owned.service.dev.operator.secret_key, 'hex'));
    const path = '/operator/agents/alices-spam';
    expect((await call(alice, 'PATCH', path, { state: 'live' })).status).toBe(403);
    expect((await call(operator, 'PATCH', path, { state: 'taken_down', reason: 'spam' })).status).toBe(200);
    await expect.poll(() => announcedBy(agent), PATIENT).toBe(0);
    expect(errorOf(await done(client, task(client, agent, 'hello?')))?.message).toContain('spam');
    expect((await call(alice, 'POST', '/agents/alices-spam/resume')).status).toBe(403);
    expect((await call(operator, 'PATCH', path, { state: 'live' })).json).toMatchObject({ state: 'live' });
    await expect.poll(() => announcedBy(agent), PATIENT).toBe(3);
    expect((await done(client, task(client, agent, 'again'))).content).toContain('again');
  });

  async function announcedBy(pubkey: string): Promise<number> {
    let count = 0;
    await new Promise<void>((resolve) => {
      const stop = client.relay.subscribe([{ kinds: [0, 31_990, 37_001], authors: [pubkey] }], {
        onevent: () => void count++,
        oneose: () => {
          stop.close();
          resolve();
        },
      });
    });
    return count;
  }
});

test('the books agree with the operator’s wallet, and no secret of an owner was logged', async () => {
  const operator = Uint8Array.from(Buffer.from(owned.service.dev.operator.secret_key, 'hex'));
  const report = async () => (await call(operator, 'GET', '/operator/ledger?grace_s=0')).json;
  await expect.poll(report, PATIENT).toMatchObject({ sum_msats: 0, differences: [] });
  for (const secret of [MODEL_KEY, HOOK_SECRET]) expect(owned.service.log()).not.toContain(secret);
});
