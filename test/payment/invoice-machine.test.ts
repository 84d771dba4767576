/**
 * Goal: an invoice is settled exactly when the wallet got the money, once; money for a bill nobody wants any more is
 * given back without a human; forged and repeated news change nothing (LIGHTNING §7.5: 6, 7, 8, 12, 14, 17).
 * Method: 2,000 seeded schedules against a model of a wallet and of payers who pay at once, at the last moment, late,
 * never, or whose job is called off; then mutants with the usual mistakes.
 * Does not prove: that a credit is booked for a late payment (the ledger's tests do).
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { INVOICE_GRACE_MS, INVOICE_MAKE_ATTEMPTS } from '../../src/limits.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import {
  advanceBill,
  type Bill,
  type BillEffect,
  type BillInput,
  billSchema,
  nextBillTick,
  openBill,
} from '../../src/payment/invoice-machine.ts';
import { msats, toJson } from '../../src/payment/msats.ts';
import type { TransactionState, WalletTransaction } from '../../src/payment/wallet.ts';
import { seeded } from '../support/random.ts';
import { failingSeeds, type Machine, must, simulate, type World } from './simulation.ts';

const NOW = 1_700_000_000_000;
const AMOUNT = msats(21_000);
const opening = { id: 'bill', amount: AMOUNT, purpose: { text: 'a job' } };

const preimageOf = (number: number) => number.toString(16).padStart(64, '0');
const hashOf = (preimage: string) => createHash('sha256').update(fromHex(preimage)).digest('hex');

function transaction(number: number, state: TransactionState): WalletTransaction {
  return {
    direction: 'incoming',
    state,
    paymentHash: hashOf(preimageOf(number)),
    amount: AMOUNT,
    fees: msats(0),
    bolt11: `lnbcrt${number}`,
    preimage: state === 'settled' ? preimageOf(number) : null,
    createdAt_s: NOW / 1_000,
    expiresAt_s: NOW / 1_000 + 900,
    settledAt_s: null,
    settleDeadline: null,
  };
}

function issued(number: number, expiresAt_s = NOW / 1_000 + 900): BillInput {
  const paymentHash = hashOf(preimageOf(number));
  return {
    type: 'issued',
    invoice: {
      bolt11: `lnbcrt${number}`,
      paymentHash,
      amount: AMOUNT,
      createdAt_s: NOW / 1_000,
      expiresAt_s,
    },
  };
}

type BillMachine = Machine<Bill, BillInput, BillEffect>;
const machine: BillMachine = {
  open: (now) => openBill(opening, now),
  advance: advanceBill,
  nextTick: nextBillTick,
};

const PAYERS = ['at once', 'at the last moment', 'never', 'after calling off'] as const;

class Model implements World<Bill, BillInput, BillEffect> {
  readonly tick = { type: 'tick' } as const;
  readonly payer: (typeof PAYERS)[number];
  /** Every invoice the wallet made, by number from 1, with its expiry, Unix ms. */
  readonly made: number[] = [];
  shown: number | null = null;
  paid = false;
  withdrawn = false;
  counts = { settled: 0, late: 0, expired: 0 };

  constructor(seed: number) {
    this.payer = PAYERS[Math.floor(seeded(seed ^ 0xb111)() * PAYERS.length)] ?? 'never';
  }

  perform(effect: BillEffect, now_ms: number): readonly BillInput[] {
    switch (effect.type) {
      case 'make':
        this.made.push(now_ms + effect.order.expiry_s * 1_000);
        return [issued(this.made.length, Math.floor((this.made.at(-1) ?? 0) / 1_000))];
      case 'offer':
        must(this.shown === null || effect.bolt11 === `lnbcrt${this.shown}`, 'one invoice is shown');
        this.shown = Number(effect.bolt11.slice('lnbcrt'.length));
        return [];
      case 'look': {
        const number =
          this.made.findIndex((_, index) => hashOf(preimageOf(index + 1)) === effect.paymentHash) + 1;
        return [
          {
            type: 'seen',
            transaction: number === 0 ? null : transaction(number, this.state(number, now_ms)),
          },
        ];
      }
      default:
        return [];
    }
  }

  live(state: Bill, now_ms: number, random: () => number): readonly BillInput[] {
    const inputs: BillInput[] = [];
    const expiry = this.shown === null ? 0 : (this.made[this.shown - 1] ?? 0);
    const mood = {
      'at once': random() < 0.3,
      'at the last moment': now_ms > expiry - 60_000 && random() < 0.6,
      never: false,
      'after calling off': this.withdrawn && random() < 0.3,
    };
    // A payment that began before the expiry may arrive a little after it.
    if (this.shown !== null && !this.paid && mood[this.payer] && now_ms < expiry + 30_000) this.paid = true;
    if (this.payer === 'after calling off' && state.phase === 'offered' && random() < 0.3) {
      this.withdrawn = true;
      inputs.push({ type: 'withdraw' });
    }
    // Anybody can publish what looks like a notification or a receipt.
    if (random() < 0.15) inputs.push({ type: 'wake' });
    return inputs;
  }

  check(_: Bill, __: BillInput | null, after: Bill, effects: readonly BillEffect[]): void {
    for (const { type } of effects) {
      if (type === 'settled' || type === 'late' || type === 'expired') this.counts[type]++;
    }
    if (after.phase === 'settled' || after.phase === 'late') must(this.paid, 'only money settles a bill');
  }

  final(state: Bill): void {
    const { settled, late, expired } = this.counts;
    must(['settled', 'expired', 'late'].includes(state.phase), `at rest, not ${state.phase}`);
    must(settled + late === (this.paid ? 1 : 0), 'what was paid is settled or given back, once');
    must(expired <= 1 && !(settled === 1 && expired === 1), 'a bill ends once');
    if (settled === 1) must(!this.withdrawn, 'what nobody wants any more is given back');
  }

  private state(number: number, now_ms: number): TransactionState {
    if (this.paid && number === this.shown) return 'settled';
    return now_ms >= (this.made[number - 1] ?? 0) ? 'expired' : 'pending';
  }
}

