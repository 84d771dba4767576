/**
 * Goal: the `code` agent runs clients' programs, without a model, in both dialects, and bills their fuel (PROTOCOL §6, issue
 * 5). Method: the started service with its sandbox and its development money; nostr-tools over a real socket, Alby's SDK
 * pays. Does not prove: what a hostile program can do to the engines (test/sandbox/).
 */
import { nip44 } from 'nostr-tools';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { agentKey, done, jobOverHttp, jsonTag, task } from '../support/jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

let service: Service;
let client: Client;
let code: string;

beforeAll(async () => {
  service = await startService({ sandbox: true });
  client = await connectClient(service.relay);
  code = agentKey(service, 'code');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
});

const python = (program: string, input = '') => JSON.stringify({ language: 'python', program, input });
const javascript = (program: string, input: unknown[] = []) =>
  JSON.stringify({ language: 'javascript', program, input });
const ask = (text: string, parameters: Record<string, unknown> = {}) =>
  done(client, client.sign(7001, [['p', code], requestTag(text, parameters)]));
const requestTag = (text: string, parameters: Record<string, unknown>) => [
  'request',
  JSON.stringify({ messages: [{ role: 'user', content: text }], parameters }),
];

const SORT = 'def f(words):\n    print("sorting", len(words))\n    return sorted(words, key=len)';

describe('agent NIP', () => {
  test('Python: the value, what was printed, the engine, and the fuel at no price', async () => {
    const result = await done(client, task(client, code, python(SORT, "['nostr', 'zap', 'relay']")));
    expect(result.content).toBe("['zap', 'nostr', 'relay']");
    expect(result.tags).toContainEqual(['printed', 'sorting 3\n', '10']);
    expect(jsonTag(result, 'result')).toMatchObject({
      model: expect.stringMatching(/^pyodide-/),
      choices: [{ message: { content: "['zap', 'nostr', 'relay']" }, finish_reason: 'stop' }],
      usage: { total_tokens: 0 },
    });
    const cost = jsonTag(result, 'cost');
    expect(cost).toMatchObject({
      price_sats: 0,
      breakdown: [{ item: 'fuel', units: expect.any(Number), cost_sats: 0 }],
    });
    const again = await done(client, task(client, code, python(SORT, "['nostr', 'zap', 'relay']")));
    expect(jsonTag(again, 'cost')).toEqual(cost);
  });

  test('JavaScript: the JSON of the value', async () => {
    const result = await ask(javascript('const f = (a, b) => ({ sum: a + b, list: [b] })', [1, 2]));
    expect(result.content).toBe('{"sum":3,"list":[2]}');
  });

  test('a fenced program with its input as a parameter', async () => {
    expect((await ask('```python\ndef f(n): return n ** 2\n```', { input: '12' })).content).toBe('144');
  });

  test('a sealed request is answered sealed', async () => {
    const key = nip44.getConversationKey(client.secretKey, code);
    const secret = requestTag(python('def f():\n    print("quetzal")\n    return 6 * 7'), {});
    const request = client.sign(
      7001,
      [['p', code], ['encrypted']],
      nip44.encrypt(JSON.stringify([secret]), key),
    );
    const result = await done(client, request);
    const inside: string[][] = JSON.parse(nip44.decrypt(result.content, key));
    expect(inside).toContainEqual(['printed', 'quetzal\n', '8']);
    expect(JSON.parse(inside.find(([name]) => name === 'result')?.[1] ?? '').choices[0].message.content).toBe(
      '42',
    );
    expect(JSON.stringify(result)).not.toContain('quetzal');
  });
});

describe('NIP-90, kind 5601', () => {
  const post = (text: string, ...tags: string[][]) =>
    done(client, client.sign(5601, [['p', code], ['i', text, 'text'], ...tags]));

  test('answers by 6601 with the fuel in its cost', async () => {
    const result = await post(javascript('const f = (n) => n * 2', [21]), ['param', 'fuel', '1000000']);
    expect(result).toMatchObject({ kind: 6601, content: '42' });
    expect(jsonTag(result, 'cost')).toMatchObject({ price_sats: 0, breakdown: [{ item: 'fuel' }] });
  });

  test('an exception is feedback with its type and message', async () => {
    const error = await post(javascript('const f = () => { throw new RangeError("too far"); }'));
    expect(error.kind).toBe(7000);
    expect(errorOf(error)).toMatchObject({
      code: 'BAD_REQUEST',
      details: { type: 'RangeError', message: 'too far' },
    });
  });

  test('a program may be the result of another job', async () => {
    const first = client.sign(5601, [
      ['p', code],
      ['i', javascript(`const f = () => ({ language: 'python', program: 'def f(): return 1 + 1' })`), 'text'],
    ]);
    const second = client.sign(5601, [
      ['p', code],
      ['i', first.id, 'job'],
    ]);
    const answers = client.answers(second.id);
    await client.publish(first);
    await client.publish(second);
    expect((await answers.end()).content).toBe('2');
  });
});

