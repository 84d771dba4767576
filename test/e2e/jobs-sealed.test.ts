/**
 * Goal: what a client seals stays between it and the agent (PROTOCOL §5): answers come sealed in kind, and neither the
 * wire, nor the pages of jobs, nor what is stored shows a word of it. Method: nostr-tools seals and opens; the model is
 * a scripted server that hears a marker and says another; a stranger subscribes to everything. Not proved: what the
 * model's provider does with what it is asked.
 */
import { nip04, nip44, nip59 } from 'nostr-tools';
import { type Event, generateSecretKey, getEventHash, getPublicKey, verifyEvent } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authenticate, type Client, connectClient, tag } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, task } from '../support/jobs.ts';
import { type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const QUESTION = 'quetzalcoatl';
const ANSWER = 'xochipilli';
const END = [{ finish: 'stop' }, { usage: [7, 2] as const }, { raw: 'data: [DONE]\n\n' }];
let outside: OutsideRelay;
let model: ModelServer;
let service: Service;
let client: Client;
let chat: string;
/** Everything a stranger at the embedded relay gets to see. */
const overheard: Event[] = [];
let stranger: Client;

beforeAll(async () => {
  outside = await startOutsideRelay();
  model = await modelServer();
  const env = { RELAYS: outside.url, MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  service = await startService({ env });
  client = await connectClient(service.relay);
  stranger = await connectClient(service.relay);
  stranger.relay.subscribe([{}], { onevent: (event) => overheard.push(event) });
  chat = agentKey(service, 'chat');
});

afterAll(async () => {
  client?.close();
  stranger?.close();
  await service?.stop();
  await outside?.stop();
  await model?.close();
});

function shared(by: Client): Uint8Array {
  return nip44.getConversationKey(by.secretKey, chat);
}

/** The private tags an encrypted answer carries. */
function opened(by: Client, event: Event): string[][] {
  return JSON.parse(nip44.decrypt(event.content, shared(by)));
}

type Rumor = ReturnType<typeof nip59.unwrapEvent>;

/** What a wrap holds for `to`; like nip59.unwrapEvent, which does not know the ephemeral kind that deltas come in. */
function rumorIn(wrap: Event, to: Client): Rumor {
  const seal: Event = JSON.parse(
    nip44.decrypt(wrap.content, nip44.getConversationKey(to.secretKey, wrap.pubkey)),
  );
  expect(verifyEvent(seal)).toBe(true);
  const rumor: Rumor = JSON.parse(
    nip44.decrypt(seal.content, nip44.getConversationKey(to.secretKey, seal.pubkey)),
  );
  expect(rumor.pubkey).toBe(seal.pubkey);
  expect(rumor.id).toBe(getEventHash(rumor));
  return rumor;
}

/** The model's answer in two pieces, so that it is streamed. */
function sayAnswer(until: Promise<unknown> = Promise.resolve()): void {
  model.script([
    { say: `${ANSWER} ` },
    { hold: until.then(() => undefined) },
    { say: `to ${QUESTION}` },
    ...END,
  ]);
}

async function publicText(id: string): Promise<string> {
  const pages = await Promise.all(
    [`/jobs/${id}`, `/jobs/${id}/events`, '/jobs'].map(async (path) => {
      const response = await fetch(`${service.url}${path}`);
      return await response.text();
    }),
  );
  return pages.join('\n');
}

function expectHidden(text: string): void {
  expect(text).not.toContain(QUESTION);
  expect(text).not.toContain(ANSWER);
}

describe('agent NIP, NIP-44', () => {
  test('result, feedback and deltas are sealed, and open for the client alone', async () => {
    const privateTags = [asking(`tell me of ${QUESTION}`)];
    const request = client.sign(
      7001,
      [['p', chat], ['encrypted']],
      nip44.encrypt(JSON.stringify(privateTags), shared(client)),
    );
    const answers = client.answers(request.id);
    const partial = answers.find((event) => tag(event, 'status') === 'partial');
    sayAnswer(partial);
    await client.publish(request);
    const result = await answers.end();

    expect(JSON.stringify(model.asked.at(-1)?.body)).toContain(QUESTION);
    const inside = opened(client, result);
    const completion = JSON.parse(inside.find(([name]) => name === 'result')?.[1] ?? '');
    expect(completion.choices[0].message.content).toBe(`${ANSWER} to ${QUESTION}`);
    expect(inside.map(([name]) => name).sort()).toEqual(['cost', 'result', 'stream']);
    expect(result.tags.map(([name]) => name).sort()).toEqual(['e', 'encrypted', 'nip_version', 'p']);
    expect(opened(client, await partial)).toContainEqual(['content', `${ANSWER} `]);
    const deltas = answers.events.filter(({ kind }) => kind === 27001);
    expect(deltas.map(({ content }) => nip44.decrypt(content, shared(client)))).toEqual([
      `${ANSWER} `,
      `to ${QUESTION}`,
    ]);
    expectHidden(JSON.stringify(answers.events));
    expectHidden(await publicText(request.id));
    expect(await jobOverHttp(service, request.id)).toMatchObject({ encrypted: true, phase: 'delivered' });
  });

  test('an error is sealed too; only that it failed is for everyone', async () => {
    const wrong = [asking('x', { parameters: { temperature: QUESTION } })];
    const request = client.sign(
      7001,
      [['p', chat], ['encrypted']],
      nip44.encrypt(JSON.stringify(wrong), shared(client)),
    );
    const end = await done(client, request);
    expect(end.kind).toBe(7001);
    expectHidden(JSON.stringify(end));
    const error = JSON.parse(opened(client, end).find(([name]) => name === 'error')?.[1] ?? '');
    expect(error).toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(await jobOverHttp(service, request.id)).toMatchObject({ error: 'INVALID_PARAMETER' });
  });

  test('what cannot be opened is a BAD_REQUEST', async () => {
    const forAnother = nip44.encrypt('[]', nip44.getConversationKey(client.secretKey, stranger.pubkey));
    const request = client.sign(7001, [['p', chat], ['encrypted']], forAnother);
    const end = await done(client, request);
    const error = JSON.parse(opened(client, end).find(([name]) => name === 'error')?.[1] ?? '');
    expect(error).toMatchObject({ code: 'BAD_REQUEST', details: { path: 'content' } });
  });
});

describe('NIP-90', () => {
  test.each(['NIP-44', 'NIP-04'])('private inputs by %s are answered in kind', async (cipher) => {
    const inputs = JSON.stringify([
      ['i', `tell me of ${QUESTION}`, 'text'],
      ['param', 'max_tokens', '100'],
    ]);
    const old = cipher === 'NIP-04';
    const sealed = old
      ? nip04.encrypt(client.secretKey, chat, inputs)
      : nip44.encrypt(inputs, shared(client));
    const open = (text: string) =>
      old ? nip04.decrypt(client.secretKey, chat, text) : nip44.decrypt(text, shared(client));
    const request = client.sign(5050, [['p', chat], ['encrypted']], sealed);
    const answers = client.answers(request.id);
    sayAnswer();
    await client.publish(request);
    const result = await answers.end();
    expect(result.kind).toBe(6050);
    expect(open(result.content)).toBe(`${ANSWER} to ${QUESTION}`);
    expect(result.content.includes('?iv=')).toBe(old);
    expect(result.tags.some(([name]) => name === 'encrypted')).toBe(true);
    expect(result.tags.some(([name]) => name === 'i')).toBe(false);
    expect(model.asked.at(-1)?.body.max_tokens).toBe(100);
    expectHidden(JSON.stringify(answers.events));
    expectHidden(await publicText(request.id));
  });
});

describe('gift wrap (NIP-59)', () => {
  test('a wrapped request is answered in wraps, and nobody learns that there was a job', async () => {
    const hidden = await connectClient(service.relay);
    // The relay shows wraps to nobody but whom they are for.
    await authenticate(hidden);
    const got: Event[] = [];
    const rumors: Rumor[] = [];
    const result = Promise.withResolvers<Rumor>();
    hidden.relay.subscribe([{ kinds: [1059, 21059], '#p': [hidden.pubkey] }], {
      onevent(event) {
        got.push(event);
        const rumor = rumorIn(event, hidden);
        rumors.push(rumor);
        if (rumor.tags.some(([name]) => name === 'result' || name === 'error')) result.resolve(rumor);
      },
    });
    const draft = {
      kind: 7001,
      tags: [['p', chat], ['t', 'confession'], asking(`tell me of ${QUESTION}`)],
      content: '',
      created_at: Math.floor(Date.now() / 1000),
    };
    const wrap = nip59.wrapEvent(draft, hidden.secretKey, chat);
    const id = getEventHash({ ...draft, pubkey: hidden.pubkey });
    sayAnswer();
    await hidden.publish(wrap);
    const rumor = await result.promise;

    expect(rumor).toMatchObject({ kind: 7001, pubkey: chat, content: `${ANSWER} to ${QUESTION}` });
    expect(rumor.tags).toContainEqual(['e', id]);
    expect(rumor.tags).toContainEqual(['p', hidden.pubkey]);
    expect(rumor.tags).toContainEqual(['t', 'confession']);
    const deltas = rumors.filter(({ kind }) => kind === 27001);
    expect(deltas.map(({ content }) => content).join('')).toBe(rumor.content);
    for (const event of got) expect(event.pubkey).not.toBe(chat);
    expectHidden(JSON.stringify(got));
    expect(JSON.stringify(got)).not.toContain(id);
    expect(await jobOverHttp(service, id)).toEqual({ status: 404 });
    expect(await (await fetch(`${service.url}/jobs`)).text()).not.toContain(id);
    hidden.close();
  });

  test('a wrap whose rumor its seal did not sign is no request', async () => {
    const victim = getPublicKey(generateSecretKey());
    const draft = {
      kind: 7001,
      tags: [['p', chat], asking('in a false name')],
      content: '',
      created_at: Math.floor(Date.now() / 1000),
      pubkey: victim,
    };
    const rumor = { ...draft, id: getEventHash(draft) };
    const seal = nip59.createSeal(rumor, client.secretKey, chat);
    const asked = model.asked.length;
    await client.publish(nip59.createWrap(seal, chat));
    // A later job is done, so the false one was passed over.
    model.script([{ say: 'fine' }, ...END]);
    await done(client, task(client, chat, 'an honest one'));
    expect(model.asked).toHaveLength(asked + 1);
  });
});

test('nobody who listened has seen a word, here or outside', () => {
  expect(overheard.length).toBeGreaterThan(10);
  expectHidden(JSON.stringify(overheard));
  expectHidden(JSON.stringify(outside.stored()));
});