function run(tested: BillMachine, seed: number): Model {
  const model = new Model(seed);
  const { state } = simulate(tested, model, seed);
  model.final(state);
  return model;
}

describe('an invoice in a bad world', () => {
  test('breaks no rule in any schedule', { timeout: 60_000 }, () => {
    expect(failingSeeds(2_000, (seed) => run(machine, seed))).toEqual([]);
  });

  test('comes to every end in these schedules', () => {
    const ends = { settled: 0, late: 0, expired: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const { counts } = run(machine, seed);
      for (const end of ['settled', 'late', 'expired'] as const) ends[end] += counts[end];
    }
    for (const count of Object.values(ends)) expect(count).toBeGreaterThan(10);
  });

  const believe = (bill: Bill): BillInput => {
    const number = Number(bill.bolt11?.slice('lnbcrt'.length) ?? 0);
    return { type: 'seen', transaction: transaction(number, 'settled') };
  };
  const mutants: Readonly<Record<string, BillMachine>> = {
    'takes a receipt or a notification for the money': {
      ...machine,
      advance: (bill, input, now) => advanceBill(bill, input.type === 'wake' ? believe(bill) : input, now),
    },
    'stops asking when the wallet says expired': {
      ...machine,
      advance: (bill, input, now) =>
        input.type === 'seen' && input.transaction?.state === 'expired'
          ? { state: { ...bill, phase: 'expired', lookAt_ms: null }, effects: [{ type: 'expired' }] }
          : advanceBill(
              bill,
              bill.phase === 'expired' && input.type === 'wake' ? { type: 'unmade' } : input,
              now,
            ),
    },
    'forgets an invoice when its job is called off': {
      ...machine,
      advance: (bill, input, now) =>
        input.type === 'withdraw' && bill.phase === 'offered'
          ? { state: { ...bill, phase: 'late', lookAt_ms: null }, effects: [{ type: 'expired' }] }
          : advanceBill(bill, input, now),
    },
    'shows each invoice it gets': {
      ...machine,
      advance: (bill, input, now) =>
        advanceBill(
          input.type === 'issued' && bill.phase === 'offered' ? { ...bill, phase: 'requested' } : bill,
          input,
          now,
        ),
    },
  };
  for (const [mistake, mutant] of Object.entries(mutants)) {
    test(`is caught when it ${mistake}`, () => {
      expect(failingSeeds(200, (seed) => run(mutant, seed)).length).toBeGreaterThan(0);
    });
  }
});

describe('an invoice', () => {
  const offered = advanceBill(machine.open(NOW).state, issued(1), NOW).state;
  const seen = (state: TransactionState, change: Partial<WalletTransaction> = {}): BillInput => ({
    type: 'seen',
    transaction: { ...transaction(1, state), ...change },
  });

  test('is read back as it was stored', () => {
    expect(billSchema.parse(JSON.parse(toJson(offered)))).toEqual(offered);
  });

  test('paid with more than it asks is settled with what arrived', () => {
    const { effects } = advanceBill(offered, seen('settled', { amount: msats(30_000) }), NOW);
    expect(effects).toMatchObject([{ type: 'settled', payment: { amount: 30_000n } }]);
  });

  test.each([
    ['too little', { amount: msats(20_999) }],
    ['a preimage of something else', { preimage: preimageOf(7) }],
    ['no preimage', { preimage: null }],
    ['the outgoing half of a payment to ourselves', { direction: 'outgoing' }],
    ['another payment', { paymentHash: hashOf(preimageOf(7)) }],
  ] as const)('is not settled by %s', (_, change) => {
    const { state, effects } = advanceBill(offered, seen('settled', change), NOW);
    expect(state).toBe(offered);
    expect(effects).toEqual([{ type: 'alert', code: 'wallet_lied' }]);
  });

  test('is payable until a while after its expiry, and then over', () => {
    const expiry = NOW + 900_000;
    expect(advanceBill(offered, seen('expired'), expiry + INVOICE_GRACE_MS - 1).state).toBe(offered);
    const over = advanceBill(offered, seen('expired'), expiry + INVOICE_GRACE_MS);
    expect(over).toMatchObject({ state: { phase: 'expired' }, effects: [{ type: 'expired' }] });
    expect(advanceBill(over.state, { type: 'wake' }, expiry).effects).toMatchObject([{ type: 'look' }]);
    expect(advanceBill(over.state, seen('settled'), expiry).effects).toMatchObject([{ type: 'late' }]);
  });

  test('over another amount is never shown', () => {
    const wrong = issued(1);
    if (wrong.type !== 'issued') throw new Error('unreachable');
    const { state, effects } = advanceBill(
      machine.open(NOW).state,
      { ...wrong, invoice: { ...wrong.invoice, amount: msats(1) } },
      NOW,
    );
    expect(state.phase).toBe('expired');
    expect(effects.map(({ type }) => type)).toEqual(['alert', 'expired']);
  });

  test('that the wallet does not make is given up after a few attempts', () => {
    let { state } = machine.open(NOW);
    let makes = 1;
    for (let now = NOW; state.phase === 'requested' && now < NOW + 3_600_000; now += 1_000) {
      const next = advanceBill(state, { type: 'tick' }, now);
      state = next.state;
      makes += next.effects.filter(({ type }) => type === 'make').length;
    }
    expect(makes).toBe(INVOICE_MAKE_ATTEMPTS);
    expect(state.phase).toBe('expired');
  });
});
