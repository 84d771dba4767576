/**
 * Goal: LIGHTNING §7.5 for one escrow: taken only after an approval (1), given back otherwise (4), nothing undecided
 * near the deadline (11), late payments refunded without a human (12), every order of news harmless (7, 8), the
 * preimage used for nothing but settling (10).
 * Method: 2,000 seeded schedules against a model of a wallet, half of them with Alby Hub's three traps, with lost, late
 * and repeated calls and crashes, clients that approve, reject, vanish, call off, pay late and never pay. The truth is
 * the model's, never the machine's. Mutants with the usual mistakes must break a rule in the same schedules.
 * Does not prove: that wallets behave as the model does (the tests with LDK do), nor the job's side of it.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  ESCROW_HOLD_BLOCKS,
  ESCROW_MARGIN_BLOCKS,
  INVOICE_GRACE_MS,
  INVOICE_MAKE_ATTEMPTS,
} from '../../src/limits.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import {
  advanceEscrow,
  type Escrow,
  type EscrowEffect,
  type EscrowInput,
  nextEscrowTick,
  openEscrow,
} from '../../src/payment/escrow.ts';
import { ESCROW_PHASES, escrowSchema } from '../../src/payment/escrow-types.ts';
import { msats, toJson } from '../../src/payment/msats.ts';
import type { IssuedInvoice, TransactionState, WalletTransaction } from '../../src/payment/wallet.ts';
import { seeded } from '../support/random.ts';
import { failingSeeds, type Machine, must, simulate, type World } from './simulation.ts';

const PREIMAGE = 'ee'.repeat(32);
const HASH = createHash('sha256').update(fromHex(PREIMAGE)).digest('hex');
const AMOUNT = msats(21_000);
const NOW = 1_700_000_000_000;
const opening = { id: 'job', amount: AMOUNT, paymentHash: HASH, sealedPreimage: 'sealed' };

type EscrowMachine = Machine<Escrow, EscrowInput, EscrowEffect>;
const machine: EscrowMachine = {
  open: (now) => openEscrow(opening, now),
  advance: advanceEscrow,
  nextTick: nextEscrowTick,
};

const CLIENTS = ['approves', 'rejects', 'vanishes', 'callsOff', 'paysLate', 'neverPays'] as const;

/** A wallet with one hold invoice, its node, the chain and a client. */
class Model implements World<Escrow, EscrowInput, EscrowEffect> {
  readonly tick = { type: 'tick' } as const;
  readonly client: (typeof CLIENTS)[number];
  readonly traps: boolean;
  /** What really became of the money. */
  truth: 'none' | 'payable' | 'locked' | 'taken' | 'back' = 'none';
  height = 800_000;
  deadline: number | null = null;
  expiresAt_ms = 0;
  shown = false;
  approved = false;
  refused = false;
  paid = false;
  counts = { held: 0, settled: 0, approvedSettled: 0 };
  now_ms = 0;

  constructor(seed: number) {
    const random = seeded(seed ^ 0x5eed);
    this.client = CLIENTS[Math.floor(random() * CLIENTS.length)] ?? 'approves';
    this.traps = random() < 0.5;
  }

  perform(effect: EscrowEffect, now_ms: number): readonly EscrowInput[] {
    this.now_ms = now_ms;
    switch (effect.type) {
      case 'make': {
        if (this.truth === 'none') {
          this.truth = 'payable';
          this.expiresAt_ms = now_ms + effect.order.expiry_s * 1_000;
        }
        return [{ type: 'issued', invoice: this.invoice() }];
      }
      case 'look':
        return [{ type: 'seen', transaction: this.lookup(), height: this.height }];
      case 'settle':
        if (this.truth === 'locked') this.truth = 'taken';
        return [];
      case 'cancel':
        if (this.truth === 'locked' || (this.truth === 'payable' && !this.traps)) {
          this.truth = 'back';
          return [{ type: 'cancelAnswered' }];
        }
        return [];
      case 'offer':
        this.shown = true;
        return [];
      default:
        return [];
    }
  }

