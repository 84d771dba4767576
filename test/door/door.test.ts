/**
 * Goal: a door posts real, sealed requests of a purse, and tells exactly what its agent says until the job's end.
 * Method: the door over scripted agents that open and seal real events, and a relay in memory that breaks off and forgets.
 * Does not prove: money and sessions (test/e2e/openai-door.test.ts), the relay itself (test/relay).
 */
import { describe, expect, test } from 'vitest';
import type { HeardNews } from '../../src/door/news.ts';
import { StreamedText } from '../../src/door/text.ts';
import type { Report } from '../../src/protocol/model.ts';
import { doorWorld, RESULT, type ScriptedJob } from '../support/door-world.ts';

const ask = (text: string) => ({ messages: [{ role: 'user', content: text }] });

async function all(news: AsyncIterable<HeardNews>): Promise<HeardNews[]> {
  const heard: HeardNews[] = [];
  for await (const one of news) heard.push(one);
  return heard;
}

const types = (heard: readonly HeardNews[]) => heard.map(({ type }) => type);
const delta = (seq: number, text: string, attempt = 1): Report => ({ type: 'delta', seq, text, attempt });
const DEMAND: Report = {
  type: 'paymentRequired',
  demand: {
    amount_msats: 21_000,
    bolt11: 'lnbcrt1',
    paymentHash: 'ab'.repeat(32),
    expiresAt_s: 1_800_000_900,
    escrow: false,
  },
};

