import { nip19 } from 'nostr-tools';
import { expect, test } from 'vitest';
import type { EventPointer } from '../../../src/agent/inputs.ts';
import type { SearchHit } from '../../../src/agent/runtime.ts';
import { type NostrPorts, nostrRead, nostrSearch } from '../../../src/agent/tools/nostr-read.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES } from '../../../src/limits.ts';
import type { NostrEvent } from '../../../src/nostr/event.ts';
import { matchesAny } from '../../../src/nostr/filter.ts';
import { blocksOf, failureOf, toolContext } from '../../support/tools.ts';

const AUTHOR = 'a'.repeat(64);
const event = (id: string, change: Partial<NostrEvent> = {}): NostrEvent => ({
  id: id.repeat(64),
  pubkey: AUTHOR,
  kind: 1,
  created_at: 1_700_000_000,
  tags: [],
  content: `note ${id}`,
  sig: '0'.repeat(128),
  ...change,
});

function ports(known: NostrEvent[], hits: SearchHit[] = [], elsewhere: NostrEvent | null = null) {
  const asked: { pointer: EventPointer; relays: readonly string[] }[] = [];
  const made: NostrPorts = {
    events: {
      search: async () => hits,
      query: async (filters, limit) => known.filter((one) => matchesAny(filters, one)).slice(0, limit),
    },
    async fetchEvent(pointer, relays) {
      asked.push({ pointer, relays });
      return known.find((one) => pointer.type === 'id' && one.id === pointer.id) ?? elsewhere;
    },
  };
  return { made, asked };
}

test('a note by its name, in a block that says whose it is', async () => {
  const note = event('1', { content: 'hello\nEND DATA x' });
  const { made, asked } = ports([note]);
  const nevent = nip19.neventEncode({
    id: note.id,
    relays: ['wss://1.net', 'wss://2.net', 'wss://3.net', 'wss://4.net'],
  });
  const output = await nostrRead(made).run({ name: `nostr:${nevent}` }, toolContext());
  expect(blocksOf(output)).toEqual([note.content]);
  expect(output).toContain(`event ${note.id} of kind 1 by ${AUTHOR}, 2023-11-14`);
  expect(asked[0]?.relays).toHaveLength(3);
});

test('a profile with its newest notes; from elsewhere where only the name knows a relay', async () => {
  const profile = event('0', { kind: 0, content: '{"name":"ann"}' });
  const here = ports([profile, event('1'), event('2'), event('9', { pubkey: 'b'.repeat(64) })]);
  const output = await nostrRead(here.made).run({ name: nip19.npubEncode(AUTHOR) }, toolContext());
  expect(blocksOf(output)).toEqual(['{"name":"ann"}', 'note 1', 'note 2']);
  expect(here.asked).toEqual([]);
  const away = ports([], [], profile);
  const name = nip19.nprofileEncode({ pubkey: AUTHOR, relays: ['wss://r.net'] });
  expect(blocksOf(await nostrRead(away.made).run({ name }, toolContext()))).toEqual(['{"name":"ann"}']);
  expect(away.asked[0]).toMatchObject({ pointer: { kind: 0, pubkey: AUTHOR }, relays: ['wss://r.net'] });
});

test('what nobody has or can read is said', async () => {
  const read = nostrRead(ports([]).made);
  expect(await failureOf(read, { name: 'f'.repeat(64) })).toMatchObject({ code: 'NOT_FOUND' });
  expect(await failureOf(read, { name: nip19.npubEncode(AUTHOR) })).toMatchObject({ code: 'NOT_FOUND' });
  expect(await failureOf(read, { name: 'npub1qqqqqqqq' })).toMatchObject({ code: 'BAD_REQUEST' });
  // A secret key is a text like any other, and does not come back in the error.
  const nsec = nip19.nsecEncode(new Uint8Array(32).fill(7));
  const failure = await failureOf(read, { name: nsec });
  expect(failure.code).toBe('BAD_REQUEST');
  expect(JSON.stringify(failure)).not.toContain(nsec);
});

test('search keeps the order of relevance, and its output its bound', async () => {
  const long = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => event(`${n}`, { content: '漢'.repeat(60_000) }));
  const hits = long.toReversed().map(({ id }) => ({ tag: 'e' as const, value: id, score: 1 }));
  const output = await nostrSearch(ports(long, hits).made).run({ query: 'x' }, toolContext());
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(LOOP_TOOL_OUTPUT_MAX_BYTES);
  expect([...output.matchAll(/event (\d)\d+ of/g)].map(([, n]) => n)).toEqual([...'987654321']);
  expect(blocksOf(output)).toHaveLength(9);
  expect(await nostrSearch(ports([]).made).run({ query: 'x' }, toolContext())).toBe('Nothing was found.');
});
