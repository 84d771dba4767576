/**
 * Goal: no relay of the usual limit refuses an answer for its length, however its request was sealed.
 * Method: results and texts of many lengths, sealed and measured; the client reads what is left.
 */
import * as nip44 from 'nostr-tools/nip44';
import * as nip59 from 'nostr-tools/nip59';
import { describe, expect, test } from 'vitest';
import { RELAY_MAX_EVENT_BYTES } from '../../src/limits.ts';
import { tagValue } from '../../src/nostr/event.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import type { JobOutput, Request } from '../../src/protocol/model.ts';
import { openRequest, seal } from '../../src/protocol/sealing.ts';
import { eventLimit, utf8Bytes, withBeginning } from '../../src/protocol/size.ts';
import { seededBytes } from '../support/seeded.ts';
import { agentKeys, clientSecret, cost, kinds, NOW_S, output, signed, taken } from './fixtures.ts';

const SEALINGS = ['none', 'nip44', 'nip04', 'giftwrap'] as const;
const to = ['p', agentKeys.publicKey];
const asked = ['request', JSON.stringify({ messages: [{ role: 'user', content: 'work' }] })];
const input = ['i', 'work'.repeat(1_000)];
const shared = nip44.getConversationKey(clientSecret, agentKeys.publicKey);

const wrapped = (kind: number, tag: string[]) =>
  taken(
    nip59.wrapEvent(
      { kind, tags: [to, tag], content: '', created_at: NOW_S },
      clientSecret,
      agentKeys.publicKey,
    ),
  );
const hidden = (kind: number, tag: string[]) =>
  signed(kind, [to, ['encrypted']], nip44.encrypt(JSON.stringify([tag]), shared));

const requests = {
  'the agent NIP': signed(7001, [to, asked]),
  'NIP-90': signed(5050, [to, input]),
  'the agent NIP, NIP-44': hidden(7001, asked),
  'NIP-90, NIP-44': hidden(5050, input),
  'the agent NIP, gift wrap': wrapped(7001, asked),
  'NIP-90, gift wrap': wrapped(5050, input),
};

function opened(name: keyof typeof requests): Request {
  const request = openRequest(requests[name], agentKeys, kinds);
  if (request === null) throw new Error('not a request to the agent');
  return request;
}

function result(request: Request, change: Partial<JobOutput>) {
  const report = { type: 'result', output: { ...output, ...change }, cost, demand: null } as const;
  const [template] = dialectNamed(request.envelope.dialect, kinds).render(report, request, NOW_S);
  if (template === undefined) throw new Error('nothing was rendered');
  return { template, event: seal(template, request, agentKeys, seededBytes(7)) };
}

const artifact = { sha256: 'cd'.repeat(32), bytes: 90_000, url: 'https://errand.test/jobs/1/artifact/cd' };

describe.each(['the agent NIP', 'NIP-90', 'the agent NIP, NIP-44', 'NIP-90, NIP-44'] as const)(
  'a result by %s',
  (name) => {
    test.each([8_000, 16_000, 20_000, 24_000])('of %i bytes fits, and is whole', (bytes) => {
      const content = 'ten bytes '.repeat(bytes / 10);
      const { template, event } = result(opened(name), { content });
      expect(utf8Bytes(JSON.stringify(event))).toBeLessThanOrEqual(RELAY_MAX_EVENT_BYTES);
      expect(JSON.stringify(template)).toContain(content);
    });
  },
);

describe.each(['the agent NIP, gift wrap', 'NIP-90, gift wrap'] as const)('a result by %s', (name) => {
  test.each([8_000, 12_000, 16_000, 24_000])('of %i bytes fits, and is whole', (bytes) => {
    const content = 'ten bytes '.repeat(bytes / 10);
    const { event } = result(opened(name), { content });
    expect(utf8Bytes(JSON.stringify(event))).toBeLessThanOrEqual(RELAY_MAX_EVENT_BYTES);
    const rumor = nip59.unwrapEvent(JSON.parse(JSON.stringify(event)), clientSecret);
    expect(JSON.stringify(rumor)).toContain(content);
  });
});

describe.each(Object.keys(requests).filter((name): name is keyof typeof requests => name in requests))(
  'a text that no event holds, by %s',
  (name) => {
    test('is cut where it is kept whole elsewhere, and the result says where', () => {
      for (const content of ['ten bytes '.repeat(9_000), '"\n\u0001🙂'.repeat(20_000)]) {
        const { template, event } = result(opened(name), { content, artifact });
        expect(utf8Bytes(JSON.stringify(event))).toBeLessThanOrEqual(RELAY_MAX_EVENT_BYTES);
        const completion = tagValue(template, 'result');
        const text: string =
          completion === undefined ? template.content : JSON.parse(completion).choices[0].message.content;
        const [kept = '', rest] = text.split('\n\n(The whole text');
        expect(rest).toContain(artifact.url);
        expect(content.startsWith(kept) && kept.length > 1_000).toBe(true);
        expect(template.tags).toContainEqual(['artifact', artifact.sha256, '90000', artifact.url]);
      }
    });
  },
);

test.each(SEALINGS)(
  'withBeginning() keeps as much as fits a sealing by %s, in whole characters',
  (sealing) => {
    for (const unit of ['🙂"\u0001ä\n', '🙂', 'x', '\u0001']) {
      const text = unit.repeat(70_000);
      // With something of every length beside it, so that the limit falls on every place of a character.
      for (const beside of ['', 'x', 'xx', 'xxx']) {
        const make = (content: string) => ({ kind: 1, created_at: NOW_S, tags: [['t', beside]], content });
        const { content } = withBeginning(sealing, text, make);
        expect(text.startsWith(content) && content.isWellFormed()).toBe(true);
        expect(utf8Bytes(JSON.stringify(make(content)))).toBeLessThanOrEqual(eventLimit(sealing));
        const [next = ''] = text.slice(content.length);
        expect(utf8Bytes(JSON.stringify(make(content + next)))).toBeGreaterThan(eventLimit(sealing));
        expect(withBeginning(sealing, 'short', make).content).toBe('short');
      }
    }
  },
);