  live(state: Escrow, now_ms: number, random: () => number): readonly EscrowInput[] {
    this.now_ms = now_ms;
    if (random() < 0.35) this.height += 1 + Math.floor(random() * 3);
    // The node gives a held payment back some blocks before it would have to go to the chain.
    if (this.truth === 'locked' && this.deadline !== null && this.height >= this.deadline)
      this.truth = 'back';
    const atRest = state.phase === 'cancelled' || state.phase === 'lapsed';
    must(!(atRest && this.truth === 'locked'), 'nobody forgets money that is locked until its deadline');
    const inputs: EscrowInput[] = [];
    const pays = this.client === 'paysLate' ? state.phase === 'closing' : this.client !== 'neverPays';
    if (
      this.shown &&
      !this.paid &&
      this.truth === 'payable' &&
      pays &&
      now_ms < this.expiresAt_ms &&
      random() < 0.3
    ) {
      this.paid = true;
      this.truth = 'locked';
      this.deadline = this.height + ESCROW_HOLD_BLOCKS + Math.floor(random() * 6);
    }
    const callsOff = this.client === 'callsOff' || this.client === 'paysLate';
    if (callsOff && this.shown && !this.refused && random() < 0.2) {
      this.refused = true;
      inputs.push({ type: 'refuse' });
    }
    if (state.phase === 'held' && random() < 0.15) {
      if (this.client === 'approves') {
        this.approved = true;
        inputs.push({ type: 'approve' });
      } else if (this.client === 'rejects') {
        this.refused = true;
        inputs.push({ type: 'refuse' });
      }
    }
    // Notifications: true, repeated or made up, they all look alike.
    if (random() < 0.1) inputs.push({ type: 'wake' });
    return inputs;
  }

  check(before: Escrow, input: EscrowInput | null, after: Escrow, effects: readonly EscrowEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'held') this.counts.held++;
      if (effect.type === 'settled') {
        this.counts.settled++;
        if (effect.approved) this.counts.approvedSettled++;
        must(this.truth === 'taken', 'settled is only said of what was taken');
      }
      if (effect.type === 'settle') must(this.approved, 'the preimage is used only after an approval');
      if (effect.type === 'held') must(this.paid, 'work starts only on locked money');
    }
    if (
      input?.type === 'seen' &&
      before.phase === 'held' &&
      this.deadline !== null &&
      input.height !== null
    ) {
      const near = input.height >= this.deadline - ESCROW_MARGIN_BLOCKS;
      must(!(near && after.phase === 'held'), 'nothing is undecided within the margin');
    }
    if (after !== before) must(after.revision > before.revision, 'every change counts');
  }

  /** At the end, when the chain has long passed every deadline that could hide something held. */
  final(state: Escrow): void {
    must(['settled', 'cancelled', 'lapsed'].includes(state.phase), `at rest, not ${state.phase}`);
    must((this.truth === 'taken') === (state.phase === 'settled'), 'taken and settled are the same');
    must(this.truth !== 'locked', 'nothing stays held');
    must(this.counts.settled <= 1 && this.counts.held <= 1, 'said once');
    if (this.truth === 'taken') must(this.approved, 'taken only after an approval');
    must(this.counts.approvedSettled === this.counts.settled, 'what was taken is owed to the worker');
  }

  private invoice(): IssuedInvoice {
    const createdAt_s = Math.floor(this.now_ms / 1_000);
    return {
      bolt11: 'lnbcrt1',
      paymentHash: HASH,
      amount: AMOUNT,
      createdAt_s,
      expiresAt_s: this.expiresAt_ms / 1_000,
    };
  }

  private lookup(): WalletTransaction | null {
    if (this.truth === 'none') return null;
    return transaction(this.state(), this.deadline);
  }

  private state(): TransactionState {
    const expired = this.now_ms >= this.expiresAt_ms;
    switch (this.truth) {
      case 'taken':
        return 'settled';
      case 'locked':
        // Alby Hub: any unsettled row past its expiry.
        return this.traps && expired ? 'expired' : 'accepted';
      case 'back':
        // Alby Hub notices a cancellation, and not that the node gave the payment back.
        return this.traps && this.deadline !== null && this.height >= this.deadline ? 'accepted' : 'failed';
      default:
        return expired ? 'expired' : 'pending';
    }
  }
}

function transaction(state: TransactionState, settleDeadline: number | null = null): WalletTransaction {
  return {
    direction: 'incoming',
    state,
    paymentHash: HASH,
    amount: AMOUNT,
    fees: msats(0),
    bolt11: 'lnbcrt1',
    preimage: state === 'settled' ? PREIMAGE : null,
    createdAt_s: NOW / 1_000,
    expiresAt_s: NOW / 1_000 + 600,
    settledAt_s: state === 'settled' ? NOW / 1_000 : null,
    settleDeadline,
  };
}

