/**
 * Goal: a language model's answer reaches strangers as it is written, in conversations, through providers that fail
 * and clients that change their mind (PROTOCOL §2). Method: the started service, a scripted OpenAI-compatible server
 * whose steps wait for what the client has seen, so that nothing here depends on how fast the machine is; clients on
 * nostr-tools alone. Not proved: what a real provider does beyond the script.
 */
import { createHash } from 'node:crypto';
import { nip19 } from 'nostr-tools';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answers, type Client, connectClient, endsJob, errorOf, tag } from '../support/client.ts';
import { type LoopbackServer, loopbackServer } from '../support/http-server.ts';
import { agentKey, done, jobOverHttp, jsonTag, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type MuteRelay, startMuteRelay } from '../support/mute-relay.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const END = [{ finish: 'stop' }, { usage: [7, 3] as const }, { raw: 'data: [DONE]\n\n' }];
let outside: OutsideRelay;
let mute: MuteRelay;
let pages: LoopbackServer;
let model: ModelServer;
let service: Service;
let client: Client;
let chat: string;

beforeAll(async () => {
  outside = await startOutsideRelay();
  mute = await startMuteRelay();
  model = await modelServer();
  pages = await loopbackServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<h1>Herons</h1><p>They stand still.</p>');
  });
  const env = { RELAYS: outside.url, MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  service = await startService({ env });
  client = await connectClient(service.relay);
  chat = agentKey(service, 'chat');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  for (const other of [outside, mute]) await other?.stop();
  for (const server of [model, pages]) await server?.close();
});

/** What the model was asked last, as one text: roles and contents. */
function lastAsked(): string {
  return JSON.stringify(model.asked.at(-1)?.body.messages);
}

function isDelta(event: Event): boolean {
  return event.kind === 27001;
}

function deltaNumber(seq: number): (event: Event) => boolean {
  return (event) => isDelta(event) && tag(event, 'seq') === String(seq);
}

/** Deltas in the order of their numbers; relays deliver them in any order. */
function deltasOf(answers: Answers, attempt: string | undefined = undefined): Event[] {
  return answers.events
    .filter((event) => isDelta(event) && tag(event, 'attempt') === attempt)
    .sort((a, b) => Number(tag(a, 'seq')) - Number(tag(b, 'seq')));
}

function proofOf(deltas: readonly Event[]): string[] {
  const text = deltas.map(({ content }) => content).join('');
  return ['stream', String(deltas.length), createHash('sha256').update(text).digest('hex')];
}

function answeredText(event: Event): string {
  expect(errorOf(event)).toBeNull();
  return event.content;
}

