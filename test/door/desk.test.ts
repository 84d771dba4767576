/**
 * Goal: whoever calls by name is held to its cap, finds its own jobs and nobody else's, and is told how they stand. Method:
 * the desk over a door with scripted agents and a relay in memory. Does not prove: sessions and money (test/e2e).
 */
import { describe, expect, test } from 'vitest';
import { Callers } from '../../src/door/caller.ts';
import { Desk, watch } from '../../src/door/desk.ts';
import { asksCaller, type JobView } from '../../src/door/view.ts';
import type { Report } from '../../src/protocol/model.ts';
import { doorWorld, RESULT, type Script, type ScriptedJob } from '../support/door-world.ts';

function deskOver(scripts: { readonly [slug: string]: Script } = {}) {
  const world = doorWorld(scripts);
  let secrets = 0;
  const callers = new Callers(world.ports.purseKeys, () => String(++secrets).padStart(32, '0'));
  const strict: string[] = [];
  const desk = new Desk(world.door, callers, async ({ id }) => void strict.push(id));
  const agent = (slug: string) => world.door.agent(slug);
  return { ...world, callers, desk, agent, strict };
}

const DEMAND: Report = {
  type: 'paymentRequired',
  demand: {
    amount_msats: 21_500,
    bolt11: 'lnbcrt1',
    paymentHash: 'ab'.repeat(32),
    expiresAt_s: 1_800_000_900,
    escrow: false,
  },
};

describe('the cap', () => {
  test('priced work is refused without one, and when it may cost more; the session is told of it', async () => {
    const { desk, agent, asked, purse } = deskOver();
    const wish = { agent: agent('discover-prepaid'), text: 'kestrel' };
    await expect(desk.post(purse(), wish)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      details: { reason: 'max_sats_required', price_sats: 21 },
    });
    await expect(desk.post(purse(), { ...wish, max_sats: 20 })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { price_sats: 21, max_sats: 20 },
    });
    await expect(desk.post(purse(), { ...wish, max_sats: 1.5 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect(asked).toEqual([]);
    await watch(await desk.post(purse(), { ...wish, max_sats: 30 }));
    await watch(
      await desk.post(purse(), { ...wish, max_sats: 30, contract: { payment_amount_sats: 25, scope: 'x' } }),
    );
    await watch(await desk.post(purse(), { ...wish, max_sats: 30, contract: { payment_amount_sats: 50 } }));
    expect(asked.map(({ body }) => body.contract)).toEqual([
      { payment_amount_sats: 30 },
      { payment_amount_sats: 25, scope: 'x' },
      { payment_amount_sats: 30 },
    ]);
  });
});

test('nothing is lent to who may be somebody new each time', async () => {
  const { desk, agent, callers, purse, strict } = deskOver();
  for (const caller of [callers.guest(), callers.nostr('a'.repeat(64)), purse()]) {
    await watch(await desk.post(caller, { agent: agent('discover'), text: 'free' }));
    await watch(await desk.post(caller, { agent: agent('discover-postpaid'), text: 'x', max_sats: 30 }));
  }
  expect(strict).toEqual([`guest:${'1'.padStart(32, '0')}`, `nostr:${'a'.repeat(64)}`]);
});

describe('watching', () => {
  test('stops where the job waits to be paid, and goes on with the same job when it was', async () => {
    let held: ScriptedJob | undefined;
    const { desk, agent, purse } = deskOver({
      'discover-prepaid': (_body, job) => {
        held = job;
        job.phase('waiting');
        job.tell(DEMAND);
      },
    });
    const wish = { agent: agent('discover-prepaid'), text: 'kestrel', max_sats: 30 };
    const asked = await watch(await desk.post(purse(), wish));
    expect(asked).toMatchObject({
      state: 'payment-required',
      payment: { bolt11: 'lnbcrt1', amount_sats: 22, expires_at: 1_800_000_900 },
    });
    // It still waits, so whoever looks again is told so at once.
    expect((await watch(await desk.follow(purse(), asked.job))).state).toBe('payment-required');
    held?.phase('running');
    const following = watch(await desk.follow(purse(), asked.job));
    held?.tell({ type: 'processing', note: 'paid' }, RESULT('found'));
    expect(await following).toMatchObject({ job: asked.job, state: 'done', text: 'found', payment: null });
    expect(await desk.look(purse(), asked.job)).toMatchObject({ state: 'done', text: 'found' });
  });

  test('a call that comes again under its key is the same job, also when it waits', async () => {
    const { desk, agent, asked, purse } = deskOver({
      'discover-prepaid': (_body, job) => {
        job.phase('waiting');
        job.tell(DEMAND);
      },
    });
    const wish = { agent: agent('discover-prepaid'), text: 'x', max_sats: 30, key: { name: '1', call: 'a' } };
    const first = await watch(await desk.post(purse(), wish));
    expect((await watch(await desk.post(purse(), wish))).job).toBe(first.job);
    const later = await watch(await desk.post(purse(), { ...wish, key: { name: '1', call: 'b' } }));
    expect(later.job).not.toBe(first.job);
    expect(asked).toHaveLength(2);
    // What is called off is the newest of that name.
    expect(await desk.door.recall(purse(), '1')).toBe(later.job);
  });

  test('says what a job says: progress, failure, the end without a word', async () => {
    const views: JobView[] = [];
    const { desk, agent, purse } = deskOver({
      chat: (_body, job) =>
        job.tell(
          { type: 'processing', note: 'accepted' },
          { type: 'progress', done: 1, total: 3, note: 'reading' },
          { type: 'error', failure: { code: 'MODEL_ERROR', message: 'away' } },
        ),
      discover: (_body, job) => job.phase('expired'),
    });
    const failed = await watch(await desk.post(purse(), { agent: agent('chat'), text: 'x' }), {
      onNews: (view) => void views.push(view),
    });
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'MODEL_ERROR' }, note: 'reading' });
    expect(views.map(({ state, progress }) => [state, progress])).toEqual([
      ['working', null],
      ['working', { done: 1, total: 3 }],
      ['failed', { done: 1, total: 3 }],
    ]);
    const over = await watch(await desk.post(purse(), { agent: agent('discover'), text: 'x' }));
    expect(over.state).toBe('expired');
    expect(asksCaller({ state: 'working', report: { state: 'asking' } })).toBe(true);
    expect(asksCaller({ state: 'done', report: { state: 'asking' } })).toBe(false);
  });
});

