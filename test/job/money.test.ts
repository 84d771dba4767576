/**
 * Goal: whatever way a job is paid, no work begins before its money is set aside, locked or lent; no result leaves
 * before its money is there or owed; money of a job that failed or died is its client's; and every msat that came in
 * stands somewhere (DESIGN §4, LIGHTNING §7.5: 1–9, 12, 13, 16). Method: the seeded worlds of session.test.ts with a
 * price: calls to wallet and books are lost, or their answers; processes die at every point; customers pay at once,
 * late, never, by zap, too little, twice, or send their request again with the invoice; jobs are called off; blocks
 * come until hold invoices lapse. What the client really spent is compared with what the books say. Does not prove:
 * that the wallet's word is true (src/payment/nwc checks it), or D1's copy of the books.
 */
import { describe, expect, test } from 'vitest';
import { type Msats, msats } from '../../src/payment/msats.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { PRICE, Purse } from './purse.ts';
import { CALM, CLIENT, type Trouble, World } from './world.ts';

const SEEDS = 40;
const JOBS = 5;
const TROUBLE: Trouble = { crash: 0.05, loss: 0.15, failure: 0.2 };

interface Way {
  readonly name: string;
  readonly methods: readonly PaymentMethod[];
  readonly slow: boolean;
  /** What must have happened in some of the worlds, or they prove nothing. */
  readonly rare: readonly string[];
}

const WAYS: readonly Way[] = [
  {
    name: 'prepaid, in place',
    methods: ['bolt11_prepaid', 'credit'],
    slow: false,
    rare: ['paid', 'zapped', 'sent again', 'crash at K3', 'crash at K5', 'booking failed'],
  },
  {
    name: 'prepaid, by a runner',
    methods: ['bolt11_prepaid', 'credit'],
    slow: true,
    rare: ['paid', 'sent again'],
  },
  {
    name: 'escrow, in place',
    methods: ['escrow_hodl_optional', 'credit'],
    slow: false,
    rare: ['paid', 'zapped', 'crash at K3', 'crash at K5', 'crash at K11'],
  },
  {
    name: 'escrow, by a runner',
    methods: ['escrow_hodl_optional', 'credit'],
    slow: true,
    rare: ['paid', 'crash at K11'],
  },
  {
    name: 'postpaid, in place',
    methods: ['bolt11_postpaid', 'credit'],
    slow: false,
    rare: ['paid', 'zapped', 'crash at K3'],
  },
  { name: 'postpaid, by a runner', methods: ['bolt11_postpaid', 'credit'], slow: true, rare: ['paid'] },
];

describe.each(WAYS)('$name', ({ methods, slow, rare }) => {
  test('works only for money, and keeps every msat', { timeout: 240_000 }, async () => {
    const seen: Record<string, number> = {};
    const phases: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(
        seed,
        TROUBLE,
        slow,
        (now) =>
          new Purse(CLIENT.publicKey, methods, now, { trust: msats(3n * PRICE), traps: seed % 3 === 0 }),
      );
      const purse = world.purse;
      if (purse === null) throw new Error('a world without money');
      const requests = Array.from({ length: JOBS }, (_, i) => world.request([['i', `words ${i}`, 'text']]));
      for (const event of requests) world.deliver(event);
      const calledOff = requests[seed % JOBS]?.id ?? '';
      if (seed % 2 === 0) world.cancel(calledOff);
      for (let i = 0; i < 60; i++) {
        await world.run(4);
        if (world.chance(TROUBLE.crash)) world.crash();
      }
      world.trouble = CALM;
      for (const event of requests) world.deliver(event);
      expect(await world.run(6_000), `seed ${seed}: something is never done`).toBe(true);

      let charged = 0;
      for (const { id } of world.asked) {
        const phase = world.record.get(id)?.phase ?? 'never taken';
        phases[phase] = (phases[phase] ?? 0) + 1;
        const onTrust = purse.books.has(`lend:${id}`);
        const priced = onTrust || purse.books.has(`reserve:${id}`);
        if (phase === 'delivered' && priced) charged++;
        // A request that came again is answered for the money of the first.
        if (phase === 'delivered' && !priced) {
          expect(world.firstOf(id), `seed ${seed}`).not.toBe(id);
          expect(world.record.get(world.firstOf(id))?.phase, `seed ${seed}`).toBe('delivered');
        }
        const owed = phase === 'delivered' && onTrust && !purse.books.has(`end:${id}`) ? PRICE : 0n;
        expect(purse.books.balance(`job:${id}`), `seed ${seed}: money stuck in a ${phase} job`).toBe(owed);
        const known = ['delivered', 'expired', 'failed', 'rejected', 'cancelled'];
        if (id !== calledOff) expect(known, `seed ${seed}`).toContain(phase);
      }
      const revenue = purse.books.balance('revenue');
      const earned = purse.books.balance('transit:ann@owner.test');
      const { credit, owing, income } = purse;
      expect(purse.locked, `seed ${seed}: money is still locked`).toBe(0);
      expect(purse.spent, `seed ${seed}: the client spent what nobody has`).toBe(income);
      expect(revenue + earned + owing, `seed ${seed}: charged`).toBe(BigInt(charged) * PRICE);
      expect(credit + revenue + earned, `seed ${seed}: income went nowhere`).toBe(income);
      expect(purse.books.balance('wallet'), `seed ${seed}`).toBe(income);
      for (const [what, times] of Object.entries(world.happened)) seen[what] = (seen[what] ?? 0) + times;
    }
    expect(seen['worked unpaid'] ?? 0).toBe(0);
    expect(seen['told unpaid'] ?? 0).toBe(0);
    expect(seen['shown unpaid'] ?? 0).toBe(0);
    for (const one of rare) expect(seen[one] ?? 0, `${one} never happened`).toBeGreaterThan(0);
    for (const phase of ['delivered', 'cancelled']) expect(phases[phase] ?? 0, phase).toBeGreaterThan(0);
  });
});

