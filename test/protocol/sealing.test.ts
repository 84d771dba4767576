/**
 * Goal: a sealed request is answered in its own kind, a client on nostr-tools reads all of it, and whoever only
 * holds the event reads nothing of what was asked or answered.
 * Method: requests are encrypted and answers decrypted by nostr-tools alone; every report of every sealing goes
 * through; the readable part of each answer is searched for the secrets.
 * Not proved: that sizes and times give nothing away. They do: NIP-44 pads, it does not hide.
 */
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import * as nip59 from 'nostr-tools/nip59';
import { verifyEvent as nobleVerify } from 'nostr-tools/pure';
import { describe, expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import { eventId, tagValue, type VerifiedEvent } from '../../src/nostr/event.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import type { Report, Request } from '../../src/protocol/model.ts';
import { openerFor, openRequest, seal, unwrap } from '../../src/protocol/sealing.ts';
import { seededBytes } from '../support/seeded.ts';
import {
  agentKeys,
  clientPubkey,
  clientSecret,
  cost,
  kinds,
  NOW_S,
  otherKeys,
  output,
  signed,
  taken,
} from './fixtures.ts';

const shared = nip44.getConversationKey(clientSecret, agentKeys.publicKey);
const SECRET = 'the secret question';
const privateTags = [['request', JSON.stringify({ messages: [{ role: 'user', content: SECRET }] })]];
const privateInputs = [
  ['i', SECRET, 'text'],
  ['param', 'label', 'secret label'],
];
const to = ['p', agentKeys.publicKey];

const sealed: Record<string, () => VerifiedEvent> = {
  'agent NIP, NIP-44': () =>
    signed(7001, [to, ['encrypted'], ['t', 'trip']], nip44.encrypt(JSON.stringify(privateTags), shared)),
  'NIP-90, NIP-44': () =>
    signed(5302, [to, ['encrypted']], nip44.encrypt(JSON.stringify(privateInputs), shared)),
  'NIP-90, NIP-04': () =>
    signed(
      5302,
      [to, ['encrypted']],
      nip04.encrypt(clientSecret, agentKeys.publicKey, JSON.stringify(privateInputs)),
    ),
  'agent NIP, gift wrap': () => wrapped(7001, [to, ...privateTags]),
  'NIP-90, gift wrap': () => wrapped(5302, [to, ...privateInputs]),
};

function wrapped(kind: number, tags: string[][]): VerifiedEvent {
  const rumor = { kind, tags, content: '', created_at: NOW_S };
  return taken(nip59.wrapEvent(rumor, clientSecret, agentKeys.publicKey));
}

function opened(event: VerifiedEvent): Request {
  const request = openRequest(event, agentKeys, kinds);
  if (request === null) throw new Error('not a request to the agent');
  return request;
}

function bodyOf({ envelope, event }: Request) {
  return dialectNamed(envelope.dialect, kinds).body(event, envelope, openerFor(agentKeys, envelope.client));
}

/** The answer to a report, as it goes out. */
function answer(request: Request, report: Report): VerifiedEvent {
  const [template] = dialectNamed(request.envelope.dialect, kinds).render(report, request, NOW_S + 1);
  if (template === undefined) throw new Error('nothing was rendered');
  const event = seal(template, request, agentKeys, seededBytes(5));
  expect(nobleVerify(JSON.parse(JSON.stringify(event)))).toBe(true);
  return event;
}

describe.each(Object.entries(sealed))('%s', (name, make) => {
  test('is opened, with its body and its client', () => {
    const request = opened(make());
    expect(request.envelope.client).toBe(clientPubkey);
    expect(request.envelope.sealing).toBe(
      name.includes('gift') ? 'giftwrap' : name.includes('04') ? 'nip04' : 'nip44',
    );
    expect(bodyOf(request).messages).toEqual([{ role: 'user', content: SECRET }]);
  });

  test('shows none of its answer to others', () => {
    const request = opened(make());
    const reports: Report[] = [
      { type: 'processing', note: `looking for ${SECRET}` },
      { type: 'progress', note: SECRET, done: 1, total: 2 },
      { type: 'partial', content: SECRET, note: SECRET },
      { type: 'delta', seq: 0, text: SECRET, attempt: 1 },
      { type: 'teamReport', note: SECRET, done: 1, total: 2, content: SECRET, data: { words: SECRET } },
      {
        type: 'result',
        output: {
          ...output,
          content: SECRET,
          stream: { deltas: 1, sha256: 'ab'.repeat(32) },
          trace: { sha256: 'ab'.repeat(32), entries: 3 },
          artifact: { sha256: 'ab'.repeat(32), bytes: 3, url: 'https://errand.test/jobs/x/artifact/y' },
        },
        cost,
        demand: null,
      },
      { type: 'error', failure: { code: 'BAD_REQUEST', message: SECRET, details: { path: SECRET } } },
    ];
    for (const report of reports) {
      const wire = JSON.stringify(answer(request, report));
      expect(wire).not.toContain(SECRET);
      expect(wire).not.toContain('ab'.repeat(32));
    }
  });
});

describe('what the client reads', () => {
  const result: Report = { type: 'result', output, cost, demand: null };
  const failed: Report = { type: 'error', failure: { code: 'NOT_FOUND', message: 'none' } };
  const request = (name: string) => opened(sealed[name]?.() ?? signed(1, []));

  test('an agent-NIP result: the private tags, in the shape the request had', () => {
    const event = answer(request('agent NIP, NIP-44'), result);
    expect(event.kind).toBe(7001);
    expect(event.tags.map(([name]) => name)).toEqual(['e', 'p', 't', 'nip_version', 'encrypted']);
    const tags: string[][] = JSON.parse(nip44.decrypt(event.content, shared));
    expect(tags.map(([name]) => name)).toEqual(['result', 'cost']);
    expect(JSON.parse(tags[0]?.[1] ?? '').choices[0].message.content).toBe('the answer');
  });

  test('an agent-NIP error: the error tag', () => {
    const event = answer(request('agent NIP, NIP-44'), failed);
    expect(JSON.parse(nip44.decrypt(event.content, shared))).toEqual([
      ['error', JSON.stringify({ code: 'NOT_FOUND', message: 'none' })],
    ]);
  });

  test('feedback: the private tags, with the text of the status and the content among them', () => {
    const asked = request('agent NIP, NIP-44');
    const partial = answer(asked, { type: 'partial', content: 'so far', note: 'n' });
    expect(partial.tags).toContainEqual(['status', 'partial']);
    expect(JSON.parse(nip44.decrypt(partial.content, shared))).toEqual([
      ['status', 'partial', 'n'],
      ['content', 'so far'],
    ]);
  });

  test('a delta: the text itself', () => {
    const delta = answer(request('agent NIP, NIP-44'), { type: 'delta', seq: 7, text: 'tok', attempt: 1 });
    expect(nip44.decrypt(delta.content, shared)).toBe('tok');
    expect(delta.tags).toContainEqual(['seq', '7']);
  });

  test('a NIP-90 result: the output in the cipher of the request, without i tags', () => {
    for (const [name, decrypt] of [
      ['NIP-90, NIP-44', (text: string) => nip44.decrypt(text, shared)],
      ['NIP-90, NIP-04', (text: string) => nip04.decrypt(clientSecret, agentKeys.publicKey, text)],
    ] as const) {
      const event = answer(request(name), result);
      expect(event.kind).toBe(6302);
      expect(decrypt(event.content)).toBe('the answer');
      expect(event.tags.map(([tag]) => tag)).toEqual(['e', 'p', 'cost', 'request', 'encrypted']);
    }
  });

  test('a NIP-90 error: the state in the clear, the error tag encrypted', () => {
    const event = answer(request('NIP-90, NIP-44'), failed);
    expect(event.tags).toContainEqual(['status', 'error']);
    expect(JSON.parse(nip44.decrypt(event.content, shared))).toEqual([
      ['status', 'error', 'NOT_FOUND: none'],
      ['error', JSON.stringify({ code: 'NOT_FOUND', message: 'none' })],
    ]);
  });

  test('an empty result has nothing to encrypt', () => {
    const empty: Report = { type: 'result', output: { ...output, content: '' }, cost, demand: null };
    expect(answer(request('NIP-90, NIP-44'), empty).content).toBe('');
  });

  test('an answer to a gift wrap: a gift wrap with the whole answer, signed by the agent', () => {
    const event = answer(request('agent NIP, gift wrap'), result);
    expect(event.kind).toBe(1059);
    expect(event.pubkey).not.toBe(agentKeys.publicKey);
    const rumor = nip59.unwrapEvent(JSON.parse(JSON.stringify(event)), clientSecret);
    expect(rumor).toMatchObject({ kind: 7001, pubkey: agentKeys.publicKey, content: 'the answer' });
    expect(rumor.id).toBe(eventId(rumor));
    expect(rumor.tags.map(([name]) => name)).toContain('result');
  });

  test('a delta to a gift wrap is wrapped for passing on only', () => {
    const event = answer(request('agent NIP, gift wrap'), { type: 'delta', seq: 0, text: 'tok', attempt: 1 });
    expect(event.kind).toBe(21_059);
    // nostr-tools opens only stored wraps itself; the layers are the same.
    const layer = (text: string, peer: string) =>
      JSON.parse(nip44.decrypt(text, nip44.getConversationKey(clientSecret, peer)));
    const inner = layer(event.content, event.pubkey);
    expect(inner).toMatchObject({ kind: 13, pubkey: agentKeys.publicKey });
    expect(layer(inner.content, inner.pubkey)).toMatchObject({ kind: 27_001, content: 'tok' });
  });

  test('an answer to an open request is what was rendered', () => {
    const asked = opened(signed(7001, [to, ...privateTags]));
    const event = answer(asked, result);
    expect(event.content).toBe('the answer');
    expect(tagValue(event, 'encrypted')).toBeUndefined();
  });
});

describe('refused', () => {
  function failureOf(event: VerifiedEvent, keys = agentKeys) {
    const request = openRequest(event, keys, kinds);
    if (request === null) return null;
    const { envelope } = request;
    try {
      return dialectNamed(envelope.dialect, kinds).body(
        request.event,
        envelope,
        openerFor(keys, envelope.client),
      );
    } catch (error) {
      if (error instanceof JobError) return error.failure;
      throw error;
    }
  }

  test.each([
    ['noise', signed(7001, [to, ['encrypted']], 'noise'), 'content'],
    ['a NIP-04 look-alike', signed(5302, [to, ['encrypted']], 'AAAA?iv=AAAA'), 'content'],
    [
      'no list of tags',
      signed(7001, [to, ['encrypted']], nip44.encrypt('{"a":1}', shared)),
      'the encrypted content',
    ],
    [
      'tags that are none',
      signed(7001, [to, ['encrypted']], nip44.encrypt('[["a",1]]', shared)),
      'the encrypted content',
    ],
  ])('encrypted content that is %s', (_name, event, path) => {
    expect(failureOf(event)).toMatchObject({ code: 'BAD_REQUEST', details: { path } });
  });

  test('content encrypted to another agent', () => {
    const event = sealed['agent NIP, NIP-44']?.() ?? signed(1, []);
    expect(failureOf(event, otherKeys)).toMatchObject({ code: 'BAD_REQUEST' });
  });

  test('a wrap for another, a wrap that names only another inside, and what is no request', () => {
    const event = wrapped(7001, [to, ...privateTags]);
    expect(openRequest(event, otherKeys, kinds)).toBeNull();
    expect(unwrap(wrapped(7001, [['p', otherKeys.publicKey]]), agentKeys)).toBeNull();
    expect(openRequest(wrapped(14, [to]), agentKeys, kinds)).toBeNull();
    expect(openRequest(signed(1, [to]), agentKeys, kinds)).toBeNull();
  });

  test('the error of a failed decryption says nothing of the key or the text', () => {
    const failure = JSON.stringify(failureOf(signed(7001, [to, ['encrypted']], 'noise-noise')));
    expect(failure).not.toContain('noise-noise');
    expect(failure).not.toContain(Buffer.from(agentKeys.secretKey).toString('hex'));
  });
});