describe('Door', () => {
  test('post() seals the request, and its news are the answers up to the result', async () => {
    const world = doorWorld({
      chat: (_body, job) =>
        job.tell({ type: 'processing', note: 'on it' }, delta(0, 'he'), delta(1, 'llo'), RESULT('hello')),
    });
    const purse = world.purse();
    const order = { agent: world.door.agent('chat'), request: ask('my secret question') };
    const { request, news, id } = await world.door.post(purse, order);
    expect(JSON.stringify(request)).not.toContain('secret');
    expect(request.pubkey).toBe(purse.keys.publicKey);
    expect(world.asked).toMatchObject([{ slug: 'chat', body: ask('my secret question') }]);
    const heard = await all(news());
    expect(types(heard)).toEqual(['progress', 'delta', 'delta', 'result']);
    expect(heard[0]).toMatchObject({ status: 'processing', note: 'on it' });
    expect(heard.at(-1)).toMatchObject({
      content: 'hello',
      price_msats: 0,
      completion: { model: 'small', finish_reason: 'stop', usage: { total_tokens: 5 } },
    });
    // Deltas are not kept; everything else can be read again, by its own purse only.
    expect(types(await all(await world.door.follow(purse, id)))).toEqual(['progress', 'result']);
    await expect(world.door.follow(world.purse('two'), id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a demand for money is told once and in full, and is no end', async () => {
    const jobs: ScriptedJob[] = [];
    const world = doorWorld({
      chat: (_body, job) => {
        jobs.push(job);
        job.tell(DEMAND);
      },
    });
    const { news } = await world.door.post(world.purse(), {
      agent: world.door.agent('chat'),
      request: ask('x'),
    });
    const reading = news();
    expect((await reading.next()).value).toMatchObject({
      type: 'payment',
      demand: { bolt11: 'lnbcrt1', amount_msats: 21_000, paymentHash: 'ab'.repeat(32), escrow: false },
    });
    jobs[0]?.tell(RESULT('paid for'));
    expect(types(await all(reading))).toEqual(['result']);
  });

  test.each(['expired', 'cancelled'] as const)(
    'a job that is %s without a word ends its news',
    async (phase) => {
      const world = doorWorld({ chat: (_body, job) => job.phase(phase) });
      const { news } = await world.door.post(world.purse(), {
        agent: world.door.agent('chat'),
        request: ask('x'),
      });
      expect(await all(news())).toMatchObject([{ type: 'over', phase }]);
    },
  );

  test('a stream that breaks off goes on where it stood; one that cannot be kept says so', async () => {
    const jobs: ScriptedJob[] = [];
    const world = doorWorld({
      chat: (_body, job) => {
        jobs.push(job);
        job.tell({ type: 'processing', note: 'on it' });
      },
    });
    const { news, id } = await world.door.post(world.purse(), {
      agent: world.door.agent('chat'),
      request: ask('x'),
    });
    const reading = news();
    expect((await reading.next()).value).toMatchObject({ type: 'progress' });
    jobs[0]?.breakOff();
    setTimeout(() => jobs[0]?.tell(RESULT('after all')), 20);
    expect(await all(reading)).toMatchObject([{ type: 'result', content: 'after all' }]);

    const broken = {
      ...world.ports,
      jobEvents: async () => new ReadableStream<Uint8Array>({ start: (c) => c.close() }),
      job: async () => undefined,
    };
    const { followJob } = await import('../../src/door/follow.ts');
    await expect(all(followJob(broken, world.purse(), id))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });

  test('a reader that leaves ends the news and not the job', async () => {
    const world = doorWorld({ chat: (_body, job) => job.tell({ type: 'processing', note: 'on it' }) });
    const { news } = await world.door.post(world.purse(), {
      agent: world.door.agent('chat'),
      request: ask('x'),
    });
    const leaving = new AbortController();
    const reading = news(leaving.signal);
    await reading.next();
    leaving.abort();
    expect(await reading.next()).toMatchObject({ done: true });
    expect(world.published).toEqual([]);
  });

  test('what nobody could serve is refused before anything is posted', async () => {
    const { door, purse, asked } = doorWorld();
    const chat = door.agent('chat');
    const refused = (order: Parameters<typeof door.post>[1], by = purse()) =>
      expect(door.post(by, order)).rejects;
    await refused({ agent: chat, request: {} }).toMatchObject({ code: 'BAD_REQUEST' });
    await refused({
      agent: chat,
      request: { ...ask('x'), parameters: { temperature: 'hot' } },
    }).toMatchObject({
      code: 'INVALID_PARAMETER',
      details: { path: '$.parameters.temperature' },
    });
    await refused({ agent: chat, request: ask('x'.repeat(45_000)) }).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
    });
    await refused({ agent: chat, request: ask('x') }, purse('one', { agents: ['code'] })).toMatchObject({
      code: 'FORBIDDEN',
      details: { reason: 'agent_not_allowed' },
    });
    expect(() => door.agent('nobody')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(asked).toEqual([]);
  });

  test('cancel() and say() are signed by the purse, and for its own jobs only', async () => {
    const world = doorWorld({ chat: (_body, job) => job.tell({ type: 'processing', note: 'on it' }) });
    const purse = world.purse();
    const { id, news } = await world.door.post(purse, { agent: world.door.agent('chat'), request: ask('x') });
    await expect(world.door.cancel(world.purse('two'), id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(world.door.say(purse, id, 'hello')).rejects.toMatchObject({
      details: { reason: 'no_team' },
    });
    await world.door.cancel(purse, id);
    expect(world.published).toMatchObject([
      {
        kind: 5,
        pubkey: purse.keys.publicKey,
        tags: [
          ['e', id],
          ['k', '7001'],
        ],
      },
    ]);
    expect((await all(news())).at(-1)).toMatchObject({ type: 'over', phase: 'cancelled' });
  });

  test('the same Idempotency-Key is the same job, unless that one came to nothing', async () => {
    const world = doorWorld({
      chat: (body, job) =>
        JSON.stringify(body.messages).includes('fail')
          ? job.tell({ type: 'error', failure: { code: 'MODEL_ERROR', message: 'away' } })
          : job.tell(RESULT('once')),
    });
    const agent = world.door.agent('chat');
    const post = (text: string, key: string, purse = world.purse()) =>
      world.door.post(purse, { agent, request: ask(text) }, { key, content: text });
    const [one, two] = await Promise.all([post('x', 'k'), post('x', 'k')]);
    expect(two.id).toBe(one.id);
    expect([one.repeated, two.repeated].filter(Boolean)).toHaveLength(1);
    expect(await all(two.news())).toMatchObject([{ type: 'result', content: 'once' }]);
    expect(world.asked).toHaveLength(1);
    await expect(post('y', 'k')).rejects.toMatchObject({ details: { reason: 'idempotency_key_reused' } });
    // Nobody else's key: the other purse gets a job of its own.
    expect((await post('x', 'k', world.purse('two'))).id).not.toBe(one.id);
    const failed = await post('fail', 'f');
    await all(failed.news());
    expect((await post('fail', 'f')).id).not.toBe(failed.id);
    await expect(post('x', 'k'.repeat(256))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('StreamedText', () => {
  test('tells each piece once, passes over gaps and repetitions, and ends with the whole text', () => {
    const text = new StreamedText();
    const said = [
      text.delta({ seq: 0, attempt: 1, text: 'Once' }),
      text.delta({ seq: 0, attempt: 1, text: 'Once' }),
      text.delta({ seq: 2, attempt: 1, text: ' a time' }),
      text.delta({ seq: 0, attempt: 2, text: 'On' }),
      text.delta({ seq: 1, attempt: 2, text: 'ce upon' }),
      text.delta({ seq: 3, attempt: 1, text: 'old' }),
      text.result('Once upon a time'),
    ];
    expect(said).toEqual(['Once', '', '', '', ' upon', '', ' a time']);
    expect(text.told).toBe('Once upon a time');
  });

  test('another text than was told is no text to go on with', () => {
    const text = new StreamedText();
    text.delta({ seq: 0, attempt: 1, text: 'Yes' });
    expect(text.delta({ seq: 0, attempt: 2, text: 'No, not' })).toBe('');
    expect(() => text.result('No, not that')).toThrow('another answer');
  });
});