function run(tested: EscrowMachine, seed: number): Model {
  const model = new Model(seed);
  const { state } = simulate(tested, model, seed);
  model.final(state);
  return model;
}

describe('an escrow in a bad world', () => {
  test('breaks no rule in any schedule', { timeout: 60_000 }, () => {
    expect(failingSeeds(2_000, (seed) => run(machine, seed))).toEqual([]);
  });

  test('comes to every end in these schedules', () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= 300; seed++) {
      const { client, truth } = run(machine, seed);
      ends.add(`${client}: ${truth}`);
    }
    expect([...ends]).toEqual(
      expect.arrayContaining([
        'approves: taken',
        'approves: back',
        'rejects: back',
        'vanishes: back',
        'callsOff: back',
        'paysLate: back',
      ]),
    );
  });

  /** Each mistake is one that a service of this kind was found with (LIGHTNING §2.3, §7.1). */
  const mutants: Readonly<Record<string, EscrowMachine>> = {
    'believes that expired means unpaid': {
      ...machine,
      advance: (escrow, input, now) =>
        input.type === 'seen' && input.transaction?.state === 'expired' && escrow.lookAt_ms !== null
          ? {
              state: { ...escrow, phase: 'cancelled', revision: escrow.revision + 1, lookAt_ms: null },
              effects: [{ type: 'released' }],
            }
          : advanceEscrow(escrow, input, now),
    },
    'takes a notification for the money': {
      ...machine,
      advance: (escrow, input, now) =>
        advanceEscrow(
          escrow,
          input.type === 'wake'
            ? { type: 'seen', transaction: transaction('accepted', 900_000), height: null }
            : input,
          now,
        ),
    },
    'does not look at the chain': {
      ...machine,
      advance: (escrow, input, now) =>
        advanceEscrow(escrow, input.type === 'seen' ? { ...input, height: null } : input, now),
    },
    'forgets an invoice that was withdrawn': {
      ...machine,
      advance: (escrow, input, now) => {
        const next = advanceEscrow(escrow, input, now);
        return next.state.phase === 'closing'
          ? { state: { ...next.state, phase: 'cancelled', lookAt_ms: null }, effects: [{ type: 'released' }] }
          : next;
      },
    },
    'settles and cancels once and never asks what became of it': {
      ...machine,
      advance: (escrow, input, now) => {
        const next = advanceEscrow(escrow, input, now);
        const { phase } = next.state;
        if (escrow.phase === phase && (phase === 'settling' || phase === 'cancelling'))
          return { state: escrow, effects: [] };
        return next;
      },
    },
  };
  for (const [mistake, mutant] of Object.entries(mutants)) {
    test(`is caught when it ${mistake}`, () => {
      expect(failingSeeds(200, (seed) => run(mutant, seed)).length).toBeGreaterThan(0);
    });
  }
});

/** Feeds inputs one after another, each a second later; the last state and all effects. */
function play(inputs: readonly EscrowInput[], from = machine.open(NOW)) {
  let { state } = from;
  const effects = [...from.effects];
  for (const [index, input] of inputs.entries()) {
    const next = advanceEscrow(state, input, NOW + 1_000 * (index + 1));
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects, types: effects.map((effect) => effect.type) };
}

