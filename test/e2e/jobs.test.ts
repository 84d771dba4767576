/**
 * Goal: a stranger's client gets its search done in both dialects, over sockets, and sees every tag PROTOCOL §2 and §3
 * name. Method: the service as users start it, one outside relay nobody here wrote, clients on nostr-tools and NDK
 * alone. Not proved: ranking (test/search), many relays at once (links.test.ts).
 */
import { type Event, finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { askByNdk } from '../peers/ndk-asker.ts';
import { type Client, connectClient, endsJob, tag } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, jsonTag } from '../support/jobs.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const AUTHOR = generateSecretKey();
let outside: OutsideRelay;
let service: Service;
let client: Client;
let discover: string;
let note: Event;
let profile: Event;

const now_s = () => Math.floor(Date.now() / 1000);
const search = (text: string, ...tags: string[][]) => client.sign(5302, [['i', text, 'text'], ...tags]);
const found = (event: Event): string[][] => JSON.parse(event.content);

beforeAll(async () => {
  outside = await startOutsideRelay();
  service = await startService({ env: { RELAYS: outside.url } });
  client = await connectClient(service.relay);
  discover = agentKey(service, 'discover');
  const content = JSON.stringify({ name: 'kestrel', about: 'a windhover' });
  profile = finalizeEvent({ kind: 0, created_at: now_s(), tags: [], content }, AUTHOR);
  note = finalizeEvent(
    { kind: 1, created_at: now_s(), tags: [], content: 'A kestrel hovers over the heath' },
    AUTHOR,
  );
  await client.publish(profile);
  await client.publish(note);
  // The index takes events a moment after the relay has them.
  await vi.waitFor(async () => expect(found(await done(client, search('kestrel')))).toHaveLength(1), 10_000);
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await outside?.stop();
});

describe('NIP-90', () => {
  test('a search is acknowledged and answered with the tags the NIP wants', async () => {
    const request = search('kestrel heath', ['p', discover], ['param', 'max_results', '5'], ['t', 'birds']);
    const answers = client.answers(request.id);
    await client.publish(request);
    const result = await answers.end();
    const feedback = await answers.find((event) => event.kind === 7000);

    expect(verifyEvent({ ...result })).toBe(true);
    expect(result).toMatchObject({ kind: 6302, pubkey: discover, content: JSON.stringify([['e', note.id]]) });
    expect(JSON.parse(tag(result, 'request') ?? '')).toEqual(JSON.parse(JSON.stringify(request)));
    expect(result.tags).toContainEqual(['e', request.id]);
    expect(result.tags).toContainEqual(['p', client.pubkey]);
    expect(result.tags).toContainEqual(['i', 'kestrel heath', 'text']);
    // In NIP-90 `t` is a topic and no conversation.
    expect(tag(result, 't')).toBeUndefined();
    expect(feedback).toMatchObject({ kind: 7000, pubkey: discover });
    expect(feedback.tags).toContainEqual(['status', 'processing', 'accepted']);
    expect(tag(feedback, 'e')).toBe(request.id);
    expect(tag(feedback, 'p')).toBe(client.pubkey);
    expect(answers.events.filter(endsJob)).toHaveLength(1);
  });

  test('content discovery needs no input, people search names people', async () => {
    const discovery = await done(client, client.sign(5300, []));
    expect(discovery.kind).toBe(6300);
    expect(found(discovery)).toContainEqual(['e', note.id]);
    const people = await done(client, client.sign(5303, [['i', 'windhover', 'text']]));
    expect(people.kind).toBe(6303);
    expect(found(people)).toEqual([['p', profile.pubkey]]);
  });

  test('a client on NDK posts a job and hears of its result', async () => {
    expect(JSON.parse(await askByNdk(service.relay, discover, 'kestrel'))).toEqual([['e', note.id]]);
  });
});

