/**
 * Goal: owners and clients are paid what is theirs, at most once, and the operator loses what the ways cost and nothing
 * else (LIGHTNING §7.5: 2, 5, 9, 13, 15, 16), through the desk as it is, its books and its rows.
 * Method: seeded schedules of desk-world.ts, in which every call or answer may be lost, the process dies at every fault
 * point and between any two events, requests to pay are executed long after they were sent, and payees hand in wrong,
 * foreign, used, own, unroutable and hold invoices. Books are added up after every event. Mutants of machine and guards
 * must be caught in the same schedules.
 * Does not prove: reading LNURL answers (lnurl.test.ts), the objects' own storage (e2e and fault tests).
 */
import { describe, expect, test } from 'vitest';
import { advancePayout } from '../../src/payment/payout.ts';
import { type Mutation, runDesks, type Trouble } from './desk-world.ts';
import { Violation } from './simulation.ts';

const TROUBLE: Trouble = { crash: 0.05, loss: 0.12, tricks: 0.35 };
const SEEDS = 60;

/** Whether a mutant breaks a rule in one of so many schedules. */
async function isCaught(seeds: number, mutation: Mutation): Promise<boolean> {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await runDesks(seed, TROUBLE, mutation);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return true;
    }
  }
  return false;
}

describe('desks in a bad world', () => {
  test('break no rule in any schedule, and everything rare happens', { timeout: 240_000 }, async () => {
    const happened: Record<string, number> = {};
    let payments = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await runDesks(seed, TROUBLE).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
      payments += world.settledPayments;
      for (const [what, times] of Object.entries(world.happened))
        happened[what] = (happened[what] ?? 0) + times;
    }
    expect(payments).toBeGreaterThan(5 * SEEDS);
    for (const rare of [
      'crash at payout-claimed',
      'crash at payout-sent',
      'held',
      'an invoice again',
      'cancelled',
      'refund own_invoice',
      'refund hash_used',
      'refund refund_open',
      'refund INSUFFICIENT_FUNDS',
    ])
      expect(happened[rare] ?? 0, `${rare} never happened: ${JSON.stringify(happened)}`).toBeGreaterThan(0);
  });

  const mutants: Readonly<Record<string, Mutation>> = {
    'asks for a fresh invoice on each retry': {
      advance: (payout, input, now_ms) =>
        input.type === 'tick' && payout.phase === 'claimed' && now_ms >= (payout.lookAt_ms ?? 0)
          ? {
              state: { ...payout, phase: 'owed', lookAt_ms: now_ms + 1_000, revision: payout.revision + 1 },
              effects: [
                { type: 'released', paymentHash: payout.paymentHash ?? '' },
                { type: 'fetchInvoice', amount: payout.amount },
              ],
            }
          : advancePayout(payout, input, now_ms),
    },
    'takes a payment that is held for one that failed': {
      advance: (payout, input, now_ms) =>
        advancePayout(
          payout,
          input.type === 'seen' && input.transaction?.state === 'pending'
            ? { ...input, transaction: { ...input.transaction, state: 'failed' } }
            : input,
          now_ms,
        ),
    },
    'pays under a hash that stands for something else': { bindsAll: true },
    'does not book its claims': { unbookedClaims: true },
  };
  for (const [mistake, mutation] of Object.entries(mutants)) {
    test(`are caught when one ${mistake}`, { timeout: 120_000 }, async () => {
      expect(await isCaught(60, mutation)).toBe(true);
    });
  }
});
