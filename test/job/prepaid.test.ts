/**
 * Goal: no work before its money is set aside; money of a job that failed or died is its client's; every msat that came
 * in stands somewhere (DESIGN §4). Method: the seeded worlds of session.test.ts with a price: invoices and answers of
 * wallet and books are lost, processes die, customers pay at once, late, or never, and jobs are called off before they
 * are paid. Does not prove: that the wallet's word is true (src/payment/nwc checks it), or D1's copy of the books.
 */
import { describe, expect, test } from 'vitest';
import { type Msats, msats } from '../../src/payment/msats.ts';
import { PRICE, Purse } from './purse.ts';
import { CALM, type Trouble, World } from './world.ts';

const SEEDS = 120;
/** Less than the price. */
const PART = msats(20_000);
const TROUBLE: Trouble = { crash: 0.05, loss: 0.15, failure: 0.2 };

describe.each([
  ['in place', false],
  ['by a runner', true],
])('a prepaid session whose work is done %s', (_, slow) => {
  test('works only on what is paid, and keeps every msat', async () => {
    const seen: Record<string, number> = {};
    const phases: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const purse = new Purse();
      const world = new World(seed, TROUBLE, slow, purse);
      const requests = Array.from({ length: 5 }, (_item, i) => world.request([['i', `words ${i}`, 'text']]));
      for (const event of requests) world.deliver(event);
      const calledOff = requests[seed % 5]?.id ?? '';
      if (seed % 2 === 0) world.cancel(calledOff);
      for (let i = 0; i < 60; i++) {
        await world.run(4);
        if (world.chance(TROUBLE.crash)) world.crash();
      }
      world.trouble = CALM;
      for (const event of requests) world.deliver(event);
      expect(await world.run(4_000), `seed ${seed}: something is never done`).toBe(true);

      let delivered = 0;
      for (const { id } of requests) {
        const phase = world.record.get(id)?.phase ?? 'never taken';
        phases[phase] = (phases[phase] ?? 0) + 1;
        if (phase === 'delivered') delivered++;
        expect(purse.books.balance(`job:${id}`), `seed ${seed}: money stuck in a ${phase} job`).toBe(0n);
        if (id !== calledOff) expect(['delivered', 'expired', 'failed'], `seed ${seed}`).toContain(phase);
      }
      const revenue = purse.books.balance('revenue');
      expect(revenue, `seed ${seed}`).toBe(BigInt(delivered) * PRICE);
      expect(purse.credit + revenue, `seed ${seed}: income went nowhere`).toBe(purse.income);
      expect(purse.books.balance('wallet'), `seed ${seed}`).toBe(purse.income);
      for (const [what, times] of Object.entries(world.happened)) seen[what] = (seen[what] ?? 0) + times;
    }
    expect(seen['worked unpaid'] ?? 0).toBe(0);
    for (const rare of ['paid', 'crash at K3', 'crash at K5', 'booking failed']) {
      expect(seen[rare] ?? 0, `${rare} never happened`).toBeGreaterThan(0);
    }
    for (const phase of ['delivered', 'expired', 'cancelled'])
      expect(phases[phase] ?? 0, phase).toBeGreaterThan(0);
  }, 120_000);
});

/**
 * Goal: money that a zap brings to the client's credit pays the zapped job; none is taken for a job that is dead, and
 * none stays with one. Method: as above, and some jobs are zapped, in one part or two, at any time: also long after
 * they ended, also when the customer paid their invoices as well.
 */
