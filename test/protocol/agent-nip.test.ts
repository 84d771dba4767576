import { describe, expect, test } from 'vitest';
import { JobError, type JobFailure } from '../../src/errors.ts';
import { sha256Hex, tagValue } from '../../src/nostr/event.ts';
import { agentNip } from '../../src/protocol/agent-nip.ts';
import type { JobBody, Report, Request } from '../../src/protocol/model.ts';
import { agentKeys, clientPubkey, cost, kinds, NOW_S, output, signed } from './fixtures.ts';

const dialect = agentNip(kinds);
const never = () => {
  throw new Error('nothing is to be decrypted');
};

function request(body: unknown, tags: string[][] = [], content = ''): Request {
  const event = signed(
    7001,
    [
      ['p', agentKeys.publicKey],
      ['request', typeof body === 'string' ? body : JSON.stringify(body)],
      ...tags,
    ],
    content,
  );
  return { envelope: dialect.envelope(event), event };
}

function read(body: unknown, tags: string[][] = [], content = ''): JobBody {
  const { event, envelope } = request(body, tags, content);
  return dialect.body(event, envelope, never);
}

function refusal(body: unknown, tags: string[][] = []): JobFailure {
  try {
    read(body, tags);
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
  throw new Error('the request was not refused');
}

const hello = { messages: [{ role: 'user', content: 'hello' }] };

describe('envelope', () => {
  test('reads all there is to read', () => {
    const { event, envelope } = request(hello, [
      ['p', 'b'.repeat(64)],
      ['t', 'trip'],
      ['t', 'second'],
      ['expiration', '1800000100'],
      ['relays', 'WSS://One.Test/', 'https://not.a.relay', 'wss://two.test'],
      ['relays', 'wss://one.test'],
    ]);
    expect(envelope).toEqual({
      dialect: 'agent',
      id: event.id,
      kind: 7001,
      client: clientPubkey,
      agents: [agentKeys.publicKey, 'b'.repeat(64)],
      session: 'trip',
      createdAt_s: NOW_S,
      expiresAt_s: 1_800_000_100,
      relays: ['wss://one.test', 'wss://two.test'],
      sealing: 'none',
    });
  });

  test('passes over what cannot be meant', () => {
    const { envelope } = request(hello, [
      ['t', ''],
      ['t', 'x'.repeat(300)],
      ['expiration', 'soon'],
      ['relays'],
    ]);
    expect(envelope).toMatchObject({ session: null, expiresAt_s: null, relays: [] });
  });

  test('takes at most ten relays', () => {
    const urls = Array.from({ length: 30 }, (_, i) => `wss://r${i}.test`);
    expect(request(hello, [['relays', ...urls]]).envelope.relays).toEqual(urls.slice(0, 10));
  });
});

describe('body', () => {
  test('reads messages, parameters, model, tools, format, contract and invoice', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
        ],
      },
      { role: 'assistant', content: null },
      { role: 'tool', content: '42', tool_call_id: 'c1', name: 'calc' },
    ];
    const body = read(
      {
        model: 'm',
        messages,
        parameters: { temperature: 0.5 },
        tools: [{ type: 'function' }],
        response_format: { type: 'json_object' },
      },
      [
        ['output_format', 'text/plain'],
        ['contract', '{"scope":"all"}'],
        ['bolt11', 'lnbc1'],
      ],
    );
    expect(body).toEqual({
      messages: [messages[0], messages[1], { role: 'assistant', content: '' }, messages[3]],
      parameters: { temperature: 0.5 },
      inputs: [],
      model: 'm',
      outputFormat: { type: 'json_object' },
      tools: [{ type: 'function' }],
      bid_msats: null,
      contract: { scope: 'all' },
      bolt11: 'lnbc1',
    });
  });

  test('output_format counts where the JSON has no response_format', () => {
    expect(read(hello, [['output_format', 'text/markdown']]).outputFormat).toBe('text/markdown');
  });

  test('the content is the last user message', () => {
    expect(read(hello, [], 'An article.').messages).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'user', content: 'An article.' },
    ]);
  });

  test('the content is enough when there are no messages', () => {
    expect(read({}, [], 'An article.').messages).toEqual([{ role: 'user', content: 'An article.' }]);
  });

  test('the content is not said twice when a message carries it', () => {
    const messages = [{ role: 'user', content: 'Sum this up: An article.' }];
    expect(read({ messages }, [], ' An article.\n').messages).toEqual(messages);
  });

  test('a contract may be an https URL', () => {
    expect(read(hello, [['contract', 'https://x.test/contract.json']]).contract).toBe(
      'https://x.test/contract.json',
    );
  });

  test('a member called __proto__ stays a member', () => {
    const body = read(
      '{"messages":[{"role":"user","content":"x"}],"parameters":{"__proto__":{"polluted":true}}}',
    );
    expect(Object.keys(body.parameters)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted');
  });

  test('a request without its tag is refused', () => {
    const event = signed(7001, [['p', agentKeys.publicKey]], 'hello');
    expect(() => dialect.body(event, dialect.envelope(event), never)).toThrow(/request tag is missing/);
  });

  const nested = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  test.each([
    ['no JSON', '{', 'request'],
    ['no object', '[]', 'request'],
    ['no messages', {}, '$.messages'],
    ['empty messages', { messages: [] }, '$.messages'],
    ['messages of a wrong type', { messages: 'hello' }, '$.messages'],
    ['a message that is none', { messages: [7] }, '$.messages[0]'],
    ['an unknown role', { messages: [{ role: 'god', content: 'x' }] }, '$.messages[0].role'],
    ['no content', { messages: [{ role: 'user' }] }, '$.messages[0].content'],
    [
      'an unknown part',
      { messages: [{ role: 'user', content: [{ type: 'video' }] }] },
      '$.messages[0].content[0].type',
    ],
    [
      'a text part without text',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      '$.messages[0].content[0].text',
    ],
    [
      'an image without URL',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      '$.messages[0].content[0].image_url.url',
    ],
    ['parameters of a wrong type', { ...hello, parameters: [] }, '$.parameters'],
    ['a model of a wrong type', { ...hello, model: 4 }, '$.model'],
    ['deep nesting', `{"messages":${nested}}`, 'request'],
  ])('%s is a BAD_REQUEST that names the place', (_name, body, path) => {
    expect(refusal(body)).toMatchObject({ code: 'BAD_REQUEST', details: { path } });
  });

  test.each(['http://x.test', 'nonsense', '[1]'])('the contract %s is refused', (contract) => {
    expect(refusal(hello, [['contract', contract]])).toMatchObject({
      code: 'BAD_REQUEST',
      details: { path: 'contract' },
    });
  });
});