describe('what comes to no value', () => {
  test.each<[string, string, { code: string; details: Record<string, unknown> }]>([
    [
      'an exception',
      python('def f(): return {}["no"]'),
      { code: 'BAD_REQUEST', details: { type: 'KeyError', message: "'no'" } },
    ],
    [
      'no end',
      python('def f():\n  while True: pass'),
      { code: 'TIMEOUT', details: { limit: 'fuel', limit_fuel: 50_000_000 } },
    ],
    [
      'memory',
      python('def f(): return len("x" * 10**9)'),
      { code: 'CONTENT_TOO_LARGE', details: { limit: 'memory', limit_bytes: 50_331_648 } },
    ],
    [
      'output',
      javascript('const f = () => "x".repeat(2_000_000)'),
      { code: 'CONTENT_TOO_LARGE', details: { limit: 'output' } },
    ],
    [
      'not allowed',
      python('import socket\ndef f(): pass'),
      { code: 'BAD_REQUEST', details: { verdict: 'refused' } },
    ],
    ['no program', 'what is two and two?', { code: 'BAD_REQUEST', details: { path: '$' } }],
  ])('%s', async (_, text, failure) => {
    expect(errorOf(await ask(text))).toMatchObject(failure);
  });

  test('a budget of its own is held to, and one too large is refused', async () => {
    const loop = javascript('const f = () => { for (;;); }');
    expect(errorOf(await ask(loop, { fuel: 10_000 }))).toMatchObject({
      code: 'TIMEOUT',
      details: { limit_fuel: 10_000 },
    });
    expect(errorOf(await ask(loop, { fuel: 50_000_001 }))).toMatchObject({ code: 'INVALID_PARAMETER' });
  });

  test('a hostile program leaves nothing to the next one, and nobody waits long for it', async () => {
    const hostile = [
      python(
        'class list(list): __eq__ = lambda *_: True\nlen = sorted = list\ndef f():\n  l = []\n  while True: l.append("x" * 10**6)',
      ),
      python(
        'def f():\n  try: f()\n  except BaseException:\n    while True:\n      try:\n        while True: pass\n      except BaseException: pass',
      ),
      javascript(
        'JSON.stringify = () => "forged"; const f = () => { Array.prototype.map = () => 1; for (;;); }',
      ),
    ];
    const benign = [
      python('def f(): return len(sorted([3, 1, 2]))'),
      javascript('const f = () => [1, 2].map((n) => n + 1)'),
    ];
    const ended = await Promise.all([...hostile, ...benign].map((text) => ask(text)));
    for (const end of ended.slice(0, 3)) expect(errorOf(end)?.code).toMatch(/^(TIMEOUT|CONTENT_TOO_LARGE)$/);
    expect(ended.slice(3).map(({ content }) => content)).toEqual(['3', '[2,3]']);
    expect((await ask(python('def f(): return len("four")'))).content).toBe('4');
  });
});

describe('code-prepaid', () => {
  test('is paid for all of its budget, charged for the fuel it used, and gives the rest back as credit', async () => {
    const payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
    const customer = await connectClient(service.relay);
    const credit = async () =>
      Number((await signedCall(service.url, customer.secretKey, 'GET', '/account')).json.credit_msats);
    const order = async (program: string): Promise<{ readonly demanded: number; readonly end: Event }> => {
      const request = customer.sign(7001, [
        ['p', agentKey(service, 'code-prepaid')],
        requestTag(program, {}),
      ]);
      const answers = customer.answers(request.id);
      await customer.publish(request);
      const asked = await answers.find((event) => tag(event, 'amount') !== undefined);
      const [, amount, invoice] = asked.tags.find(([name]) => name === 'amount') ?? [];
      await payer.payInvoice({ invoice: invoice ?? '' });
      return { demanded: Number(amount), end: await answers.end() };
    };

    const { demanded, end } = await order(python('def f(n): return sum(range(n))', '100_000'));
    expect(demanded).toBe(20_000);
    expect(end.content).toBe('4999950000');
    const cost = jsonTag(end, 'cost');
    const { breakdown }: { breakdown: { item: string; units: number; cost_sats: number }[] } = JSON.parse(
      JSON.stringify(cost),
    );
    const [fuel] = breakdown;
    const msats = Math.ceil(((fuel?.units ?? 0) * 400) / 1_000_000);
    expect(breakdown).toEqual([{ item: 'fuel', units: expect.any(Number), cost_sats: msats / 1_000 }]);
    expect(msats).toBeGreaterThan(0);
    await expect.poll(credit, { timeout: 10_000 }).toBe(20_000 - msats);

    // What failed is given back whole.
    const failed = await order(python('def f(): return 1 / 0'));
    expect(failed.demanded).toBe(20_000);
    expect(errorOf(failed.end)).toMatchObject({ details: { type: 'ZeroDivisionError' } });
    await expect.poll(credit, { timeout: 10_000 }).toBe(40_000 - msats);
    customer.close();
    payer.close();
  });

  test('what is wrong is told before anybody is asked for money', async () => {
    const request = client.sign(7001, [
      ['p', agentKey(service, 'code-prepaid')],
      requestTag('no program', {}),
    ]);
    const answers = client.answers(request.id);
    await client.publish(request);
    expect(errorOf(await answers.end())).toMatchObject({ code: 'BAD_REQUEST', details: { path: '$' } });
    expect(answers.events.some((event) => tag(event, 'amount') !== undefined)).toBe(false);
  });
});

test('it is announced like the others', async () => {
  const seen = await new Promise<Event[]>((resolve) => {
    const events: Event[] = [];
    client.relay.subscribe([{ authors: [code], kinds: [31990, 37001] }], {
      onevent: (event) => events.push(event),
      oneose: () => resolve(events),
    });
  });
  expect(seen.map(({ kind }) => kind).sort()).toEqual([31990, 37001]);
  for (const event of seen) expect(event.tags).toContainEqual(['k', '5601']);
  expect(await jobOverHttp(service, 'f'.repeat(64))).toEqual({ status: 404 });
});