describe('agent NIP', () => {
  test('a search is acknowledged and answered with result, cost and version', async () => {
    const request = client.sign(7001, [
      ['p', discover],
      ['t', 'my session'],
      ['nip_version', '20250520'],
      asking('kestrel', { parameters: { task: 'note-search', max_results: 1 } }),
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    const result = await answers.end();
    const feedback = await answers.find((event) => event.kind === 7000);

    expect(verifyEvent({ ...result })).toBe(true);
    expect(result).toMatchObject({ kind: 7001, pubkey: discover, content: JSON.stringify([['e', note.id]]) });
    expect(result.tags.map(([name]) => name).sort()).toEqual([
      'cost',
      'e',
      'nip_version',
      'p',
      'result',
      't',
    ]);
    expect(tag(result, 'e')).toBe(request.id);
    expect(tag(result, 'p')).toBe(client.pubkey);
    expect(tag(result, 't')).toBe('my session');
    expect(tag(result, 'nip_version')).toBe('20250520');
    expect(jsonTag(result, 'result')).toEqual({
      id: `chatcmpl-${request.id}`,
      object: 'chat.completion',
      created: result.created_at,
      model: 'discover',
      choices: [{ index: 0, message: { role: 'assistant', content: result.content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    });
    expect(jsonTag(result, 'cost')).toEqual({
      input_tokens: 0,
      output_tokens: 0,
      price_sats: 0,
      currency: 'sats',
      breakdown: [],
    });
    expect(tag(feedback, 't')).toBe('my session');
    expect(feedback.tags).toContainEqual(['status', 'processing', 'accepted']);
  });

  test('the task parameter chooses people or discovery', async () => {
    const people = client.sign(7001, [
      ['p', discover],
      asking('windhover', { parameters: { task: 'people-search' } }),
    ]);
    expect(found(await done(client, people))).toEqual([['p', profile.pubkey]]);
    const discovery = client.sign(7001, [
      ['p', discover],
      asking('nothing has these words', { parameters: { task: 'content-discovery' } }),
    ]);
    expect(found(await done(client, discovery))).toContainEqual(['e', note.id]);
  });

  test('an article in the content is the last user message', async () => {
    const request = client.sign(
      7001,
      [
        ['p', discover],
        ['request', '{"messages":[]}'],
      ],
      'kestrel',
    );
    expect(found(await done(client, request))).toEqual([['e', note.id]]);
  });
});

describe('who serves', () => {
  test('open requests go to an agent that takes them; a job for others only is left to them', async () => {
    const stranger = getPublicKey(generateSecretKey());
    const forOthers = search('kestrel', ['p', stranger]);
    const taskForOthers = client.sign(7001, [['p', stranger], asking('kestrel')]);
    const silent = [client.answers(forOthers.id), client.answers(taskForOthers.id)];
    await client.publish(forOthers);
    await client.publish(taskForOthers);
    const open = await done(client, client.sign(7001, [asking('kestrel')]));
    expect(open).toMatchObject({ kind: 7001, pubkey: discover });
    // Named beside a stranger, it is ours too.
    const shared = await done(client, search('kestrel', ['p', stranger], ['p', discover]));
    expect(shared.pubkey).toBe(discover);
    // Both later requests are done, so the earlier ones have been passed over.
    expect(silent.flatMap(({ events }) => events)).toEqual([]);
    expect(await jobOverHttp(service, forOthers.id)).toEqual({ status: 404 });
    expect(await jobOverHttp(service, taskForOthers.id)).toEqual({ status: 404 });
  });

  test('answers of agents are no requests, whoever signs something that looks like one', async () => {
    const looksLikeResult = client.sign(7001, [['p', discover], asking('kestrel'), ['result', '{}']]);
    const silent = client.answers(looksLikeResult.id);
    await client.publish(looksLikeResult);
    await done(client, search('kestrel'));
    expect(silent.events).toEqual([]);
  });
});

describe('relays and repetition', () => {
  test('one request published fifty times, at two relays at once, is one job', async () => {
    const request = search('kestrel', ['p', discover], ['relays', service.relay, outside.url]);
    const answers = client.answers(request.id);
    const there = await connectClient(outside.url);
    // Not by `publish`: nostr-tools waits for one OK per id at a time.
    for (let i = 0; i < 25; i++)
      for (const poster of [client, there]) await poster.relay.send(JSON.stringify(['EVENT', request]));
    const result = await answers.end();
    await outside.waitFor({ '#e': [request.id], kinds: [6302] });
    // A later job of the same session came to its end, so nothing of the earlier one is still on its way.
    await done(client, search('another'));
    expect(answers.events.filter(({ kind }) => kind === 7000)).toHaveLength(1);
    expect(answers.events.filter(endsJob).map(({ id }) => id)).toEqual([result.id]);
    expect(outside.stored({ '#e': [request.id], kinds: [6302, 7000] })).toHaveLength(2);
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'delivered', attempts: 1 });
    there.close();
  });

  test('a job posted outside is answered there and here', async () => {
    const there = await connectClient(outside.url);
    const request = search('kestrel', ['p', discover]);
    const here = client.answers(request.id);
    const result = await done(there, request);
    expect((await here.end()).id).toBe(result.id);
    expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'delivered', via: outside.url });
    there.close();
  });

  test('without `relays` the answers go to where the client reads (NIP-65)', async () => {
    const elsewhere = await startOutsideRelay();
    const reader = await connectClient(service.relay);
    await reader.publish(
      reader.sign(10002, [
        ['r', elsewhere.url, 'read'],
        ['r', outside.url, 'write'],
      ]),
    );
    const request = reader.sign(5302, [['i', 'kestrel', 'text']]);
    const result = await done(reader, request);
    const [copy] = await elsewhere.waitFor({ '#e': [request.id], kinds: [6302] });
    expect(copy?.id).toBe(result.id);
    expect(outside.stored({ '#e': [request.id] })).toEqual([]);
    reader.close();
    await elsewhere.stop();
  });
});