test('zaps pay the jobs they are for, and keep every msat', async () => {
  const phases: Record<string, number> = {};
  for (let seed = 1; seed <= 3 * SEEDS; seed++) {
    const purse = new Purse();
    purse.refusesToPay = seed % 3 === 0;
    const world = new World(seed, TROUBLE, seed % 2 === 0, purse);
    const requests = Array.from({ length: 4 }, (_item, i) => world.request([['i', `words ${i}`, 'text']]));
    for (const event of requests) world.deliver(event);
    for (const [index, { id }] of requests.entries()) {
      const at_ms = Math.floor(world.random() ** 2 * 3_000_000);
      // At the very moment of the zap, a job may be called off.
      if (world.chance(0.5)) world.cancel(id, at_ms + Math.floor(world.random() * 900));
      // The price at once, in two parts, or too little.
      const parts = [[PRICE], [PART, msats(PRICE - PART)], [PART]][index % 3] ?? [];
      for (const [after, part] of parts.entries()) world.zap(id, part, at_ms + after * 1_000);
    }
    for (let i = 0; i < 60; i++) {
      await world.run(4);
      if (world.chance(TROUBLE.crash)) world.crash();
    }
    world.trouble = CALM;
    for (const event of requests) world.deliver(event);
    expect(await world.run(4_000), `seed ${seed}: something is never done`).toBe(true);
    let delivered = 0;
    for (const { id } of requests) {
      const phase = world.record.get(id)?.phase ?? 'never taken';
      phases[phase] = (phases[phase] ?? 0) + 1;
      if (phase === 'delivered') delivered++;
      expect(purse.books.balance(`job:${id}`), `seed ${seed}: money stuck in a ${phase} job`).toBe(0n);
    }
    expect(world.happened['worked unpaid'] ?? 0, `seed ${seed}`).toBe(0);
    const revenue = purse.books.balance('revenue');
    expect(revenue, `seed ${seed}`).toBe(BigInt(delivered) * PRICE);
    expect(purse.credit + revenue, `seed ${seed}: income went nowhere`).toBe(purse.income);
  }
  for (const phase of ['delivered', 'expired', 'cancelled'])
    expect(phases[phase] ?? 0, phase).toBeGreaterThan(0);
}, 120_000);

test('of several jobs that wait, the zapped one gets the money', async () => {
  const purse = new Purse();
  const world = new World(3, CALM, false, purse);
  const requests = Array.from({ length: 3 }, (_item, i) => world.request([['i', `words ${i}`, 'text']]));
  purse.refusesToPay = true;
  for (const event of requests) world.deliver(event);
  const last = requests[2]?.id ?? '';
  world.zap(last, PRICE, 60_000);
  expect(await world.run(4_000)).toBe(true);
  expect(requests.map(({ id }) => world.record.get(id)?.phase)).toEqual(['expired', 'expired', 'delivered']);
});

test('a job that waits for its money is not moved by too little', async () => {
  const purse = new Purse();
  purse.refusesToPay = true;
  const world = new World(4, CALM, false, purse);
  const request = world.request([['i', 'words', 'text']]);
  world.deliver(request);
  world.zap(request.id, PART, 60_000);
  expect(await world.run(4_000)).toBe(true);
  expect(world.record.get(request.id)?.phase).toBe('expired');
  expect(purse.credit).toBe(PART);
});

describe('the claim of another provider that a job was zapped', () => {
  const run = async (amount: Msats, trust: Msats) => {
    const purse = new Purse();
    purse.refusesToPay = true;
    const world = new World(5, CALM, false, purse);
    const request = world.request([['i', 'words', 'text']]);
    world.deliver(request);
    for (const after_ms of [60_000, 61_000]) world.claim(request.id, amount, trust, after_ms);
    expect(await world.run(4_000)).toBe(true);
    expect(purse.books.balances().size, 'no money of ours has moved').toBe(0);
    return world.record.get(request.id)?.phase;
  };

  test.each([
    ['covers the price, which may be trusted', PRICE, PRICE, 'delivered'],
    ['is over too little', PART, PRICE, 'expired'],
    ['is for a price above what is trusted', PRICE, PART, 'expired'],
    ['is much, for a price above what is trusted', msats(1_000_000), PART, 'expired'],
    ['comes where nothing is trusted', PRICE, msats(0), 'expired'],
  ] as const)('%s', async (_, amount, trust, phase) => {
    expect(await run(amount, trust)).toBe(phase);
  });
});
