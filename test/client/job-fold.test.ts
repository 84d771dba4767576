/**
 * Goal: the view of a job depends on what was said and by whom, and on nothing else: not on order, repetition, or what
 * strangers say.
 * Method: a job's whole story is rendered, sealed and signed by the service's own dialects, opened as a client opens it,
 * shuffled, doubled and mixed with events of others; every schedule must give the same view. Then single stories.
 * Not proved: that relays deliver them; test/e2e/cli.test.ts follows real jobs.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { viewJob } from '../../src/client/job-fold.ts';
import type { Heard, JobRef } from '../../src/client/job-view.ts';
import { type EventTemplate, sha256Hex, type Tag, type VerifiedEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { person, signedBy } from '../support/events.ts';

const ID = 'ab'.repeat(32);
const T = 1_800_000_000;
const key = (name: string) => person(name).publicKey;
const job: JobRef = {
  id: ID,
  kind: 7001,
  client: key('client'),
  agent: key('agent'),
  marketplace: key('marketplace'),
  kinds: DEFAULT_AGENT_KINDS,
};

/** An event on the job, `after` seconds in. */
function said(
  by: string,
  kind: number,
  after: number,
  tags: readonly Tag[],
  content = '',
): Heard & { event: VerifiedEvent } {
  const template: EventTemplate = { kind, created_at: T + after, tags: [['e', ID], ...tags], content };
  const event = signedBy(by, template);
  return { event, said: event };
}

const delta = (seq: number, text: string, by = 'agent', more: readonly Tag[] = []) =>
  said(by, 27_001, 2 + seq, [['seq', String(seq)], ...more], text);
const status = (after: number, ...words: string[]) => said('agent', 7000, after, [['status', ...words]]);
const demand = (after: number, by = 'agent') => [
  said(by, 7000, after, [
    ['status', 'payment-required', '21 sats'],
    ['amount', '21000', 'lnbc21'],
  ]),
  said(by, 7001, after, [
    [
      'error',
      JSON.stringify({
        code: 'PAYMENT_REQUIRED',
        message: 'pay',
        details: { amount_msats: 21_000, expires_at: T + 600, escrow: true },
      }),
    ],
    ['bolt11', 'lnbc21'],
  ]),
];
const pieces = ['Hel', 'lo ', 'wörld', '!'];
const text = pieces.join('');
const result = (after: number, by = 'agent', more: readonly Tag[] = []) =>
  said(
    by,
    7001,
    after,
    [
      ['result', JSON.stringify({ object: 'chat.completion', choices: [{ message: { content: text } }] })],
      [
        'cost',
        JSON.stringify({
          input_tokens: 3,
          output_tokens: 4,
          price_sats: 20.5,
          currency: 'sats',
          breakdown: [],
        }),
      ],
      ['stream', String(pieces.length), sha256Hex(text)],
      ['verified', 'true', 'quickjs 1', '12'],
      ...more,
    ],
    text,
  );
const verdict = (by: string, passed = true) =>
  said(
    by,
    7002,
    20,
    [['verified', String(passed), 'quickjs 1', '12']],
    JSON.stringify({
      verdict: passed ? 'passed' : 'wrong',
      score: passed ? 1 : 0,
      detail: '',
      answers: 1,
      verify: {},
      answer_sha256: sha256Hex(text),
      receipts: [],
    }),
  );

const story: readonly Heard[] = [
  ...demand(0),
  status(1, 'processing', 'begun'),
  ...pieces.map((piece, seq) => delta(seq, piece)),
  said(
    'agent',
    7000,
    4,
    [
      ['status', 'processing', 'half'],
      ['progress', '2', '4'],
      ['report', '{"a":1}'],
    ],
    '# Half',
  ),
  said('agent', 7000, 5, [['status', 'partial', 'so far']], 'Hello'),
  result(9),
  verdict('marketplace'),
  said('client', 5, 30, [['k', '7001']]),
];
/** What must not count. */
const noise: readonly Heard[] = [
  result(8, 'stranger'),
  ...demand(8, 'stranger'),
  verdict('stranger', false),
  verdict('agent', false),
  said('stranger', 5, 3, [['k', '7001']]),
  said('client', 7000, 6, [['status', 'error', 'AGENT_ERROR: mine']]),
  { ...signedNote(), said: null },
  delta(0, 'Forged', 'stranger'),
];

function signedNote(): Pick<Heard, 'event'> {
  return { event: signedBy('agent', { kind: 7001, tags: [['e', 'cd'.repeat(32)]], created_at: T }) };
}

