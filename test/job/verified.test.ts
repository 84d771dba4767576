/**
 * Goal: a job with a check asks for no money before its check was tried out, delivers nothing that did not pass, takes
 * money only for what passed, and tells its verdict once (issue: proof before payment; LIGHTNING §7.5). Method: the seeded
 * worlds of money.test.ts whose jobs have checks of which chance decides; calls to the sandbox are lost, or their answers,
 * processes die at every point, answers are refused and asked for again. Does not prove: that a verdict is right
 * (test/checks, test/sandbox).
 */
import { describe, expect, test } from 'vitest';
import { msats } from '../../src/payment/msats.ts';
import type { PaymentMethod } from '../../src/protocol/agent.ts';
import { PRICE, Purse } from './purse.ts';
import { Verifying } from './verifying.ts';
import { CALM, CLIENT, type Trouble, World } from './world.ts';

const SEEDS = 16;
const JOBS = 5;
const TROUBLE: Trouble = { crash: 0.05, loss: 0.15, failure: 0.1 };
const WAYS: readonly (readonly [string, readonly PaymentMethod[], boolean])[] = [
  ['prepaid, in place', ['bolt11_prepaid', 'credit'], false],
  ['prepaid, by a runner', ['bolt11_prepaid', 'credit'], true],
  ['escrow, in place', ['escrow_hodl_optional', 'credit'], false],
  ['escrow, by a runner', ['escrow_hodl_optional', 'credit'], true],
  ['postpaid, by a runner', ['bolt11_postpaid', 'credit'], true],
];

describe.each(WAYS)('%s', (_, methods, slow) => {
  test('no proof, no pay', { timeout: 240_000 }, async () => {
    const seen: Record<string, number> = {};
    const phases: Record<string, number> = {};
    for (let seed = 1; seed <= SEEDS; seed++) {
      const verifying = new Verifying(1 + (seed % 3), seed % 2 === 1);
      const trust = { trust: msats(3n * PRICE), traps: seed % 3 === 0 };
      const world = new World(
        seed,
        TROUBLE,
        slow,
        (now) => new Purse(CLIENT.publicKey, methods, now, trust),
        null,
        verifying,
      );
      const { purse } = world;
      if (purse === null) throw new Error('a world without money');
      const requests = Array.from({ length: JOBS }, (__, i) => world.request([['i', `words ${i}`, 'text']]));
      for (const event of requests) world.deliver(event);
      const calledOff = requests[seed % JOBS]?.id ?? '';
      if (seed % 4 === 0) world.cancel(calledOff);
      for (let i = 0; i < 60; i++) {
        await world.run(4);
        if (world.chance(TROUBLE.crash)) world.crash();
      }
      world.trouble = CALM;
      for (const event of requests) world.deliver(event);
      expect(await world.run(6_000), `seed ${seed}: something is never done`).toBe(true);

      let charged = 0;
      for (const { id } of world.asked) {
        const { phase = 'never taken', error = null } = world.record.get(id) ?? {};
        const end = error === null ? phase : `${phase} ${error}`;
        phases[end] = (phases[end] ?? 0) + 1;
        const first = world.firstOf(id);
        const priced = purse.books.has(`reserve:${id}`) || purse.books.has(`lend:${id}`);
        if (phase === 'delivered') {
          expect(
            [id, first].some((one) => verifying.passed.has(one)),
            `seed ${seed}: delivered without a proof`,
          ).toBe(true);
          if (priced) charged++;
        }
        const told = verifying.told.get(id)?.size ?? 0;
        const judged = phase === 'delivered' || error === 'VERIFICATION_FAILED';
        // Who gives a job to another agent leaves the last word to that one.
        const last = verifying.given.has(id) && !verifying.passed.has(id) ? 0 : 1;
        if (first === id && judged) expect(told, `seed ${seed}: verdicts of a ${end} job`).toBe(last);
        // One that ended otherwise may have had an answer refused before.
        expect(told, `seed ${seed}: verdicts of a ${end} job`).toBeLessThanOrEqual(1);
        const owed = phase === 'delivered' && purse.books.has(`lend:${id}`) && !purse.books.has(`end:${id}`);
        expect(purse.books.balance(`job:${id}`), `seed ${seed}: money stuck in a ${end} job`).toBe(
          owed ? PRICE : 0n,
        );
      }
      const earned = purse.books.balance('revenue') + purse.books.balance('transit:ann@owner.test');
      expect(purse.locked, `seed ${seed}: money is still locked`).toBe(0);
      expect(earned + purse.owing, `seed ${seed}: charged`).toBe(BigInt(charged) * PRICE);
      expect(purse.credit + earned, `seed ${seed}: income went nowhere`).toBe(purse.income);
      for (const [what, times] of Object.entries(world.happened)) seen[what] = (seen[what] ?? 0) + times;
      seen['given to another'] = (seen['given to another'] ?? 0) + verifying.given.size;
      for (const [code, times] of Object.entries(verifying.verdicts)) seen[code] = (seen[code] ?? 0) + times;
    }
    const never = ['worked unpaid', 'told unpaid', 'shown unpaid', 'asked before the check', 'told unproved'];
    for (const one of [...never, 'told without its proof']) expect(seen[one] ?? 0, one).toBe(0);
    const rare = ['given to another', 'passed', 'wrong', 'broken', 'crash at V1', 'a check could not be run'];
    for (const one of rare) expect(seen[one] ?? 0, `${one} never happened`).toBeGreaterThan(0);
    const ends = ['delivered', 'failed VERIFICATION_FAILED', 'failed BAD_REQUEST', 'cancelled'];
    for (const end of ends) expect(phases[end] ?? 0, end).toBeGreaterThan(0);
  });
});
