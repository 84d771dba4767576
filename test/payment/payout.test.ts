/**
 * Goal: a payee is paid exactly what is owed, at most once, whatever gets lost, doubled or delayed, and in the end paid
 * or still owed in plain sight (LIGHTNING §7.5: 2, 5, 13, 14, 16).
 * Method: 2,000 seeded schedules against a model of a wallet that may execute a pay request long after it was sent, of
 * payees that hand in ordinary and hold invoices, and of a network on which payments fail. The truth is what the payee
 * got. Mutants, above all the usual fresh invoice on each retry, must overpay in the same schedules.
 * Does not prove: uniqueness of the payment hash across payouts, which is the store's index.
 */
import { describe, expect, test } from 'vitest';
import { INVOICE_GRACE_MS, PAYOUT_MAX_FINAL_CLTV_BLOCKS } from '../../src/limits.ts';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import type { Invoice } from '../../src/payment/bolt11/invoice.ts';
import { nodeIdOf } from '../../src/payment/bolt11/signature.ts';
import { msats, toJson } from '../../src/payment/msats.ts';
import { advancePayout, type ClaimTerms, type PayoutInput, payoutSchema } from '../../src/payment/payout.ts';
import type { WalletTransaction } from '../../src/payment/wallet.ts';
import {
  draft,
  FEES,
  type Handed,
  hashOf,
  NODE,
  NOW,
  outgoing,
  type PayoutMachine,
  payoutMachine,
  preimageOf,
  runPayout,
  TERMS,
} from './payout-model.ts';
import { failingSeeds } from './simulation.ts';

describe('a payout in a bad world', () => {
  test('breaks no rule in any schedule', { timeout: 60_000 }, () => {
    expect(failingSeeds(2_000, (seed) => runPayout(payoutMachine, seed))).toEqual([]);
  });

  test('is nearly always paid in the end, often after failures, stray requests and held payments', () => {
    let paid = 0;
    let released = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { state, model } = runPayout(payoutMachine, seed);
      if (state.phase === 'paid') paid++;
      released += model.counts.released;
    }
    expect(paid).toBeGreaterThan(150);
    expect(released).toBeGreaterThan(50);
  });

  const mutants: Readonly<Record<string, PayoutMachine>> = {
    'asks for a fresh invoice on each retry': {
      ...payoutMachine,
      advance: (payout, input, now) =>
        input.type === 'tick' && payout.phase === 'claimed'
          ? {
              state: { ...payout, phase: 'owed' },
              effects: [{ type: 'fetchInvoice', amount: payout.amount }],
            }
          : advancePayout(payout, input, now),
    },
    'takes a call without an answer for a failure': {
      ...payoutMachine,
      advance: (payout, input, now) =>
        input.type === 'seen' &&
        input.transaction === null &&
        payout.revision > 4 &&
        payout.phase === 'claimed'
          ? {
              state: { ...payout, phase: 'owed' },
              effects: [{ type: 'released', paymentHash: input.paymentHash }],
            }
          : advancePayout(payout, input, now),
    },
    'gives a claim up at the first failure although another request may be out': {
      ...payoutMachine,
      advance: (payout, input, now) =>
        input.type === 'seen' && input.transaction?.state === 'failed' && payout.phase === 'claimed'
          ? {
              state: { ...payout, phase: 'owed' },
              effects: [{ type: 'released', paymentHash: input.paymentHash }],
            }
          : advancePayout(payout, input, now),
    },
    'takes a payment that is held for one that failed': {
      ...payoutMachine,
      advance: (payout, input, now) =>
        advancePayout(
          payout,
          input.type === 'seen' && input.transaction?.state === 'pending'
            ? { ...input, transaction: { ...input.transaction, state: 'failed' } }
            : input,
          now,
        ),
    },
  };
  for (const [mistake, mutant] of Object.entries(mutants)) {
    test(`is caught when it ${mistake}`, () => {
      expect(failingSeeds(400, (seed) => runPayout(mutant, seed)).length).toBeGreaterThan(0);
    });
  }
});