describe('streaming', () => {
  test('every piece goes out as a numbered delta, here and outside, and the result proves them', async () => {
    const there = await connectClient(outside.url);
    const request = task(client, chat, 'tell me of herons', ['relays', service.relay, outside.url]);
    const answers = client.answers(request.id);
    const overThere = there.answers(request.id);
    model.script([
      { say: 'Herons ' },
      { hold: answers.find(deltaNumber(0)).then(() => undefined) },
      { say: 'stand ' },
      { hold: overThere.find(deltaNumber(1)).then(() => undefined) },
      { say: 'still ⚡' },
      ...END,
    ]);
    await client.publish(request);
    const result = await answers.end();
    await overThere.end();

    const deltas = deltasOf(answers);
    expect(deltas.map((delta) => tag(delta, 'seq'))).toEqual(['0', '1', '2']);
    expect(deltas.map(({ content }) => content)).toEqual(['Herons ', 'stand ', 'still ⚡']);
    for (const delta of deltas) expect(delta).toMatchObject({ kind: 27001, pubkey: chat });
    expect(deltasOf(overThere).map(({ id }) => id)).toEqual(deltas.map(({ id }) => id));
    expect(result.content).toBe('Herons stand still ⚡');
    expect(result.tags).toContainEqual(proofOf(deltas));
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    expect(jsonTag(result, 'result')).toMatchObject({ model: 'small', usage });
    expect(jsonTag(result, 'cost')).toMatchObject({ input_tokens: 7, output_tokens: 3, price_sats: 0 });
    // Deltas are ephemeral: nobody keeps them.
    expect(outside.stored({ '#e': [request.id], kinds: [27001] })).toEqual([]);
    there.close();
  });

  test('output so far is kept as `partial`, at most once a second', async () => {
    const request = task(client, chat, 'take your time');
    const answers = client.answers(request.id);
    const partial = (text: string) => (event: Event) =>
      tag(event, 'status') === 'partial' && event.content === text;
    const times: number[] = [];
    const seen = () => {
      times.push(performance.now());
    };
    model.script([
      { say: 'one ' },
      { hold: answers.find(partial('one ')).then(seen) },
      { say: 'two ' },
      { hold: answers.find(partial('one two ')).then(seen) },
      ...END,
    ]);
    await client.publish(request);
    expect(answeredText(await answers.end())).toBe('one two ');
    const [first = 0, second = 0] = times;
    // A second less what two events may differ in on their way.
    expect(second - first).toBeGreaterThan(900);
    expect(answers.events.filter((event) => tag(event, 'status') === 'partial')).toHaveLength(2);
  });

  test('a relay that never answers holds up neither the stream nor the result', async () => {
    const request = task(client, chat, 'do not wait', ['relays', service.relay, mute.url]);
    const answers = client.answers(request.id);
    const pieces = Array.from({ length: 8 }, (_, i) => [
      { say: `${i} ` },
      { hold: answers.find(deltaNumber(i)).then(() => undefined) },
    ]).flat();
    model.script([...pieces, ...END]);
    const began = performance.now();
    await client.publish(request);
    expect(answeredText(await answers.end())).toBe('0 1 2 3 4 5 6 7 ');
    // One wait for an OK alone is 7 s.
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('conversations', () => {
  test('an agent remembers the turns of one client under one `t`, and of nobody else', async () => {
    const other = await connectClient(service.relay);
    model.script(answer('Nice to meet you, Ada'));
    await done(client, task(client, chat, 'my name is Ada', ['t', 'talk']));
    model.script(answer('Ada'));
    const result = await done(client, task(client, chat, 'what is my name?', ['t', 'talk']));
    expect(tag(result, 't')).toBe('talk');
    expect(lastAsked()).toMatch(/my name is Ada.*Nice to meet you, Ada.*what is my name\?/);

    for (const request of [
      task(other, chat, 'what is her name?', ['t', 'talk']),
      task(other, chat, 'what is my name, then?'),
    ]) {
      await done(other, request);
      expect(lastAsked()).not.toContain('Ada');
    }
    await done(client, task(client, chat, 'and in another talk?', ['t', 'talk 2']));
    expect(lastAsked()).not.toContain('Ada');
    other.close();
  });

  test('two turns posted at once are answered one after the other, both with their place in the history', async () => {
    const first = task(client, chat, 'first question', ['t', 'twice']);
    const second = task(client, chat, 'second question', ['t', 'twice']);
    const answers = [client.answers(first.id), client.answers(second.id)];
    const asked = model.asked.length;
    const waiting = answers[1]?.find(({ kind }) => kind === 7000).then(() => undefined);
    model.script(
      [{ hold: waiting ?? Promise.resolve() }, { say: 'first answer' }, ...END],
      answer('second answer'),
    );
    await client.publish(first);
    await client.publish(second);
    expect(answeredText(await (answers[0]?.end() ?? Promise.reject()))).toBe('first answer');
    expect(answeredText(await (answers[1]?.end() ?? Promise.reject()))).toBe('second answer');
    expect(model.asked).toHaveLength(asked + 2);
    await done(client, task(client, chat, 'third question', ['t', 'twice']));
    expect(lastAsked()).toMatch(
      /first question.*first answer.*second question.*second answer.*third question/,
    );
  });
});

test('one client whose answer takes long holds up no other', async () => {
  const other = await connectClient(service.relay);
  const release = Promise.withResolvers<void>();
  model.script([{ say: 'wait ' }, { hold: release.promise }, { say: 'for it' }, ...END], answer('at once'));
  const slow = task(client, chat, 'a long story');
  const answers = client.answers(slow.id);
  await client.publish(slow);
  await answers.find(deltaNumber(0));
  expect(answeredText(await done(other, task(other, chat, 'a short one')))).toBe('at once');
  expect(answers.events.filter(endsJob)).toEqual([]);
  release.resolve();
  expect(answeredText(await answers.end())).toBe('wait for it');
  other.close();
});

describe('inputs', () => {
  test('the result of another job, a page and an event are given to the model as data', async () => {
    const other = await connectClient(service.relay);
    const herons = other.sign(1, [], 'A heron by the weir');
    await other.publish(herons);
    model.script(answer('the chained answer'));
    const first = client.sign(5050, [
      ['p', chat],
      ['i', 'chain me', 'text'],
    ]);
    await done(client, first);
    model.script(answer('summary'));
    const nevent = nip19.neventEncode({ id: herons.id, relays: [service.relay] });
    const request = client.sign(5050, [
      ['p', chat],
      ['i', 'Summarise', 'text'],
      ['i', first.id, 'job'],
      ['i', `${pages.origin}/herons`, 'url'],
      ['i', herons.id, 'event'],
      ['i', nevent, 'event'],
    ]);
    const result = await done(client, request);
    expect(result).toMatchObject({ kind: 6050, content: 'summary' });
    expect(lastAsked()).toContain('the chained answer');
    expect(lastAsked()).toMatch(/BEGIN DATA.*They stand still\./);
    expect(lastAsked().match(/A heron by the weir/g)).toHaveLength(2);
    other.close();
  });
});

describe('a provider that fails', () => {
  test('twice, and then answers: the client gets one result, and deltas say which attempt they are of', async () => {
    const request = task(client, chat, 'try again');
    const answers = client.answers(request.id);
    model.script(
      { status: 500 },
      [{ say: 'broken' }, { hold: answers.find(deltaNumber(0)).then(() => undefined) }, { cut: true }],
      answer('whole'),
    );
    await client.publish(request);
    const result = await answers.end();
    expect(answeredText(result)).toBe('whole');
    expect(deltasOf(answers, '2').map(({ content }) => content)).toEqual(['broken']);
    expect(result.tags).toContainEqual(proofOf(deltasOf(answers, '3')));
    expect(answers.events.filter(endsJob)).toHaveLength(1);
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'delivered', attempts: 3 });
  });
});

describe('kind 5', () => {
  test('called off by its client, the question to the model is hung up and nothing more comes', async () => {
    const request = task(client, chat, 'never mind', ['t', 'regret']);
    const answers = client.answers(request.id);
    const stranger = await connectClient(service.relay);
    const hungUp = model.nextHangUp();
    model.script([{ say: 'I will ' }, { hold: new Promise(() => undefined) }], answer('next'));
    await client.publish(request);
    await answers.find(deltaNumber(0));
    await stranger.publish(
      stranger.sign(5, [
        ['e', request.id],
        ['k', '7001'],
        ['p', chat],
      ]),
    );
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'running' });
    await client.publish(
      client.sign(5, [
        ['e', request.id],
        ['k', '7001'],
      ]),
    );
    await hungUp;
    expect(await jobOverHttp(service, request.id)).toMatchObject({
      phase: 'cancelled',
      result_event_id: null,
    });
    // The conversation goes on without it.
    await done(client, task(client, chat, 'something else', ['t', 'regret']));
    expect(lastAsked()).not.toContain('never mind');
    expect(answers.events.filter(endsJob)).toEqual([]);
    stranger.close();
  });
});