describe('names', () => {
  test('a guest has its job by a name that carries its secret; nobody else has', async () => {
    const { desk, callers, agent, purse } = deskOver();
    const { job } = await watch(await desk.post(callers.guest(), { agent: agent('discover'), text: 'x' }));
    expect(job).toMatch(/^[0-9a-f]{64}\.0{31}1$/);
    expect((await desk.look(callers.guest(), job)).state).toBe('done');
    const [id = ''] = job.split('.');
    for (const [caller, name] of [
      [callers.guest(), id],
      [callers.guest(), `${id}.${'9'.repeat(32)}`],
      [purse(), id],
      [purse(), 'no job'],
    ] as const)
      await expect(desk.look(caller, name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await desk.cancel(purse(), job);
    await expect(desk.cancel(purse(), id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test("no secret names the purse of a key, and a guest's conversation is paid by that guest", async () => {
    const { desk, callers, agent, purse } = deskOver();
    expect(callers.job(purse(), `${'a'.repeat(64)}.${'0'.repeat(32)}`).purse.kind).toBe('guest');
    expect(callers.guest('0'.repeat(32)).id).not.toBe(purse('0'.repeat(32)).id);
    const ann = callers.nostr('a'.repeat(64));
    expect(ann.keys.publicKey).not.toBe(callers.nostr('b'.repeat(64)).keys.publicKey);

    const first = await watch(
      await desk.post(callers.guest(), { agent: agent('chat'), text: 'x', session: 'talk' }),
    );
    const next = await watch(
      await desk.post(callers.guest(), { agent: agent('chat'), text: 'y', session: first.session ?? '' }),
    );
    expect(next.session).toBe(first.session);
    expect(next.job.split('.')[1]).toBe(first.job.split('.')[1]);
    // Found again by its name alone, a job still says which conversation it belongs to.
    expect((await desk.look(callers.guest(), next.job)).session).toBe(first.session);
  });
});
