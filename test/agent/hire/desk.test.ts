/**
 * Goal: whatever strangers answer, whatever calls fail and whenever the process dies, a hired job is posted as one event,
 * at most one invoice is paid for it and none above the maximum, and what it is said to have cost is what was paid; an
 * unknown payment is never taken for a failed one.
 * Method: seeded schedules over the real store and machine (world.ts); then each guard once more by hand.
 * Does not prove: that one invoice is paid once; that is the account's (test/payment/payout-desk.test.ts).
 */
import { describe, expect, test } from 'vitest';
import type { HireOutcome } from '../../../src/agent/tools/hire.ts';
import { readInvoice } from '../../../src/payment/bolt11/decode.ts';
import { encodeInvoice } from '../../../src/payment/bolt11/encode.ts';
import { msats } from '../../../src/payment/msats.ts';
import { draft, hashOf, NODE } from '../../payment/payout-model.ts';
import { CALM, HireWorld, LATEST, MOST, SELLER } from './world.ts';

function mustAgree(world: HireWorld, outcome: HireOutcome): void {
  const asked = [...world.payments];
  expect(asked.length).toBeLessThanOrEqual(1);
  const amounts = asked.map(([bolt11]) => readInvoice(bolt11)?.amount ?? 0n);
  expect(amounts.every((amount) => amount <= MOST)).toBe(true);
  const paid = asked.filter(([, state]) => state === 'paid');
  expect(outcome.cost_msats).toBe(paid.length === 1 ? amounts[0] : 0n);
  expect(asked.filter(([, state]) => state === 'under way')).toEqual([]);
  expect(world.posted.size).toBe(1);
}

describe('over schedules with crashes', () => {
  const happened = { paid: 0, refused: 0, free: 0, failed: 0, faults: 0 };

  test('money and words agree', async () => {
    for (let seed = 0; seed < 500; seed++) {
      const world = new HireWorld(seed, { crash: 0.08, failure: 0.15 });
      let told: HireOutcome | null = null;
      for (let step = 0; step < 30; step++) {
        const now = world.hire();
        // Said once, it stays; and it is not said while a payment is under way.
        if (told !== null && now !== null) expect(now).toEqual(told);
        if (now !== null) expect([...world.payments.values()]).not.toContain('under way');
        told = now ?? told;
        if (world.random() < 0.3) world.say();
        await world.pass(world.random() * 60_000);
      }
      const outcome = await world.end();
      if (told !== null) expect(outcome).toEqual(told);
      mustAgree(world, outcome);
      const [state] = world.payments.values();
      if (state === 'paid') happened.paid++;
      else if (state === 'refused') happened.refused++;
      else if (outcome.type === 'result') happened.free++;
      else happened.failed++;
      happened.faults += world.faults.length;
    }
  });

  test('everything worth surviving has happened', () => {
    expect(Object.values(happened).every((times) => times > 10)).toBe(true);
  });
});

describe('by hand', () => {
  const invoice = (amount: number, number: number) =>
    encodeInvoice({ ...draft, amount: msats(amount), paymentHash: hashOf(number), expiry_s: 86_400 }, NODE)
      .text;
  const demand = (amount: string, bolt11: string) => [
    ['status', 'payment-required'],
    ['amount', amount, bolt11],
  ];
  const begun = () => {
    const world = new HireWorld(1, CALM);
    world.setAside();
    expect(world.hire()).toBeNull();
    return world;
  };

  test('an invoice over another amount than the demand says is not paid', async () => {
    const world = begun();
    world.answer(SELLER, 7000, demand('1000', invoice(30_000, 1)));
    const outcome = await world.end();
    expect(world.payments.size).toBe(0);
    expect(outcome).toEqual({
      type: 'failed',
      reason: 'its invoice is over another amount than it says',
      cost_msats: 0n,
    });
  });

  test('an agent that is too dear ends the hire at once', async () => {
    const world = begun();
    world.answer(SELLER, 7000, demand('30001', invoice(30_001, 1)));
    await world.pass(0);
    const reason = expect.stringContaining('more than the 30');
    expect(world.hire()).toMatchObject({ type: 'failed', reason });
    expect(world.payments.size).toBe(0);
  });

  test('only who was asked is paid and heard', async () => {
    const world = begun();
    world.answer('d'.repeat(64), 7000, demand('1000', invoice(1_000, 2)));
    world.answer(SELLER, 7000, demand('20000', invoice(20_000, 1)));
    await world.pass(0);
    expect([...world.payments.keys()]).toEqual([invoice(20_000, 1)]);
    world.answer('d'.repeat(64), 7001, [['result', '{}']], 'junk');
    world.answer(SELLER, 7001, [['result', '{}']], 'work');
    const outcome = await world.end();
    const [state] = world.payments.values();
    if (state === 'paid') expect(outcome).toMatchObject({ by: SELLER, content: 'work', cost_msats: 20_000n });
    else expect(outcome).toMatchObject({ type: 'failed', cost_msats: 0n });
  });

  test('a sign of work lengthens the wait once and not for ever', async () => {
    const world = begun();
    world.answer(SELLER, 7000, [['status', 'processing']]);
    await world.pass(0);
    for (let hour = 0; hour < 5; hour++) await world.pass(3_600_000);
    expect(world.hire()).toBeNull();
    await world.pass(2 * 3_600_000);
    expect(world.hire()).toMatchObject({ type: 'failed', reason: 'nothing came in time' });
  });

  test('nobody is waited for longer than whoever asked for it waits', async () => {
    const world = begun();
    world.answer(SELLER, 7000, [['status', 'processing']]);
    world.now_ms = LATEST - 1;
    await world.pass(1);
    expect(world.hire()).toMatchObject({ type: 'failed', reason: 'nothing came in time' });
  });

  test('called off before it is asked for money it is never paid, whatever is asked for then', async () => {
    const world = begun();
    expect(world.close()).toBe(0n);
    world.answer(SELLER, 7000, demand('20000', invoice(20_000, 1)));
    const outcome = await world.end();
    expect(world.payments.size).toBe(0);
    expect(outcome).toEqual({ type: 'failed', reason: 'it was called off', cost_msats: 0n });
  });

  test('called off while its money is on its way it costs that money, and is looked after', async () => {
    const world = begun();
    world.answer(SELLER, 7000, demand('20000', invoice(20_000, 1)));
    await world.pass(0);
    expect(world.close()).toBe(20_000n);
    await world.end();
    expect([...world.payments.values()]).not.toContain('under way');
    expect([0n, 20_000n]).toContain(world.close());
  });
});
