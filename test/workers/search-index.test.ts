import { env, evictAllDurableObjects } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { signEvent } from '../../src/nostr/event.ts';
import type { Env } from '../../workers/env.ts';

const NOW_S = Math.floor(Date.now() / 1000);
const alice = new Uint8Array(32).fill(1);
const bob = new Uint8Array(32).fill(2);
const bindings: Env = env;
const index = () => bindings.INDEX.getByName('main');

const note = (secret: Uint8Array, content: string, tags: string[][] = []) =>
  signEvent({ kind: 1, created_at: NOW_S, tags, content }, secret);

test('the index of workerd finds what was taken in, by word and by attention, over RPC', async () => {
  const zaps = note(alice, 'nostr zaps explained');
  const other = note(bob, 'nostr relays explained');
  const like = signEvent({ kind: 7, created_at: NOW_S, tags: [['e', other.id]], content: '+' }, alice);
  const profile = signEvent(
    { kind: 0, created_at: NOW_S, tags: [], content: '{"name":"Alice","about":"zaps"}' },
    alice,
  );
  await index().ingest([zaps, other, like, profile]);
  await index().ingest([zaps, other, like, profile]);
  const now_ms = Date.now();
  const words = (text: string) => index().search({ subject: 'notes', text, limit: 10, now_ms });
  expect(await words('zaps')).toEqual([{ tag: 'e', value: zaps.id, score: expect.any(Number) }]);
  expect((await words('explained')).map(({ value }) => value)).toEqual([other.id, zaps.id]);
  expect((await words('')).map(({ value }) => value)).toEqual([other.id, zaps.id]);
  // Read as the three words zaps, or, nostr: nothing has them all, so any of them counts.
  expect((await words('zaps" OR nostr*')).map(({ value }) => value)).toEqual([zaps.id, other.id]);
  expect((await index().search({ subject: 'people', text: 'ali', limit: 10, now_ms }))[0]?.value).toBe(
    profile.pubkey,
  );
});

test('two hundred authors pass the limit of a hundred parameters', async () => {
  const zaps = note(alice, 'authored zaps');
  await index().ingest([zaps]);
  const authors = Array.from({ length: 199 }, (_, i) => i.toString(16).padStart(64, '0'));
  const query = {
    subject: 'notes' as const,
    limit: 10,
    now_ms: Date.now(),
    authors: [...authors, zaps.pubkey],
  };
  expect((await index().search({ ...query, text: 'authored' }))[0]?.value).toBe(zaps.id);
  expect((await index().search({ ...query, text: '' })).map(({ value }) => value)).toContain(zaps.id);
});

test('a deletion survives the object being evicted', async () => {
  const gone = note(alice, 'ephemeral thought');
  const deletion = signEvent({ kind: 5, created_at: NOW_S, tags: [['e', gone.id]], content: '' }, alice);
  await index().ingest([gone, deletion]);
  await evictAllDurableObjects();
  await index().ingest([gone]);
  expect(
    await index().search({ subject: 'notes', text: 'ephemeral', limit: 10, now_ms: Date.now() }),
  ).toEqual([]);
});