test('order, repetition and strangers make no difference', () => {
  const whole = viewJob(job, story);
  expect(whole).toMatchObject({
    phase: 'done',
    agent: key('agent'),
    demand: { invoice: 'lnbc21', amount_msats: 21_000, expiresAt_s: T + 600, escrow: true },
    partial: 'Hello',
    progress: { status: 'partial', note: 'so far' },
    stream: { text, missing: 0, check: 'same' },
    cost: { price_msats: 20_500, input_tokens: 3 },
    reports: [{ note: 'half', content: '# Half', data: { a: 1 } }],
    verification: { badge: 'passed', told: { passed: true, ms: 12 } },
    deleted: true,
  });
  expect(whole.events).toHaveLength(story.length);
  const mixed = fc.shuffledSubarray([...story, ...story, ...noise], {
    minLength: story.length * 2 + noise.length,
  });
  fc.assert(
    fc.property(mixed, (schedule) => {
      expect(viewJob(job, schedule)).toEqual(whole);
    }),
    {
      numRuns: 200,
    },
  );
});

test('any part of the story has one view, whatever the order', () => {
  fc.assert(
    fc.property(fc.subarray([...story]), fc.infiniteStream(fc.nat()), (part, keys) => {
      const order = part.map((heard) => ({ heard, at: keys.next().value })).sort((a, b) => a.at - b.at);
      expect(
        viewJob(
          job,
          order.map(({ heard }) => heard),
        ),
      ).toEqual(viewJob(job, part));
    }),
  );
});

describe('the phase', () => {
  test.each<[string, readonly Heard[], string]>([
    ['nobody said anything', [], 'posted'],
    ['it is to be paid', demand(0), 'payment'],
    [
      'it works, within the second of its demand',
      [...demand(0), status(0, 'processing', 'begun')],
      'running',
    ],
    ['a delta says so too', [...demand(0), delta(0, 'x')], 'running'],
    ['it failed', [said('agent', 7001, 3, [['error', '{"code":"TIMEOUT","message":"late"}']])], 'failed'],
    ['NIP-90 errors as feedback', [status(3, 'error', 'TIMEOUT: late')], 'failed'],
    ['called off', [status(1, 'processing', ''), said('client', 5, 2, [])], 'cancelled'],
    ['erased afterwards', [result(3), said('client', 5, 4, [])], 'done'],
  ])('%s', (_, events, phase) => {
    expect(viewJob(job, events).phase).toBe(phase);
  });

  test('a job ends once: of two ends the first counts', () => {
    const late = said('agent', 7001, 12, [['error', '{"code":"AGENT_ERROR","message":"x"}']]);
    expect(viewJob(job, [late, result(9)])).toMatchObject({ phase: 'done', error: null });
  });
});

describe('the stream', () => {
  test('tolerates gaps and says that it has them', () => {
    const gap = [delta(0, 'Hel'), delta(2, 'wörld'), result(9)];
    expect(viewJob(job, gap).stream).toEqual({
      text: 'Helwörld',
      attempt: 1,
      deltas: 2,
      missing: 1,
      check: 'incomplete',
    });
  });

  test('is told apart from what was delivered', () => {
    const other = [...pieces.map((_, seq) => delta(seq, 'no')), result(9)];
    expect(viewJob(job, other).stream?.check).toBe('different');
  });

  test('begins again with another attempt, whatever came first', () => {
    const second = pieces.map((piece, seq) => delta(seq, piece, 'agent', [['attempt', '2']]));
    const view = viewJob(job, [...second, delta(0, 'wrong'), result(30)]);
    expect(view.stream).toMatchObject({ text, attempt: 2, check: 'same' });
  });
});

describe('the badge', () => {
  test.each<[string, readonly Heard[], string]>([
    ['the agent alone claims it', [result(9)], 'claimed'],
    ['the marketplace says so', [result(9), verdict('marketplace')], 'passed'],
    ['the two differ', [result(9), verdict('marketplace', false)], 'contradicted'],
    ['a stranger says so', [result(9), verdict('stranger', false)], 'claimed'],
    ['nobody says anything', [status(1, 'processing', '')], 'none'],
  ])('%s', (_, events, badge) => {
    expect(viewJob(job, events).verification.badge).toBe(badge);
  });
});

test('of an open request whoever came furthest is shown, and a failure of one is no end', () => {
  const open = { ...job, agent: null };
  const failed = said('hasty', 7001, 1, [['error', '{"code":"AGENT_ERROR","message":"x"}']]);
  expect(viewJob(open, [failed, ...demand(2)])).toMatchObject({ phase: 'payment', agent: key('agent') });
  expect(viewJob(open, [failed, ...demand(2), result(9, 'third')])).toMatchObject({
    phase: 'done',
    agent: key('third'),
    demand: null,
  });
});

test('a sealed answer that cannot be read is kept and says nothing, until it is opened', () => {
  const sealed = { event: result(9).event, said: null };
  expect(viewJob(job, [sealed])).toMatchObject({ phase: 'posted', events: [sealed] });
  expect(viewJob(job, [sealed, result(9)])).toEqual(viewJob(job, [result(9)]));
});
