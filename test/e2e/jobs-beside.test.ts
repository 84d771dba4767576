/**
 * Goal: what is told beside the answers themselves: a job over HTTP the moment it has ended, its events by SSE from
 * where a reader left off, and announcements that come on start and again only when their content changed (PROTOCOL §1,
 * §7, §8). Method: the started service, restarted on its state with another configuration; nostr-tools and fetch.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Event, verifyEvent } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NostrEvent } from '../../src/nostr/event.ts';
import { type Client, connectClient, tag } from '../support/client.ts';
import { agentKey, done, jobOverHttp, task } from '../support/jobs.ts';
import { type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const KINDS = [0, 10002, 10050, 31990, 37001];
const persistTo = mkdtempSync(join(tmpdir(), 'errand-beside-'));
let outside: OutsideRelay;
let model: ModelServer;
let service: Service;
let client: Client;
let port: number;

async function start(env: Record<string, string> = {}): Promise<void> {
  const chatting = { RELAYS: outside.url, MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  service = await startService({ persistTo, port, env: { ...chatting, ...env } });
  client = await connectClient(service.relay);
}

async function stop(): Promise<void> {
  client?.close();
  await service?.stop();
}

beforeAll(async () => {
  outside = await startOutsideRelay();
  model = await modelServer();
  // The address is part of what is announced, so every start has to have the same.
  port = 0;
  await start();
  port = Number(new URL(service.url).port);
});

afterAll(async () => {
  await stop();
  await outside?.stop();
  await model?.close();
  rmSync(persistTo, { recursive: true, force: true });
});

/** What the embedded relay has announced of an agent. */
function announced(agent: string): Promise<Event[]> {
  const events: Event[] = [];
  return new Promise((resolve) => {
    const subscription = client.relay.subscribe([{ kinds: KINDS, authors: [agent] }], {
      onevent: (event) => events.push(event),
      oneose() {
        subscription.close();
        resolve(events);
      },
    });
  });
}

/** SHA-256 of the card as it is served, hex. */
async function hashOfCard(slug: string): Promise<string> {
  const served = await (await fetch(`${service.url}/agents/${slug}/card.json`)).text();
  return createHash('sha256').update(served).digest('hex');
}

function idsByKind(events: readonly NostrEvent[]): Record<number, string> {
  return Object.fromEntries(events.map(({ kind, id }) => [kind, id]));
}

interface ServerSentEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Event;
}

/** Begins to follow a job. @param lastEventId as a reader that was cut off sends it */
function follow(id: string, lastEventId?: string): Promise<Response> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return fetch(`${service.url}/jobs/${id}/events`, { headers });
}

/** Reads a stream to its end, comments left out. */
async function eventsIn(response: Response): Promise<ServerSentEvent[]> {
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const blocks = (await response.text()).split('\n\n').filter((block) => /^data:/m.test(block));
  return blocks.map((block) => {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
    return { id: field('id'), event: field('event'), data: JSON.parse(field('data') ?? '') };
  });
}

test('every agent is announced here and outside, by events whose card is the one served', async () => {
  for (const slug of ['discover', 'chat']) {
    const agent = agentKey(service, slug);
    const here = await announced(agent);
    expect(here.map(({ kind }) => kind).sort((a, b) => a - b)).toEqual(KINDS);
    for (const event of here) expect(verifyEvent(event)).toBe(true);
    await outside.waitFor({ kinds: KINDS, authors: [agent] }, KINDS.length);
    expect(idsByKind(outside.stored({ kinds: KINDS, authors: [agent] }))).toEqual(idsByKind(here));
    const card = here.find(({ kind }) => kind === 37001);
    if (card === undefined) throw new Error('no card was announced');
    expect(tag(card, 'd')).toBe(slug);
    expect(tag(card, 'url')).toBe(`${service.url}/agents/${slug}/card.json`);
    expect(tag(card, 'x')).toBe(await hashOfCard(slug));
    const name = await (await fetch(`${service.url}/.well-known/nostr.json?name=${slug}`)).json();
    expect(name).toMatchObject({ names: { [slug]: agent } });
    const profile: unknown = JSON.parse(here.find(({ kind }) => kind === 0)?.content ?? '');
    expect(profile).toMatchObject({ bot: true });
  }
});

