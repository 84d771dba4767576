/**
 * Goal: no work before its money is set aside; money of a job that failed or died is its client's; every msat that came
 * in stands somewhere (DESIGN §4). Method: the seeded worlds of session.test.ts with a price: invoices and answers of
 * wallet and books are lost, processes die, customers pay at once, late, or never, and jobs are called off before they
 * are paid. Does not prove: that the wallet's word is true (src/payment/nwc checks it), or D1's copy of the books.
 */
import { describe, expect, test } from 'vitest';
import { PARTS, Purse } from './purse.ts';
import { CALM, type Trouble, World } from './world.ts';

const SEEDS = 120;
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
      const balances = purse.books.balances();
      let shared = 0n;
      for (const account of ['revenue', 'transit:ann@pay.test', 'transit:bob@pay.test'] as const) {
        expect(balances.get(account) ?? 0n, `seed ${seed} ${account}`).toBe(
          BigInt(delivered) * PARTS[account],
        );
        shared += balances.get(account) ?? 0n;
      }
      expect(purse.credit + shared, `seed ${seed}: income went nowhere`).toBe(purse.income);
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