/** Less than the price. */
const PART = msats(20_000);
const prepaid = (now: () => number) =>
  new Purse(CLIENT.publicKey, ['bolt11_prepaid', 'credit'], now, { trust: msats(0), traps: false });

function purseOf(world: World): Purse {
  if (world.purse === null) throw new Error('a world without money');
  return world.purse;
}

describe('zaps', () => {
  test('pay the jobs they are for, and keep every msat, whenever they come', {
    timeout: 120_000,
  }, async () => {
    const phases: Record<string, number> = {};
    for (let seed = 1; seed <= 3 * SEEDS; seed++) {
      const world = new World(seed, TROUBLE, seed % 2 === 0, prepaid);
      const purse = purseOf(world);
      purse.refusesToPay = seed % 3 === 0;
      const requests = Array.from({ length: 4 }, (_, i) => world.request([['i', `words ${i}`, 'text']]));
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
      expect(await world.run(6_000), `seed ${seed}: something is never done`).toBe(true);
      let charged = 0;
      for (const { id } of world.asked) {
        const phase = world.record.get(id)?.phase ?? 'never taken';
        phases[phase] = (phases[phase] ?? 0) + 1;
        if (phase === 'delivered' && purse.books.has(`reserve:${id}`)) charged++;
        expect(purse.books.balance(`job:${id}`), `seed ${seed}: money stuck in a ${phase} job`).toBe(0n);
      }
      expect(world.happened['worked unpaid'] ?? 0, `seed ${seed}`).toBe(0);
      const earned = purse.books.balance('revenue') + purse.books.balance('transit:ann@owner.test');
      expect(earned, `seed ${seed}`).toBe(BigInt(charged) * PRICE);
      expect(purse.credit + earned, `seed ${seed}: income went nowhere`).toBe(purse.income);
    }
    for (const phase of ['delivered', 'expired', 'cancelled'])
      expect(phases[phase] ?? 0, phase).toBeGreaterThan(0);
  });

  test('of several jobs that wait, the zapped one gets the money', async () => {
    const world = new World(3, CALM, false, prepaid);
    const requests = Array.from({ length: 3 }, (_, i) => world.request([['i', `words ${i}`, 'text']]));
    purseOf(world).refusesToPay = true;
    for (const event of requests) world.deliver(event);
    world.zap(requests[2]?.id ?? '', PRICE, 60_000);
    expect(await world.run(4_000)).toBe(true);
    expect(requests.map(({ id }) => world.record.get(id)?.phase)).toEqual([
      'expired',
      'expired',
      'delivered',
    ]);
  });

  test('nobody is told of pay a waiting job all the same, when it next looks', async () => {
    const world = new World(6, CALM, false, prepaid);
    purseOf(world).refusesToPay = true;
    const request = world.request([['i', 'words', 'text']]);
    world.deliver(request);
    await world.run(5);
    purseOf(world).zap(PRICE);
    expect(await world.run(4_000)).toBe(true);
    expect(world.record.get(request.id)?.phase).toBe('delivered');
  });

  test('of too little move no job', async () => {
    const world = new World(4, CALM, false, prepaid);
    purseOf(world).refusesToPay = true;
    const request = world.request([['i', 'words', 'text']]);
    world.deliver(request);
    world.zap(request.id, PART, 60_000);
    expect(await world.run(4_000)).toBe(true);
    expect(world.record.get(request.id)?.phase).toBe('expired');
    expect(purseOf(world).credit).toBe(PART);
  });
});

describe('the claim of another provider that a job was zapped', () => {
  const run = async (
    methods: readonly PaymentMethod[],
    amount: Msats,
    trust: Msats,
    { slow = false, makesInvoices = true } = {},
  ) => {
    const world = new World(5, CALM, slow, (now) => {
      return new Purse(CLIENT.publicKey, methods, now, { trust: msats(0), traps: false });
    });
    const purse = purseOf(world);
    purse.refusesToPay = true;
    purse.makesInvoices = makesInvoices;
    const request = world.request([['i', 'words', 'text']]);
    world.deliver(request);
    for (const after_ms of [5_000, 60_000, 61_000]) world.claim(request.id, amount, trust, after_ms);
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
    expect(await run(['bolt11_prepaid', 'credit'], amount, trust)).toBe(phase);
    expect(await run(['escrow_hodl_optional', 'credit'], amount, trust)).toBe(phase);
  });

  test.each(['bolt11_prepaid', 'escrow_hodl_optional'] as const)(
    'is not undone when the invoice of %s is withdrawn, shown or not, while a runner works',
    async (method) => {
      for (const makesInvoices of [true, false])
        expect(await run([method, 'credit'], PRICE, PRICE, { slow: true, makesInvoices })).toBe('delivered');
    },
  );
});
