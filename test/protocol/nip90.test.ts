import { describe, expect, test } from 'vitest';
import { JobError, type JobFailure } from '../../src/errors.ts';
import { JOB_MAX_STATUS_CHARS, RELAY_MAX_TAG_VALUE_CHARS } from '../../src/limits.ts';
import { tagValue, verifyEvent } from '../../src/nostr/event.ts';
import { costJson } from '../../src/protocol/completion.ts';
import type { JobBody, Report, Request } from '../../src/protocol/model.ts';
import { nip90 } from '../../src/protocol/nip90.ts';
import { agentKeys, clientPubkey, cost, kinds, NOW_S, output, signed, taken } from './fixtures.ts';

const dialect = nip90(kinds);
const never = () => {
  throw new Error('nothing is to be decrypted');
};

function request(tags: string[][], content = '', kind = 5302): Request {
  const event = signed(kind, tags, content);
  return { envelope: dialect.envelope(event), event };
}

function read(tags: string[][], content = '', kind = 5302): JobBody {
  const { event, envelope } = request(tags, content, kind);
  return dialect.body(event, envelope, never);
}

function refusal(tags: string[][], kind = 5302): JobFailure {
  try {
    read(tags, '', kind);
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
  throw new Error('the request was not refused');
}

test('takes the request kinds of NIP-90 and no others', () => {
  expect([4999, 5000, 5999, 6000, 7000, 7001].map((kind) => dialect.takes(kind))).toEqual([
    false,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('t is a topic here and names no conversation', () => {
  expect(request([['t', 'bitcoin']]).envelope).toMatchObject({ dialect: 'nip90', session: null, agents: [] });
});

describe('body', () => {
  test('reads every type of input', () => {
    const id = 'e'.repeat(64);
    const body = read([
      ['i', 'plain text', 'text'],
      ['i', 'untyped'],
      ['i', 'https://x.test/page', 'url'],
      ['i', id, 'event', 'wss://r.test'],
      ['i', id, 'job', '', 'source'],
    ]);
    expect(body.messages).toEqual([
      { role: 'user', content: 'plain text' },
      { role: 'user', content: 'untyped' },
    ]);
    expect(body.inputs).toEqual([
      { type: 'url', value: 'https://x.test/page' },
      { type: 'event', value: id, relay: 'wss://r.test' },
      { type: 'job', value: id, marker: 'source' },
    ]);
  });

  test('param becomes parameters: one value a text, several a list, model apart', () => {
    const body = read([
      ['i', 'x', 'text'],
      ['param', 'max_results', '5'],
      ['param', 'users', 'a', 'b'],
      ['param', 'users', 'c'],
      ['param', 'top-p', '0.7'],
      ['param', 'model', 'LLaMA-2'],
      ['param', '__proto__', 'x'],
    ]);
    expect(body.model).toBe('LLaMA-2');
    expect(Object.entries(body.parameters)).toEqual([
      ['max_results', '5'],
      ['users', ['a', 'b', 'c']],
      ['top_p', '0.7'],
      ['__proto__', 'x'],
    ]);
  });

  test('output and bid are read', () => {
    const body = read([
      ['i', 'x', 'text'],
      ['output', 'text/plain'],
      ['bid', '21000'],
    ]);
    expect(body).toMatchObject({ outputFormat: 'text/plain', bid_msats: 21_000 });
  });

  test('a prompt in the content counts where there is no input', () => {
    expect(read([], 'a prompt').messages).toEqual([{ role: 'user', content: 'a prompt' }]);
    expect(read([['i', 'x', 'text']], 'a remark').messages).toEqual([{ role: 'user', content: 'x' }]);
  });

  test('content discovery needs no input, a search does', () => {
    expect(read([], '', 5300).messages).toEqual([]);
    expect(refusal([])).toMatchObject({ code: 'BAD_REQUEST', details: { path: 'i' } });
  });

  test.each([
    ['an unknown type', ['i', 'x', 'smell']],
    ['no value', ['i']],
    ['an event that is no id', ['i', 'note1xyz', 'event']],
    ['a job that is no id', ['i', 'E'.repeat(64), 'job']],
    ['a url that is none', ['i', 'not a url', 'url']],
  ])('an input of %s is a BAD_REQUEST', (_name, tag) => {
    expect(refusal([tag])).toMatchObject({ code: 'BAD_REQUEST', details: { path: 'i' } });
  });

  test.each(['-1', '1.5', 'much'])('a bid of %s is a BAD_REQUEST', (bid) => {
    expect(
      refusal([
        ['i', 'x', 'text'],
        ['bid', bid],
      ]),
    ).toMatchObject({ code: 'BAD_REQUEST', details: { path: 'bid' } });
  });
});

describe('render', () => {
  const tags = [
    ['i', 'nostr zaps', 'text'],
    ['i', 'e'.repeat(64), 'event', 'wss://r.test'],
    ['p', agentKeys.publicKey],
    ['t', 'bitcoin'],
  ];

  function one(report: Report, asked = request(tags)) {
    const [event, ...more] = dialect.render(report, asked, NOW_S + 5);
    expect(more).toEqual([]);
    if (event === undefined) throw new Error('nothing was rendered');
    return event;
  }

  test('a result has the kind one thousand higher, the request as it was signed, and its inputs', () => {
    const asked = request(tags);
    const event = one({ type: 'result', output, cost, demand: null }, asked);
    expect(event).toMatchObject({ kind: 6302, content: 'the answer' });
    expect(event.tags).toEqual([
      ['e', asked.event.id],
      ['p', clientPubkey],
      ['cost', JSON.stringify(costJson(cost))],
      ['request', JSON.stringify(asked.event)],
      ['i', 'nostr zaps', 'text'],
      ['i', 'e'.repeat(64), 'event', 'wss://r.test'],
    ]);
    const quoted = taken(JSON.parse(tagValue(event, 'request') ?? ''));
    expect(typeof verifyEvent(quoted)).toBe('object');
    expect(tagValue(event, 'amount')).toBeUndefined();
  });

  test('a result that is still to be paid says how much and by which invoice', () => {
    const demand = {
      amount_msats: 21_000,
      bolt11: 'lnbcrt210n1…',
      paymentHash: 'c'.repeat(64),
      expiresAt_s: NOW_S + 600,
      escrow: false,
    };
    expect(one({ type: 'result', output, cost, demand }).tags).toContainEqual([
      'amount',
      '21000',
      demand.bolt11,
    ]);
  });

  test('what repeats the request gives way when the result would be too large for relays', () => {
    const long = request([['i', 'x'.repeat(30_000), 'text']]);
    const names = (content: string) =>
      one({ type: 'result', output: { ...output, content }, cost, demand: null }, long).tags.map(
        ([name]) => name,
      );
    expect(names('short')).toEqual(['e', 'p', 'cost', 'request', 'i']);
    expect(names('y'.repeat(10_000))).toEqual(['e', 'p', 'cost', 'request']);
    expect(names('y'.repeat(40_000))).toEqual(['e', 'p', 'cost']);
  });

  test('what a program printed gives way last', () => {
    const long = request([['i', 'x'.repeat(30_000), 'text']]);
    const names = (content: string) =>
      one(
        {
          type: 'result',
          output: { ...output, content, printed: { text: 'so far', bytes: 6 } },
          cost,
          demand: null,
        },
        long,
      ).tags.map(([name]) => name);
    expect(names('short')).toEqual(['e', 'p', 'cost', 'request', 'i', 'printed']);
    expect(names('y'.repeat(40_000))).toEqual(['e', 'p', 'cost', 'printed']);
    expect(names('y'.repeat(65_000))).toEqual(['e', 'p', 'cost']);
  });

  test('an error is feedback with the code in its status and the whole failure beside it', () => {
    const failure = { code: 'CONTENT_TOO_LARGE', message: 'too long', details: { limit_bytes: 3 } } as const;
    const event = one({ type: 'error', failure });
    expect(event).toMatchObject({ kind: 7000, content: '' });
    expect(event.tags).toContainEqual(['status', 'error', 'CONTENT_TOO_LARGE: too long']);
    expect(JSON.parse(tagValue(event, 'error') ?? '')).toEqual(failure);
  });

  test('processing is feedback', () => {
    expect(one({ type: 'processing', note: 'searching' }).tags).toContainEqual([
      'status',
      'processing',
      'searching',
    ]);
  });

  test('the text of a status never grows beyond what relays take in a tag', () => {
    const message = 'x🙂'.repeat(5000);
    for (const report of [
      { type: 'error', failure: { code: 'BAD_REQUEST', message } },
      { type: 'processing', note: message },
      { type: 'partial', note: message, content: '' },
    ] satisfies Report[]) {
      const text = one(report).tags.find(([name]) => name === 'status')?.[2] ?? '';
      expect(text.length).toBe(JOB_MAX_STATUS_CHARS);
      expect(text.isWellFormed()).toBe(true);
    }
    expect(JOB_MAX_STATUS_CHARS).toBeLessThan(RELAY_MAX_TAG_VALUE_CHARS);
  });
});
