/**
 * Goal: the relay's shell inside workerd: sockets that outlive the object's memory, RPC, marks, alarm, streams.
 * Method: real WebSocket pairs into the durable object, forced eviction between messages.
 * Not proved: natural hibernation after ten idle seconds, and anything about a killed process (test/fault).
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { type EventTemplate, type NostrEvent, signEvent } from '../../src/nostr/event.ts';
import { authTemplate } from '../../src/nostr/nip42.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { configOf } from '../../workers/env.ts';

const key = (n: number) => new Uint8Array(32).fill(n);
const now_s = () => Math.floor(Date.now() / 1_000);
const sign = (template: Partial<EventTemplate>, n = 1) =>
  signEvent({ kind: 1, created_at: now_s(), tags: [], content: '', ...template }, key(n));
const stubOf = (name: string) => env.RELAY.get(env.RELAY.idFromName(name));

interface Client {
  readonly inbox: unknown[][];
  readonly socket: WebSocket;
  send(...message: unknown[]): void;
  /** The first frame that begins so, once it is there. */
  got(...begin: unknown[]): Promise<unknown[]>;
}

async function connect(name: string): Promise<Client> {
  const response = await env.RELAY.getByName(name).fetch(
    new Request('http://relay.test/', { headers: { upgrade: 'websocket' } }),
  );
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket but ${response.status}`);
  const inbox: unknown[][] = [];
  socket.addEventListener('message', ({ data }) => {
    inbox.push(JSON.parse(String(data)));
  });
  socket.accept();
  return {
    inbox,
    socket,
    send: (...message) => socket.send(JSON.stringify(message)),
    async got(...begin) {
      const find = () => inbox.find((frame) => begin.every((part, i) => frame[i] === part));
      await expect.poll(find, { timeout: 5_000, message: JSON.stringify(begin) }).toBeDefined();
      return find() ?? [];
    },
  };
}

const rowsOf = (name: string, query: string) =>
  runInDurableObject(stubOf(name), (_relay, state) => state.storage.sql.exec(query).toArray());

describe('sockets', () => {
  test('keep subscriptions, challenge and proved keys while the object loses its memory', async () => {
    const client = await connect('hibernate');
    const [, challenge] = await client.got('AUTH');
    client.send('AUTH', signEvent(authTemplate(String(challenge), 'ws://relay.test', now_s()), key(1)));
    client.send('REQ', 'wraps', { kinds: [1_059] });
    client.send('REQ', 'large', {
      authors: Array.from({ length: 400 }, (_, i) => String(i).padStart(64, '0')),
      kinds: [9],
    });
    client.send('REQ', 'large too', {
      authors: Array.from({ length: 400 }, (_, i) => String(i).padStart(64, '1')),
      '#t': ['x'],
    });
    client.send('REQ', 'closed', {});
    client.send('CLOSE', 'closed');
    await client.got('EOSE', 'closed');
    await evictDurableObject(stubOf('hibernate'));
    const wrap = sign({ kind: 1_059, tags: [['p', publicKeyOf(key(1))]] }, 2);
    const tagged = sign({ tags: [['t', 'x']] });
    const other = await connect('hibernate');
    for (const event of [wrap, tagged]) other.send('EVENT', event);
    await other.got('OK', tagged.id, true);
    await client.got('EVENT', 'wraps');
    expect((await env.RELAY.getByName('hibernate').stats()).subscriptions).toBe(3);
    await evictDurableObject(stubOf('hibernate'));
    const again = signEvent(authTemplate(String(challenge), 'ws://relay.test', now_s()), key(3));
    client.send('AUTH', again);
    await client.got('OK', again.id, true);
    for (const name of ['wraps', 'large', 'large too']) client.send('CLOSE', name);
    await expect.poll(async () => (await env.RELAY.getByName('hibernate').stats()).subscriptions).toBe(0);
    expect(await rowsOf('hibernate', 'SELECT * FROM subscription')).toEqual([]);
  });

  test.each([[1_000], [3_001], [undefined]])(
    'a client that closes with %s is forgotten and answered',
    async (code) => {
      const name = `close ${code}`;
      const client = await connect(name);
      client.send('REQ', 's', {});
      await client.got('EOSE', 's');
      const closed = new Promise((resolve) => client.socket.addEventListener('close', resolve));
      if (code === undefined) client.socket.close();
      else client.socket.close(code, 'bye');
      await closed;
      await expect
        .poll(() => env.RELAY.getByName(name).stats())
        .toMatchObject({ connections: 0, subscriptions: 0 });
    },
  );

  test('anything but an upgrade is told so', async () => {
    expect((await env.RELAY.getByName('plain').fetch(new Request('http://relay.test/'))).status).toBe(426);
  });
});

describe('handing on', () => {
  test('notes reach the search index, and the marks are saved by the alarm', async () => {
    const author = publicKeyOf(key(7));
    const note = sign({ content: 'quokkas on the moon' }, 7);
    await env.RELAY.getByName('index').publish([note]);
    const ask = {
      subject: 'notes',
      text: 'quokkas',
      authors: [author],
      limit: 5,
      now_ms: Date.now(),
    } as const;
    await expect
      .poll(() => env.INDEX.getByName('main').search(ask), { timeout: 5_000 })
      .toMatchObject([{ value: note.id }]);
    expect(await runDurableObjectAlarm(stubOf('index'))).toBe(true);
    expect(await rowsOf('index', 'SELECT name, seq FROM mark ORDER BY name')).toEqual([
      { name: 'dispatch', seq: 1 },
      { name: 'index', seq: 1 },
    ]);
    // Nothing is left to do, so nothing wakes the object again.
    expect(await runDurableObjectAlarm(stubOf('index'))).toBe(false);
  });

  test('what was stored and not handed on before the object died is handed on when it is back', async () => {
    const name = 'crash';
    const relay = env.RELAY.getByName(name);
    await relay.publish([sign({ kind: 9 })]);
    const note = sign({ content: 'written just before the crash: narwhal' }, 8);
    const { id, pubkey, kind, created_at } = note;
    // As if the process had died between the insert and everything after it.
    await runInDurableObject(stubOf(name), (_relay, state) => {
      state.storage.sql.exec(
        'INSERT INTO event (seq, id, pubkey, kind, created_at, ours, json) VALUES (2, ?, ?, ?, ?, 0, ?)',
        ...[id, pubkey, kind, created_at, JSON.stringify(note)],
      );
    });
    await evictDurableObject(stubOf(name));
    await relay.stats();
    expect(await runDurableObjectAlarm(stubOf(name))).toBe(true);
    const ask = {
      subject: 'notes',
      text: 'narwhal',
      authors: [pubkey],
      limit: 5,
      now_ms: Date.now(),
    } as const;
    expect(await env.INDEX.getByName('main').search(ask)).toMatchObject([{ value: id }]);
    await relay.publish([sign({ kind: 9, content: 'numbers go on' })]);
    expect(await relay.stats()).toMatchObject({ last_seq: 3 });
  });

  test('withdrawn events are erased by the alarm', async () => {
    const relay = env.RELAY.getByName('prune');
    const mine = sign({ tags: [['t', 'x']] }, 4);
    await relay.publish([mine, sign({ kind: 5, tags: [['e', mine.id]] }, 4)]);
    expect(await relay.query([{}], 10)).toHaveLength(1);
    expect(await relay.find(mine.id)).toMatchObject({ id: mine.id });
    await runDurableObjectAlarm(stubOf('prune'));
    expect(await relay.find(mine.id)).toBeNull();
    expect(await rowsOf('prune', "SELECT * FROM tag WHERE name_value LIKE 't%'")).toEqual([]);
  });
});

describe('publish', () => {
  test('is repeat-safe, passes on, and serves what it stored newest first', async () => {
    const relay = env.RELAY.getByName('publish');
    const client = await connect('publish');
    client.send('REQ', 's', { kinds: [7_000, configOf(env).kinds.delta] });
    await client.got('EOSE', 's');
    const [old, fresh] = [sign({ kind: 7_000, created_at: now_s() - 5 }), sign({ kind: 7_000 })];
    const delta = sign({ kind: configOf(env).kinds.delta });
    const outcomes = await relay.publish([old, delta, fresh]);
    expect(outcomes).toEqual([old, delta, fresh].map(({ id }) => ({ id, ok: true, reason: '' })));
    expect(await relay.publish([old])).toEqual([
      { id: old.id, ok: true, reason: expect.stringMatching(/^duplicate: /) },
    ]);
    await expect.poll(() => client.inbox.filter(([type]) => type === 'EVENT').length).toBe(3);
    expect((await relay.query([{ kinds: [7_000] }], 10)).map(({ id }: NostrEvent) => id)).toEqual([
      fresh.id,
      old.id,
    ]);
  });
});

describe('jobEvents', () => {
  const answer = (kind: number, jobId: string, tags: string[][]) =>
    sign({ kind, tags: [['e', jobId], ...tags] }, 5);

  test('streams bytes across RPC: stored, live, then the end', async () => {
    const relay = env.RELAY.getByName('stream');
    const request = sign({ kind: 5_300 });
    const [first, last] = [
      answer(7_000, request.id, [['status', 'processing']]),
      answer(6_300, request.id, []),
    ];
    await relay.publish([request, first]);
    const stream = await relay.jobEvents(request.id, 0, true);
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await reader.read();
    expect(value).toBe(
      `id: 2\nevent: feedback\ndata: ${(await rowsOf('stream', 'SELECT json FROM event WHERE seq = 2'))[0]?.json}\n\n`,
    );
    await relay.publish([last]);
    let rest = '';
    for (let read = await reader.read(); !read.done; read = await reader.read()) rest += read.value;
    expect(rest).toMatch(/^id: 3\nevent: result\ndata: \{.*\}\n\n$/);
    await expect.poll(() => relay.stats()).toMatchObject({ subscriptions: 0 });
  });

  test('a reader that leaves is forgotten by the next thing written, which a ping makes come soon', async () => {
    const relay = env.RELAY.getByName('leave');
    const request = sign({ kind: 5_300 });
    await relay.publish([request, answer(7_000, request.id, [['status', 'processing']])]);
    const reader = (await relay.jobEvents(request.id, 0, true)).getReader();
    await reader.read();
    expect(await relay.stats()).toMatchObject({ subscriptions: 1 });
    await reader.cancel();
    await relay.publish([1, 2].map((i) => answer(7_000, request.id, [['status', 'partial', `${i}`]])));
    await expect.poll(() => relay.stats(), { timeout: 5_000 }).toMatchObject({ subscriptions: 0 });
  });
});