describe('render', () => {
  function one(report: Report, tags: string[][] = []) {
    const events = dialect.render(report, request(hello, tags), NOW_S + 5);
    expect(events).toHaveLength(1);
    const [event] = events;
    if (event === undefined) throw new Error('nothing was rendered');
    return event;
  }

  test('a result is a chat completion with its cost', () => {
    const asked = request(hello, [['t', 'trip']]);
    const [event] = dialect.render({ type: 'result', output, cost, demand: null }, asked, NOW_S + 5);
    expect(event).toMatchObject({ kind: 7001, created_at: NOW_S + 5, content: 'the answer' });
    const tags = Object.fromEntries((event?.tags ?? []).map(([name, ...values]) => [name, values]));
    expect(Object.keys(tags).sort()).toEqual(['cost', 'e', 'nip_version', 'p', 'result', 't']);
    expect(tags).toMatchObject({
      e: [asked.event.id],
      p: [clientPubkey],
      t: ['trip'],
      nip_version: ['20250520'],
    });
    expect(JSON.parse(tags.result?.[0] ?? '')).toEqual({
      id: `chatcmpl-${asked.event.id}`,
      object: 'chat.completion',
      created: NOW_S + 5,
      model: 'small-model',
      choices: [{ index: 0, message: { role: 'assistant', content: 'the answer' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(JSON.parse(tags.cost?.[0] ?? '')).toEqual({
      input_tokens: 3,
      output_tokens: 2,
      price_sats: 1.5,
      currency: 'sats',
      breakdown: [{ item: 'tokens', cost_sats: 1.5 }],
    });
  });

  test('a streamed result proves what was streamed', () => {
    const stream = { deltas: 4, sha256: sha256Hex('the answer') };
    const event = one({ type: 'result', output: { ...output, stream }, cost, demand: null });
    expect(event.tags).toContainEqual(['stream', '4', stream.sha256]);
  });

  test('what a program used and printed is told, and gives way where the event is full', () => {
    const printed = { text: 'so far\n', bytes: 7 };
    const fuel = { item: 'fuel', units: 1_234, cost_msats: 0 };
    const told = {
      type: 'result',
      output: { ...output, printed },
      cost: { ...cost, breakdown: [fuel] },
    } as const;
    const event = one({ ...told, demand: null });
    expect(event.tags).toContainEqual(['printed', 'so far\n', '7']);
    expect(JSON.parse(tagValue(event, 'cost') ?? '').breakdown).toEqual([
      { item: 'fuel', units: 1_234, cost_sats: 0 },
    ]);
    const content = 'x'.repeat(64_000);
    const full = one({
      ...told,
      output: { ...output, content, printed: { text: 'y'.repeat(4_096), bytes: 9_000 } },
      demand: null,
    });
    expect(tagValue(full, 'printed')).toBeUndefined();
    expect(JSON.parse(tagValue(full, 'result') ?? '').choices[0].message.content).toBe(content);
  });

  test('an answer too long to be said twice is said once', () => {
    const content = 'ä'.repeat(20_000);
    const event = one({ type: 'result', output: { ...output, content }, cost, demand: null });
    expect(event.content).toBe('');
    expect(JSON.parse(tagValue(event, 'result') ?? '').choices[0].message.content).toBe(content);
  });

  test('an error has an error and no result', () => {
    const failure = { code: 'NOT_FOUND', message: 'no such model', details: { path: '$.model' } } as const;
    const event = one({ type: 'error', failure });
    expect(event).toMatchObject({ kind: 7001, content: '' });
    expect(JSON.parse(tagValue(event, 'error') ?? '')).toEqual(failure);
    expect(tagValue(event, 'result')).toBeUndefined();
  });

  test('processing, progress and partial are feedback with a NIP-90 status', () => {
    expect(one({ type: 'processing', note: 'begun' })).toMatchObject({ kind: 7000, content: '' });
    expect(one({ type: 'processing', note: 'begun' }).tags).toContainEqual(['status', 'processing', 'begun']);
    expect(one({ type: 'progress', note: 'half', done: 1, total: 2 }).tags).toEqual(
      expect.arrayContaining([
        ['status', 'processing', 'half'],
        ['progress', '1', '2'],
      ]),
    );
    const partial = one({ type: 'partial', content: 'the an', note: '' }, [['t', 'trip']]);
    expect(partial.content).toBe('the an');
    expect(partial.tags).toEqual(
      expect.arrayContaining([
        ['status', 'partial', ''],
        ['t', 'trip'],
      ]),
    );
  });

  test('a delta is ephemeral, counted, and names its attempt only from the second on', () => {
    const first = one({ type: 'delta', seq: 0, text: 'the', attempt: 1 });
    expect(first).toMatchObject({ kind: 27_001, content: 'the' });
    expect(first.tags.map(([name]) => name)).toEqual(['e', 'p', 'seq']);
    expect(one({ type: 'delta', seq: 3, text: 'x', attempt: 2 }).tags).toEqual(
      expect.arrayContaining([
        ['seq', '3'],
        ['attempt', '2'],
      ]),
    );
  });
});
