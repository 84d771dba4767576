import { nip19 } from 'nostr-tools';
import { expect, test } from 'vitest';
import { withoutBlock } from '../../src/agent/data-block.ts';
import { htmlText } from '../../src/agent/html-text.ts';
import {
  type EventPointer,
  gatherInputs,
  type InputPorts,
  readPointer,
  resultMessage,
} from '../../src/agent/inputs.ts';
import { JobError } from '../../src/errors.ts';
import type { ReferencedInput } from '../../src/protocol/model.ts';
import { signedBy } from '../support/events.ts';
import { taskOf } from '../support/tasks.ts';

const note = signedBy('alice', { kind: 1, content: 'text of a note' });
const ID = note.id;
const KEY = note.pubkey;

function ports(pages: Record<string, string> = {}) {
  const looked: { pointer: EventPointer; relays: readonly string[] }[] = [];
  const given: InputPorts = {
    async fetchUrl(url) {
      const text = pages[url];
      if (text === undefined) throw new JobError('BAD_REQUEST', 'the URL answers with status 404');
      const contentType = text.startsWith('<') ? 'text/html' : 'text/plain';
      return { text, contentType, finalUrl: url, bytes: text.length };
    },
    async fetchEvent(pointer, relays) {
      looked.push({ pointer, relays });
      return pointer.type === 'id' && pointer.id === ID ? note : null;
    },
  };
  return { given, looked };
}

const bodyWith = (...inputs: ReferencedInput[]) => taskOf('chat', 'summarise', { body: { inputs } }).body;

test('pages and events follow the request as delimited data, in their order, with their source', async () => {
  const { given, looked } = ports({
    'https://a.net/': '<h1>Title</h1><script>evil()</script><p>Words &amp; more</p>',
  });
  const body = bodyWith(
    { type: 'url', value: 'https://a.net/' },
    { type: 'event', value: ID, relay: 'wss://r.net' },
  );
  const gathered = await gatherInputs(body, given);
  const texts = gathered.messages.map(({ content }) => String(content));
  expect(texts.map(withoutBlock)).toEqual(['summarise', 'Title\n\nWords & more', 'text of a note']);
  expect(texts[1]).toMatch(/^BEGIN DATA [0-9a-f]{16} from https:\/\/a\.net\/\n/);
  expect(texts[2]).toContain(`from the Nostr event ${ID} of kind 1 by ${KEY}`);
  expect(gathered.messages.every(({ role }) => role === 'user')).toBe(true);
  expect(gathered.inputs).toEqual([]);
  expect(looked).toEqual([{ pointer: { type: 'id', id: ID }, relays: ['wss://r.net'] }]);
});

test('job inputs are left to the session, and a body without others stays as it is', async () => {
  const { given } = ports();
  const body = bodyWith({ type: 'job', value: ID });
  expect(await gatherInputs(body, given)).toBe(body);
  expect(withoutBlock(String(resultMessage(note).content))).toBe('text of a note');
});

test('an event nobody has, a page that is not there and too much text are refused', async () => {
  const { given } = ports({ 'https://long.net/': 'x'.repeat(30_000) });
  const long = { type: 'url', value: 'https://long.net/' } as const;
  await expect(gatherInputs(bodyWith({ type: 'event', value: '0'.repeat(64) }), given)).rejects.toMatchObject(
    { code: 'NOT_FOUND' },
  );
  await expect(gatherInputs(bodyWith({ type: 'url', value: 'https://b.net/' }), given)).rejects.toMatchObject(
    { code: 'BAD_REQUEST' },
  );
  expect((await gatherInputs(bodyWith(long), given)).messages).toHaveLength(2);
  await expect(gatherInputs(bodyWith(long, long), given)).rejects.toMatchObject({
    code: 'CONTENT_TOO_LARGE',
    details: { limit_bytes: 49_152 },
  });
});

test('an event is named by id, address, or NIP-19 entity with its relays', () => {
  const address = { type: 'address', kind: 30_023, pubkey: KEY, identifier: 'a:b' };
  expect(readPointer(ID)).toEqual({ pointer: { type: 'id', id: ID }, relays: [] });
  expect(readPointer(` ${ID.toUpperCase()} `).pointer).toEqual({ type: 'id', id: ID });
  expect(readPointer(`30023:${KEY}:a:b`).pointer).toEqual(address);
  expect(readPointer(nip19.noteEncode(ID)).pointer).toEqual({ type: 'id', id: ID });
  expect(readPointer(`nostr:${nip19.neventEncode({ id: ID, relays: ['wss://r.net'] })}`)).toEqual({
    pointer: { type: 'id', id: ID },
    relays: ['wss://r.net'],
  });
  const naddr = nip19.naddrEncode({ kind: 30_023, pubkey: KEY, identifier: 'a:b', relays: ['wss://r.net'] });
  expect(readPointer(naddr)).toEqual({ pointer: address, relays: ['wss://r.net'] });
});

test.each([
  '',
  'hello',
  ID.slice(1),
  `${ID}0`,
  'note1qqqq',
  'nevent1xyz',
  nip19.npubEncode(KEY),
  nip19.nsecEncode(new Uint8Array(32).fill(1)),
  nip19.noteEncode(ID).replace(/.$/, 'q'),
  `note1${'q'.repeat(100_000)}`,
  '99999999:x:y',
])('%.20s names no event', (value) => {
  expect(() => readPointer(value)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

test('at most three relays are asked, the hint of the request first', async () => {
  const { given, looked } = ports();
  const value = nip19.neventEncode({
    id: ID,
    relays: ['wss://1.net', 'wss://2.net', 'wss://3.net', 'wss://4.net'],
  });
  await gatherInputs(bodyWith({ type: 'event', value, relay: 'wss://0.net' }), given);
  expect(looked[0]?.relays).toEqual(['wss://0.net', 'wss://1.net', 'wss://2.net']);
});

test.each([
  ['<p>a</p><p>b', 'a\n\nb'],
  ['a<br/>b', 'a\nb'],
  ['<style>x{}</style>a<!-- b --> c', 'a c'],
  ['<SCRIPT>no</SCRIPT >yes', 'yes'],
  ['<script>never closed', ''],
  ['1 < 2 and 3 > 2', '1 < 2 and 3 > 2'],
  ['&lt;b&gt; &#65;&#x42; &unknown; &#0; &#x110000;', '<b> AB &unknown; &#0; &#x110000;'],
  ['<a href="x">li\nnk</a>', 'li\nnk'],
  ['<!doctype html><title>T</title>', 'T'],
  ['İ<script>x</script>y', 'İy'],
  ['a<', 'a<'],
])('the words of %j are %j', (html, text) => {
  expect(htmlText(html)).toBe(text);
});

test.each([
  ['<'.repeat(1_000_000)],
  ['<a'.repeat(500_000)],
  ['</script'.repeat(120_000)],
  ['<script>'.repeat(120_000)],
  ['<!--'.repeat(250_000)],
  ['&'.repeat(1_000_000)],
  [' '.repeat(1_000_000)],
  ['\n '.repeat(500_000)],
  ['<p>'.repeat(300_000)],
  ['<script></script'.repeat(60_000)],
])('a hostile page costs no more than its length', (html) => {
  const started = performance.now();
  htmlText(html);
  // A quadratic pass over a megabyte takes minutes; the bound only has to tell the two apart.
  expect(performance.now() - started).toBeLessThan(3_000);
});
