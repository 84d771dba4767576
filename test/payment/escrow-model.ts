/** A wallet with one hold invoice, its node, the chain and a client: the world an escrow is tested in. */
import { createHash } from 'node:crypto';
import { ESCROW_HOLD_BLOCKS, ESCROW_MARGIN_BLOCKS } from '../../src/limits.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import {
  advanceEscrow,
  type Escrow,
  type EscrowEffect,
  type EscrowInput,
  nextEscrowTick,
  openEscrow,
} from '../../src/payment/escrow.ts';
import { msats } from '../../src/payment/msats.ts';
import type { IssuedInvoice, TransactionState, WalletTransaction } from '../../src/payment/wallet.ts';
import { seeded } from '../support/random.ts';
import { type Machine, must, simulate, type World } from './simulation.ts';

export const PREIMAGE = 'ee'.repeat(32);
export const HASH = createHash('sha256').update(fromHex(PREIMAGE)).digest('hex');
export const AMOUNT = msats(21_000);
/** Unix ms. */
export const NOW = 1_700_000_000_000;
const opening = { id: 'job', amount: AMOUNT, paymentHash: HASH, sealedPreimage: 'sealed' };

export type EscrowMachine = Machine<Escrow, EscrowInput, EscrowEffect>;
export const escrowMachine: EscrowMachine = {
  open: (now) => openEscrow(opening, now),
  advance: advanceEscrow,
  nextTick: nextEscrowTick,
};

const CLIENTS = ['approves', 'rejects', 'vanishes', 'callsOff', 'paysLate', 'neverPays'] as const;

/** A wallet with one hold invoice, its node, the chain and a client. */
export class EscrowModel implements World<Escrow, EscrowInput, EscrowEffect> {
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

  private readonly watch: (effect: EscrowEffect) => void;

  constructor(seed: number, watch: (effect: EscrowEffect) => void) {
    this.watch = watch;
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
      this.watch(effect);
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

export function transaction(
  state: TransactionState,
  settleDeadline: number | null = null,
): WalletTransaction {
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

/** Runs a machine through the schedule of a seed. @throws Violation when a rule is broken */
export function runEscrow(
  tested: EscrowMachine,
  seed: number,
  watch: (effect: EscrowEffect) => void = () => undefined,
): EscrowModel {
  const model = new EscrowModel(seed, watch);
  const { state } = simulate(tested, model, seed);
  model.final(state);
  return model;
}