test('a restart announces nothing anew, another model only the agent that has it', async () => {
  const [chat, discover] = [agentKey(service, 'chat'), agentKey(service, 'discover')];
  const before = { chat: idsByKind(await announced(chat)), discover: idsByKind(await announced(discover)) };
  await stop();
  await start();
  expect(idsByKind(await announced(chat))).toEqual(before.chat);
  expect(idsByKind(outside.stored({ kinds: KINDS, authors: [chat] }))).toEqual(before.chat);

  await stop();
  await start({ MODEL: 'larger' });
  const after = idsByKind(await announced(chat));
  expect(after[37001]).not.toBe(before.chat[37001]);
  expect(after[0]).toBe(before.chat[0]);
  expect(idsByKind(await announced(discover))).toEqual(before.discover);
  expect(idsByKind(outside.stored({ kinds: KINDS, authors: [chat] }))).toEqual(after);
  const card = await (await fetch(`${service.url}/agents/chat/card.json`)).json();
  expect(card).toMatchObject({ capabilities: { supported_models: ['chat', 'larger'] } });
});

test('another address is announced by every agent', async () => {
  const before = idsByKind(await announced(agentKey(service, 'discover')));
  await stop();
  await start({ MODEL: 'larger', PUBLIC_URL: 'http://market.test' });
  const after = await announced(agentKey(service, 'discover'));
  for (const kind of [10002, 10050, 37001]) expect(idsByKind(after)[kind]).not.toBe(before[kind]);
  expect(after.find(({ kind }) => kind === 10002)?.tags).toContainEqual(['r', 'ws://market.test']);
  expect(idsByKind(outside.stored({ kinds: KINDS, authors: [agentKey(service, 'discover')] }))).toEqual(
    idsByKind(after),
  );
});

test('a job is over for HTTP when it is over for its client', async () => {
  for (const [slug, kind] of [
    ['discover', 7001],
    ['chat', 7001],
  ] as const) {
    const request = task(client, agentKey(service, slug), `for ${slug}`);
    const result = await done(client, request);
    expect(result.kind).toBe(kind);
    expect(await jobOverHttp(service, request.id)).toMatchObject({
      id: request.id,
      agent: slug,
      client: client.pubkey,
      dialect: 'agent',
      kind,
      phase: 'delivered',
      error: null,
      via: 'embedded',
      attempts: 1,
      result_event_id: result.id,
      created_at_s: request.created_at,
    });
  }
});

test('the events of a job can be followed live, and again from where a reader was', async () => {
  const request = task(client, agentKey(service, 'chat'), 'stream to a page');
  const answers = client.answers(request.id);
  const following = Promise.withResolvers<void>();
  model.script([
    { hold: following.promise },
    { say: 'word by word' },
    { finish: 'stop' },
    { raw: 'data: [DONE]\n\n' },
  ]);
  await client.publish(request);
  await answers.find(({ kind }) => kind === 7000);
  const live = await follow(request.id);
  following.resolve();
  const result = await answers.end();
  const seen = await eventsIn(live);
  expect(seen.map(({ event }) => event)).toEqual(['feedback', 'delta', 'result']);
  expect(seen.map(({ id }) => id === undefined)).toEqual([false, true, false]);
  for (const { data } of seen) expect(verifyEvent(data)).toBe(true);

  // Deltas are not kept; what is, is told again.
  const again = await eventsIn(await follow(request.id));
  expect(again.map(({ event }) => event)).toEqual(['feedback', 'result']);
  const rest = await eventsIn(await follow(request.id, again[0]?.id));
  expect(rest.map(({ data }) => data.id)).toEqual([result.id]);
  expect(await eventsIn(await follow(request.id, again[1]?.id))).toEqual([]);
});

test('jobs change what a card says of its agent, but the card served is the one announced', async () => {
  for (const slug of ['discover', 'chat']) {
    const card = (await announced(agentKey(service, slug))).find(({ kind }) => kind === 37001);
    expect(card && tag(card, 'x')).toBe(await hashOfCard(slug));
  }
});
