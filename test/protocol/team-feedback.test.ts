/**
 * Goal: a team's report reaches people and programs alike, in both dialects and every sealing, however long it is.
 * Method: reports of many sizes are rendered, sealed, and held against the embedded relay's own policies.
 */
import * as nip44 from 'nostr-tools/nip44';
import * as nip59 from 'nostr-tools/nip59';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/errors.ts';
import { RELAY_MAX_EVENT_BYTES } from '../../src/limits.ts';
import { type EventTemplate, tagValue } from '../../src/nostr/event.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import type { Report, Request } from '../../src/protocol/model.ts';
import { openRequest, seal } from '../../src/protocol/sealing.ts';
import { eventLimit, utf8Bytes } from '../../src/protocol/size.ts';
import { tagSizes } from '../../src/relay/policies.ts';
import { seededBytes } from '../support/seeded.ts';
import {
  agentKeys,
  clientPubkey,
  clientSecret,
  cost,
  kinds,
  NOW_S,
  output,
  signed,
  taken,
} from './fixtures.ts';

const to = ['p', agentKeys.publicKey];
const body = JSON.stringify({ messages: [{ role: 'user', content: 'work' }] });
const shared = nip44.getConversationKey(clientSecret, agentKeys.publicKey);

const requests: Record<string, () => Request> = {
  'the agent NIP': () => opened(signed(7001, [to, ['t', 'trip'], ['request', body]])),
  'NIP-90': () => opened(signed(5050, [to, ['i', 'work']])),
  'NIP-44': () =>
    opened(signed(7001, [to, ['encrypted']], nip44.encrypt(JSON.stringify([['request', body]]), shared))),
  'a gift wrap': () =>
    opened(
      taken(
        nip59.wrapEvent(
          { kind: 7001, tags: [to, ['request', body]], content: '', created_at: NOW_S },
          clientSecret,
          agentKeys.publicKey,
        ),
      ),
    ),
};

function opened(event: ReturnType<typeof signed>): Request {
  const request = openRequest(event, agentKeys, kinds);
  if (request === null) throw new Error('not a request to the agent');
  return request;
}

function rendered(request: Request, report: Report): EventTemplate {
  const [template, ...more] = dialectNamed(request.envelope.dialect, kinds).render(report, request, NOW_S);
  if (template === undefined || more.length > 0) throw new Error('a report is one event');
  return template;
}

function teamReport(content: string, data: Json): Report {
  return { type: 'teamReport', note: 'Report 3: an iteration is done', done: 2, total: 9, content, data };
}

function request(name: string): Request {
  const make = requests[name];
  if (make === undefined) throw new Error(`no request by ${name}`);
  return make();
}

function dataOf(event: EventTemplate): unknown {
  return JSON.parse(tagValue(event, 'report') ?? '');
}

test.each(['the agent NIP', 'NIP-90'])(
  'a report by %s is feedback with its words, progress and data',
  (name) => {
    const data = { number: 3, steps: [{ step: 1, summary: 'a first draft' }] };
    const asked = request(name);
    const event = rendered(asked, teamReport('## Report 3', data));
    expect(event).toMatchObject({ kind: 7000, content: '## Report 3', created_at: NOW_S });
    expect(event.tags).toEqual(
      expect.arrayContaining([
        ['e', asked.envelope.id],
        ['p', clientPubkey],
        ['status', 'processing', 'Report 3: an iteration is done'],
        ['progress', '2', '9'],
      ]),
    );
    expect(dataOf(event)).toEqual(data);
  },
);

describe('a report that is too long', () => {
  const steps = Array.from({ length: 500 }, (_, step) => ({ step, summary: 'what was done '.repeat(9) }));

  test('keeps its words and tells which data it left out', () => {
    const words = 'word '.repeat(4_000);
    const event = rendered(
      request('the agent NIP'),
      teamReport(words, { number: 3, steps, state: 'working' }),
    );
    expect(event.content).toBe(words);
    expect(dataOf(event)).toEqual({ number: 3, state: 'working', omitted: ['steps'] });
  });

  test('that is no object says only that it is not there', () => {
    expect(dataOf(rendered(request('NIP-90'), teamReport('', steps)))).toEqual({ omitted: true });
  });

  test('of words is cut at a whole character, and says so', () => {
    const words = '🙂"\u0001'.repeat(30_000);
    const event = rendered(request('the agent NIP'), teamReport(words, { number: 3 }));
    const [kept = '', rest] = event.content.split('\n\n*The rest of this report');
    expect(rest).toBeDefined();
    expect(kept.isWellFormed()).toBe(true);
    expect(words.startsWith(kept)).toBe(true);
    expect(dataOf(event)).toEqual({ number: 3, omitted: [] });
    const bytes = utf8Bytes(JSON.stringify(event));
    expect(bytes).toBeLessThanOrEqual(eventLimit('none'));
    expect(bytes).toBeGreaterThan(eventLimit('none') - 20);
  });

  test.each(Object.keys(requests))('is taken by relays when it answers %s', (name) => {
    const asked = request(name);
    for (const words of ['', 'x'.repeat(60_000), '\u0001"'.repeat(20_000), 'ä🙂'.repeat(9_000)]) {
      for (const data of [{ number: 3 }, { steps }, { quoted: '"'.repeat(12_000) }]) {
        const event = seal(rendered(asked, teamReport(words, data)), asked, agentKeys, seededBytes(7));
        const bytes = utf8Bytes(JSON.stringify(event));
        expect(bytes).toBeLessThanOrEqual(RELAY_MAX_EVENT_BYTES);
        expect(tagSizes.check({ event, bytes, now_s: NOW_S, authenticated: new Set() })).toBeNull();
      }
    }
  });
});

test('a sealed report is read by its client: words and data are among the private tags', () => {
  const asked = request('NIP-44');
  const event = seal(
    rendered(asked, teamReport('## Report 3', { number: 3 })),
    asked,
    agentKeys,
    seededBytes(7),
  );
  expect(event.tags.map(([name]) => name)).toEqual(['e', 'p', 'status', 'progress', 'encrypted']);
  expect(JSON.parse(nip44.decrypt(event.content, shared))).toEqual([
    ['status', 'processing', 'Report 3: an iteration is done'],
    ['report', '{"number":3}'],
    ['content', '## Report 3'],
  ]);
});

test.each(['the agent NIP', 'NIP-90'])('a result by %s names the record and the text behind it', (name) => {
  const trace = { sha256: 'ab'.repeat(32), entries: 41 };
  const artifact = { sha256: 'cd'.repeat(32), bytes: 70_000, url: 'https://errand.test/jobs/1/artifact/cd' };
  const result: Report = { type: 'result', output: { ...output, trace, artifact }, cost, demand: null };
  const { tags } = rendered(request(name), result);
  expect(tags).toContainEqual(['trace', trace.sha256, '41']);
  expect(tags).toContainEqual(['artifact', artifact.sha256, '70000', artifact.url]);
});