describe('an escrow', () => {
  const issued: EscrowInput = {
    type: 'issued',
    invoice: {
      bolt11: 'lnbcrt1',
      paymentHash: HASH,
      amount: AMOUNT,
      createdAt_s: NOW / 1_000,
      expiresAt_s: NOW / 1_000 + 600,
    },
  };
  const seen = (
    state: TransactionState,
    height: number | null = 100,
    deadline: number | null = 244,
  ): EscrowInput => ({
    type: 'seen',
    transaction: transaction(state, state === 'pending' ? null : deadline),
    height,
  });

  test('that goes well is offered, held, settled', () => {
    const { state, effects, types } = play([
      issued,
      seen('accepted'),
      { type: 'approve' },
      seen('accepted', 110),
      seen('settled'),
    ]);
    expect(types).toEqual(['make', 'offer', 'held', 'look', 'settle', 'settled']);
    expect(state).toMatchObject({ phase: 'settled', lookAt_ms: null });
    expect(effects.at(-1)).toMatchObject({ approved: true, payment: { preimage: PREIMAGE, amount: AMOUNT } });
  });

  test('is stored with its sealed preimage before the wallet hears of it, and reads back the same', () => {
    const { state } = play([issued]);
    expect(escrowSchema.parse(JSON.parse(toJson(state)))).toEqual(state);
    expect(machine.open(NOW).state.sealedPreimage).toBe('sealed');
    expect(toJson(play([issued, seen('accepted')]))).not.toContain(PREIMAGE);
  });

  test('is never shown when the wallet made another invoice', () => {
    for (const change of [{ paymentHash: '11'.repeat(32) }, { amount: msats(1) }]) {
      const { state, types } = play([{ ...issued, invoice: { ...issued.invoice, ...change } }]);
      expect(state.phase).toBe('cancelled');
      expect(types).toEqual(['make', 'alert', 'released']);
    }
  });

  test('gives up when the wallet cannot make it', () => {
    let { state } = machine.open(NOW);
    const effects: EscrowEffect[] = [];
    for (let now = NOW; state.phase === 'requested' && now < NOW + 3_600_000; now += 1_000) {
      const next = advanceEscrow(state, { type: 'tick' }, now);
      state = next.state;
      effects.push(...next.effects);
    }
    expect(effects.filter(({ type }) => type === 'make')).toHaveLength(INVOICE_MAKE_ATTEMPTS - 1);
    expect(effects.slice(-2)).toEqual([{ type: 'alert', code: 'unavailable' }, { type: 'released' }]);
  });

  test('locked with too little is given back', () => {
    const short: EscrowInput = {
      type: 'seen',
      transaction: { ...transaction('accepted', 244), amount: msats(20_999) },
      height: 100,
    };
    const { state, types } = play([issued, short]);
    expect(state.phase).toBe('cancelling');
    expect(types).not.toContain('held');
  });

  test('approved when it is too late is given back, with an alert', () => {
    const { state, effects } = play([issued, seen('accepted'), { type: 'approve' }, seen('accepted', 242)]);
    expect(state).toMatchObject({ phase: 'cancelling', verdict: 'refused' });
    expect(effects.at(-2)).toEqual({ type: 'alert', code: 'approved_too_late' });
  });

  test('approved within the margin is still taken while there are blocks enough', () => {
    const { state } = play([issued, seen('accepted'), { type: 'approve' }, seen('accepted', 240)]);
    expect(state.phase).toBe('settling');
  });

  test('of a wallet that names no deadline counts the blocks it ordered', () => {
    const held = play([issued, seen('pending', 100), seen('accepted', 101, null)]);
    expect(held.state).toMatchObject({ phase: 'held', deadlineHeight: 100 + ESCROW_HOLD_BLOCKS });
  });

  test('that lapses while settling is not owed', () => {
    const { state, types } = play([
      issued,
      seen('accepted'),
      { type: 'approve' },
      seen('accepted'),
      seen('accepted', 251),
    ]);
    expect(state.phase).toBe('lapsed');
    expect(types.at(-1)).toBe('lapsed');
  });

  test('taken without an approval is owed to the client', () => {
    const { effects } = play([issued, seen('accepted'), seen('settled')]);
    expect(effects.slice(-2)).toMatchObject([
      { type: 'alert', code: 'settled_unasked' },
      { type: 'settled', approved: false },
    ]);
  });

  test('paid after it was over is given back again', () => {
    const late = play([issued, { type: 'refuse' }]);
    const over = advanceEscrow(late.state, seen('expired', 100, null), NOW + 600_000 + INVOICE_GRACE_MS);
    expect(over.state.phase).toBe('cancelled');
    const again = play([seen('accepted', 150, 300)], over);
    expect(again.state.phase).toBe('cancelling');
    expect(again.types.slice(-2)).toEqual(['late', 'cancel']);
  });

  test('at rest is moved by nothing but the wallet', () => {
    const settled = play([
      issued,
      seen('accepted'),
      { type: 'approve' },
      seen('accepted'),
      seen('settled'),
    ]).state;
    const inputs: EscrowInput[] = [
      issued,
      { type: 'unmade' },
      seen('failed'),
      { type: 'cancelAnswered' },
      { type: 'approve' },
      { type: 'refuse' },
      { type: 'wake' },
      { type: 'tick' },
    ];
    for (const input of inputs) expect(advanceEscrow(settled, input, NOW + 1e9).state).toBe(settled);
    expect(ESCROW_PHASES).toContain(settled.phase);
  });
});
