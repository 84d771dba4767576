/** A wallet that may act late, a payee who hands in invoices of every kind, and a network on which payments fail. */
import { createHash } from 'node:crypto';
import { fromHex } from '../../src/nostr/hex.ts';
import { encodeInvoice, type InvoiceDraft } from '../../src/payment/bolt11/encode.ts';
import type { Invoice } from '../../src/payment/bolt11/invoice.ts';
import { msats } from '../../src/payment/msats.ts';
import {
  advancePayout,
  type ClaimTerms,
  nextPayoutTick,
  openPayout,
  type Payout,
  type PayoutEffect,
  type PayoutInput,
} from '../../src/payment/payout.ts';
import type { TransactionState, WalletTransaction } from '../../src/payment/wallet.ts';
import { seeded } from '../support/random.ts';
import { type Machine, must, simulate, type World } from './simulation.ts';

export const NODE = fromHex('03'.repeat(32));
/** Unix ms. */
export const NOW = 1_700_000_000_000;
export const AMOUNT = msats(18_900);
export const FEES = msats(21);
export const TERMS: ClaimTerms = { network: 'regtest', ownNode: null, hashUsed: false };

export const preimageOf = (number: number) => number.toString(16).padStart(64, '0');
export const hashOf = (number: number) =>
  createHash('sha256')
    .update(fromHex(preimageOf(number)))
    .digest('hex');

export const draft: InvoiceDraft = {
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

export type PayoutMachine = Machine<Payout, PayoutInput, PayoutEffect>;
export const payoutMachine: PayoutMachine = {
  open: (now) => openPayout({ id: 'payout', amount: AMOUNT }, now),
  advance: advancePayout,
  nextTick: nextPayoutTick,
};

export interface Handed {
  readonly invoice: Invoice;
  /** Whether there is a way to its node at all. */
  readonly routable: boolean;
  state: 'unknown' | 'pending' | 'settled' | 'failed';
  /** When a held payment is claimed or goes back, Unix ms. */
  resolvesAt_ms: number;
}

export class PayoutModel implements World<Payout, PayoutInput, PayoutEffect> {
  readonly tick = { type: 'tick' } as const;
  readonly random: () => number;
  readonly handed: Handed[] = [];
  /** Pay requests that lie on a relay and are executed later: wallets need not honour their expiration. */
  readonly stray: { readonly number: number; readonly at_ms: number }[] = [];
  counts = { paid: 0, claimed: 0, released: 0 };

  private readonly watch: (effect: PayoutEffect) => void;

  constructor(seed: number, watch: (effect: PayoutEffect) => void) {
    this.watch = watch;
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
      this.watch(effect);
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

export function outgoing({ invoice: made, state }: Handed, preimage?: string | null): WalletTransaction {
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

/** Runs a machine through the schedule of a seed. @throws Violation when a rule is broken */
export function runPayout(
  tested: PayoutMachine,
  seed: number,
  watch: (effect: PayoutEffect) => void = () => undefined,
): { readonly model: PayoutModel; readonly state: Payout } {
  const model = new PayoutModel(seed, watch);
  const { state, now_ms } = simulate(tested, model, seed);
  const last = model.look(tested, state, now_ms);
  model.final(last);
  return { model, state: last };
}
