/**
 * Goal: a payee is paid exactly what is owed, at most once, whatever gets lost, doubled or delayed, and in the end paid
 * or still owed in plain sight (LIGHTNING §7.5: 2, 5, 13, 14, 16).
 * Method: 2,000 seeded schedules against a model of a wallet that may execute a pay request long after it was sent, of
 * payees that hand in ordinary and hold invoices, and of a network on which payments fail. The truth is what the payee
 * got. Mutants, above all the usual fresh invoice on each retry, must overpay in the same schedules.
 * Does not prove: uniqueness of the payment hash across payouts, which is the store's index.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { INVOICE_GRACE_MS, PAYOUT_MAX_FINAL_CLTV_BLOCKS } from '../../src/limits.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { encodeInvoice, type InvoiceDraft } from '../../src/payment/bolt11/encode.ts';
import type { Invoice } from '../../src/payment/bolt11/invoice.ts';
import { nodeIdOf } from '../../src/payment/bolt11/signature.ts';
import { msats, toJson } from '../../src/payment/msats.ts';
import {
  advancePayout,
  type ClaimTerms,
  nextPayoutTick,
  openPayout,
  type Payout,
  type PayoutEffect,
  type PayoutInput,
  payoutSchema,
} from '../../src/payment/payout.ts';
import type { TransactionState, WalletTransaction } from '../../src/payment/wallet.ts';
import { seeded } from '../support/random.ts';
import { failingSeeds, type Machine, must, simulate, type World } from './simulation.ts';

const NODE = fromHex('03'.repeat(32));
const NOW = 1_700_000_000_000;
const AMOUNT = msats(18_900);
const FEES = msats(21);
const TERMS: ClaimTerms = { network: 'regtest', ownNode: null, hashUsed: false };

const preimageOf = (number: number) => number.toString(16).padStart(64, '0');
const hashOf = (number: number) =>
  createHash('sha256')
    .update(fromHex(preimageOf(number)))
    .digest('hex');

const draft: InvoiceDraft = {
  network: 'regtest',
  amount: AMOUNT,
  timestamp_s: NOW / 1_000,
  paymentHash: hashOf(1),
  paymentSecret: '22'.repeat(32),
  description: 'payout',
  descriptionHash: null,
};
/** Signing costs more than a whole schedule, so one invoice is signed and the others differ from it in its place. */
const PATTERN = encodeInvoice(draft, NODE);

function invoice(number: number, timestamp_s: number, expiry_s: number): Invoice {
  const expiresAt_s = timestamp_s + expiry_s;
  return {
    ...PATTERN,
    text: `lnbcrt${number}`,
    paymentHash: hashOf(number),
    timestamp_s,
    expiry_s,
    expiresAt_s,
  };
}

type PayoutMachine = Machine<Payout, PayoutInput, PayoutEffect>;
const machine: PayoutMachine = {
  open: (now) => openPayout({ id: 'payout', amount: AMOUNT }, now),
  advance: advancePayout,
  nextTick: nextPayoutTick,
};

interface Handed {
  readonly invoice: Invoice;
  /** Whether there is a way to its node at all. */
  readonly routable: boolean;
  state: 'unknown' | 'pending' | 'settled' | 'failed';
  /** When a held payment is claimed or goes back, Unix ms. */
  resolvesAt_ms: number;
}

class Model implements World<Payout, PayoutInput, PayoutEffect> {
  readonly tick = { type: 'tick' } as const;
  readonly random: () => number;
  readonly handed: Handed[] = [];
  /** Pay requests that lie on a relay and are executed later: wallets need not honour their expiration. */
  readonly stray: { readonly number: number; readonly at_ms: number }[] = [];
  counts = { paid: 0, claimed: 0, released: 0 };

  constructor(seed: number) {
    this.random = seeded(seed ^ 0x9a10);
  }

  get received(): number {
    return this.handed.filter(({ state }) => state === 'settled').length;
  }

  perform(effect: PayoutEffect, now_ms: number): readonly PayoutInput[] {
    switch (effect.type) {
      case 'fetchInvoice': {
        if (this.random() < 0.2) return [];
        const number = this.handed.length + 1;
        const made = invoice(number, Math.floor(now_ms / 1_000), this.random() < 0.5 ? 600 : 3_600);
        this.handed.push({
          invoice: made,
          routable: this.random() < 0.6,
          state: 'unknown',
          resolvesAt_ms: 0,
        });
        return [{ type: 'invoiced', invoice: made, terms: TERMS }];
      }
      case 'look': {
        const payment = this.find(effect.paymentHash);
        const transaction = payment === undefined || payment.state === 'unknown' ? null : outgoing(payment);
        return [{ type: 'seen', paymentHash: effect.paymentHash, transaction }];
      }
      case 'pay': {
        const number = this.numberOf(effect.paymentHash);
        if (this.random() < 0.15) {
          this.stray.push({ number, at_ms: now_ms + Math.floor(this.random() * 900_000) });
          return [];
        }
        return this.execute(number, now_ms);
      }
      default:
        return [];
    }
  }

  live(_: Payout, now_ms: number): readonly PayoutInput[] {
    for (const { number } of this.stray.filter(({ at_ms }) => at_ms <= now_ms)) this.execute(number, now_ms);
    for (const [index, { at_ms }] of [...this.stray.entries()].reverse())
      if (at_ms <= now_ms) this.stray.splice(index, 1);
    for (const payment of this.handed) {
      if (payment.state === 'pending' && payment.resolvesAt_ms <= now_ms)
        payment.state = this.random() < 0.7 ? 'settled' : 'failed';
    }
    return this.random() < 0.1 ? [{ type: 'wake' }] : [];
  }