describe('a payout', () => {
  const owed = payoutMachine.open(NOW).state;
  const good = encodeInvoice(draft, NODE);
  const hand = (made: Invoice, terms: Partial<ClaimTerms> = {}): PayoutInput => ({
    type: 'invoiced',
    invoice: made,
    terms: { ...TERMS, ...terms },
  });
  const claimed = advancePayout(owed, hand(good), NOW).state;
  const payment: Handed = {
    invoice: { ...good, text: 'lnbcrt1' },
    routable: true,
    state: 'settled',
    resolvesAt_ms: 0,
  };
  const seen = (transaction: WalletTransaction | null, paymentHash = good.paymentHash): PayoutInput => ({
    type: 'seen',
    transaction,
    paymentHash,
  });

  test('is read back as it was stored', () => {
    expect(payoutSchema.parse(JSON.parse(toJson(claimed)))).toEqual(claimed);
  });

  test('claims one invoice, books it, and looks before it pays', () => {
    const { effects } = advancePayout(owed, hand(good), NOW);
    expect(effects.map(({ type }) => type)).toEqual(['claimed', 'look']);
    expect(advancePayout(claimed, seen(null), NOW).effects).toEqual([
      { type: 'pay', bolt11: good.text, paymentHash: good.paymentHash },
    ]);
    const other = encodeInvoice({ ...draft, paymentHash: hashOf(2) }, NODE);
    expect(advancePayout(claimed, hand(other), NOW).state).toBe(claimed);
  });

  test.each([
    ['amount', encodeInvoice({ ...draft, amount: msats(18_901) }, NODE), {}],
    ['amount', encodeInvoice({ ...draft, amount: null }, NODE), {}],
    ['network', good, { network: 'mainnet' }],
    ['own_invoice', good, { ownNode: nodeIdOf(NODE) }],
    ['hash_used', good, { hashUsed: true }],
    ['expired', encodeInvoice({ ...draft, expiry_s: 30 }, NODE), {}],
    ['payable_too_long', encodeInvoice({ ...draft, expiry_s: 31_536_000 }, NODE), {}],
    ['final_cltv', encodeInvoice({ ...draft, minFinalCltv: PAYOUT_MAX_FINAL_CLTV_BLOCKS + 1 }, NODE), {}],
  ] as const)('does not claim an invoice with the wrong %s', (reason, made, terms) => {
    const { state, effects } = advancePayout(owed, hand(made, terms), NOW);
    expect(state).toBe(owed);
    expect(effects).toEqual([{ type: 'refused', reason }]);
  });

  test('is not paid without proof, however the wallet calls it', () => {
    for (const preimage of [null, preimageOf(9)]) {
      const { state, effects } = advancePayout(claimed, seen(outgoing(payment, preimage)), NOW);
      expect(state).toBe(claimed);
      expect(effects).toEqual([{ type: 'alert', code: 'unproven' }]);
    }
    const incoming: WalletTransaction = { ...outgoing(payment), direction: 'incoming' };
    expect(advancePayout(claimed, seen(incoming), NOW).effects).toEqual([]);
    expect(advancePayout(claimed, seen(outgoing(payment)), NOW).effects).toMatchObject([
      { type: 'paid', fees: FEES },
    ]);
  });

  test('keeps its claim while an unknown payment could still be executed, and gives it up after the expiry', () => {
    const expiry = good.expiresAt_s * 1_000;
    expect(advancePayout(claimed, seen(null), expiry)).toEqual({ state: claimed, effects: [] });
    const pending = seen(outgoing({ ...payment, state: 'pending' }));
    expect(advancePayout(claimed, pending, expiry + 1e9)).toEqual({ state: claimed, effects: [] });
    const released = advancePayout(claimed, seen(null), expiry + INVOICE_GRACE_MS);
    expect(released).toMatchObject({ state: { phase: 'owed' }, effects: [{ type: 'released' }] });
  });

  test('that arrives after its claim was given up is paid, and told to the operator', () => {
    const over = good.expiresAt_s * 1_000 + INVOICE_GRACE_MS;
    const failed = seen(outgoing({ ...payment, state: 'failed' }));
    expect(advancePayout(claimed, failed, NOW).effects.map(({ type }) => type)).toEqual(['pay']);
    const released = advancePayout(claimed, failed, over).state;
    expect(released.phase).toBe('owed');
    const paid: PayoutInput = {
      type: 'sent',
      paymentHash: good.paymentHash,
      paid: { preimage: preimageOf(1), fees: FEES },
    };
    const { state, effects } = advancePayout(released, paid, NOW);
    expect(state.phase).toBe('paid');
    expect(effects.map(({ type }) => type)).toEqual(['alert', 'claimed', 'paid']);
    const forged: PayoutInput = { ...paid, paid: { preimage: preimageOf(9), fees: FEES } };
    expect(advancePayout(released, forged, NOW)).toEqual({
      state: released,
      effects: [{ type: 'alert', code: 'unproven' }],
    });
  });

  test('ignores news of other payments', () => {
    expect(advancePayout(claimed, seen(outgoing(payment), hashOf(2)), NOW).state).toBe(claimed);
    const other: PayoutInput = { type: 'sent', paymentHash: hashOf(2), paid: null };
    expect(advancePayout(claimed, other, NOW).state).toBe(claimed);
  });
});