  check(before: Payout, _: PayoutInput | null, after: Payout, effects: readonly PayoutEffect[]): void {
    for (const { type } of effects)
      if (type === 'paid' || type === 'claimed' || type === 'released') this.counts[type]++;
    must(this.received <= 1, 'nobody is paid twice');
    for (const effect of effects) {
      if (effect.type === 'pay')
        must(after.phase === 'claimed' && effect.paymentHash === after.paymentHash, 'only the claim is paid');
    }
    if (after.phase === 'paid') must(this.received === 1, 'paid is only said of what arrived');
    if (before.phase === 'paid') must(after === before, 'paid is the end');
  }

  /** One more look, for what happened in the very last round. */
  look(tested: PayoutMachine, state: Payout, now_ms: number): Payout {
    if (state.phase !== 'claimed' || state.paymentHash === null) return state;
    const [seen] = this.perform({ type: 'look', paymentHash: state.paymentHash }, now_ms);
    if (seen === undefined) return state;
    const next = tested.advance(state, seen, now_ms);
    this.check(state, seen, next.state, next.effects);
    return next.state;
  }

  final(state: Payout): void {
    must(this.received <= 1, 'nobody is paid twice');
    must((state.phase === 'paid') === (this.received === 1), 'what arrived is known to have arrived');
    must(this.counts.paid === this.received, 'said once');
    must(
      this.counts.claimed - this.counts.released === (state.phase === 'owed' ? 0 : 1),
      'claims are booked in pairs',
    );
  }

  /** What a wallet does with a pay request: it pays an invoice once, and no expired one. */
  private execute(number: number, now_ms: number): readonly PayoutInput[] {
    const payment = this.handed[number - 1];
    if (payment === undefined) return [];
    const { paymentHash, expiresAt_s } = payment.invoice;
    const failed: PayoutInput = { type: 'sent', paymentHash, paid: null };
    if (payment.state === 'pending') return [];
    if (payment.state === 'settled') return [failed];
    if (now_ms >= expiresAt_s * 1_000) return [failed];
    const luck = this.random();
    if (luck < 0.35 || !payment.routable) {
      payment.state = 'failed';
      return [failed];
    }
    if (luck < 0.55) {
      payment.state = 'pending';
      // A payee may hold it for over an hour (a hold invoice), yet not until the end of the schedule.
      const held_ms = this.random() < 0.3 ? 5_400_000 : 600_000;
      payment.resolvesAt_ms = Math.min(now_ms + Math.floor(this.random() * held_ms), NOW + 6_000_000);
      return [];
    }
    payment.state = 'settled';
    return [{ type: 'sent', paymentHash, paid: { preimage: preimageOf(number), fees: FEES } }];
  }

  private find(paymentHash: string): Handed | undefined {
    return this.handed.find((payment) => payment.invoice.paymentHash === paymentHash);
  }

  private numberOf(paymentHash: string): number {
    return this.handed.findIndex((payment) => payment.invoice.paymentHash === paymentHash) + 1;
  }
}

function outgoing({ invoice: made, state }: Handed, preimage?: string | null): WalletTransaction {
  const number = Number(made.text.slice('lnbcrt'.length));
  const known: TransactionState = state === 'unknown' ? 'pending' : state;
  return {
    direction: 'outgoing',
    state: known,
    paymentHash: made.paymentHash,
    amount: AMOUNT,
    fees: FEES,
    bolt11: made.text,
    preimage: preimage === undefined ? (state === 'settled' ? preimageOf(number) : null) : preimage,
    createdAt_s: made.timestamp_s,
    expiresAt_s: made.expiresAt_s,
    settledAt_s: null,
    settleDeadline: null,
  };
}

function run(tested: PayoutMachine, seed: number): { readonly model: Model; readonly state: Payout } {
  const model = new Model(seed);
  const { state, now_ms } = simulate(tested, model, seed);
  const last = model.look(tested, state, now_ms);
  model.final(last);
  return { model, state: last };
}

describe('a payout in a bad world', () => {
  test('breaks no rule in any schedule', { timeout: 60_000 }, () => {
    expect(failingSeeds(2_000, (seed) => run(machine, seed))).toEqual([]);
  });

  test('is nearly always paid in the end, often after failures, stray requests and held payments', () => {
    let paid = 0;
    let released = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { state, model } = run(machine, seed);
      if (state.phase === 'paid') paid++;
      released += model.counts.released;
    }
    expect(paid).toBeGreaterThan(150);
    expect(released).toBeGreaterThan(50);
  });

  const mutants: Readonly<Record<string, PayoutMachine>> = {
    'asks for a fresh invoice on each retry': {
      ...machine,
      advance: (payout, input, now) =>
        input.type === 'tick' && payout.phase === 'claimed'
          ? {
              state: { ...payout, phase: 'owed' },
              effects: [{ type: 'fetchInvoice', amount: payout.amount }],
            }
          : advancePayout(payout, input, now),
    },
    'takes a call without an answer for a failure': {
      ...machine,
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
      ...machine,
      advance: (payout, input, now) =>
        input.type === 'seen' && input.transaction?.state === 'failed' && payout.phase === 'claimed'
          ? {
              state: { ...payout, phase: 'owed' },
              effects: [{ type: 'released', paymentHash: input.paymentHash }],
            }
          : advancePayout(payout, input, now),
    },
    'takes a payment that is held for one that failed': {
      ...machine,
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
      expect(failingSeeds(400, (seed) => run(mutant, seed)).length).toBeGreaterThan(0);
    });
  }
});

describe('a payout', () => {
  const owed = machine.open(NOW).state;
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
