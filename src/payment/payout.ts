/**
 * The machine of a payment of ours, to an owner or back to a client: `owed → claimed(hash) → paid`. A pure function
 * from (payout, input, time) to (payout, effects).
 *
 * One payment hash at a time (LIGHTNING §7.1: everybody who made a fresh invoice on each retry paid twice). A claim is
 * stored before anything is sent, and given up only when its invoice has expired and the wallet calls it failed or
 * unknown. A failure alone is not enough: another request for the same invoice may still lie on a relay, or be repeated
 * by our own outbox after a crash. Until then the same invoice is sent again, which Lightning makes harmless.
 */
import * as z from 'zod';
import {
  INVOICE_GRACE_MS,
  PAYOUT_MAX_FINAL_CLTV_BLOCKS,
  PAYOUT_MAX_PAYABLE_S,
  PAYOUT_MIN_PAYABLE_S,
  PAYOUT_RETRY_BASE_MS,
  PAYOUT_RETRY_MAX_MS,
} from '../limits.ts';
import type { Invoice, Network } from './bolt11/invoice.ts';
import { type Mismatch, mismatch } from './bolt11/mismatch.ts';
import { type Input, lookAgain, lookSoon, NOT_LOOKING, type Row, type Step } from './machine.ts';
import { type Msats, msatsSchema } from './msats.ts';
import { isPreimage } from './settlement.ts';
import type { Paid, WalletTransaction } from './wallet.ts';

/** `owed`: waits for an invoice. `claimed`: bound to one payment hash, and perhaps on its way. `paid`: proven. */
export const PAYOUT_PHASES = ['owed', 'claimed', 'paid'] as const;
export type PayoutPhase = (typeof PAYOUT_PHASES)[number];

/** Reads a payout that was stored with `toJson`. */
export const payoutSchema = z.object({
  id: z.string(),
  phase: z.enum(PAYOUT_PHASES),
  /** Counts every change. */
  revision: z.number().int(),
  amount: msatsSchema,
  /** The claimed invoice; after a claim was given up, the last one, so that late news of it are understood. */
  bolt11: z.string().nullable(),
  paymentHash: z.string().nullable(),
  expiresAt_s: z.number().nullable(),
  preimage: z.string().nullable(),
  lookAt_ms: z.number().nullable(),
  lookDelay_ms: z.number(),
});
export type Payout = Readonly<z.infer<typeof payoutSchema>>;

/** What is known of our side when an invoice is to be claimed. */
export interface ClaimTerms {
  readonly network: Network;
  /** Our wallet's node; null where it is not known. */
  readonly ownNode: string | null;
  /** Whether the payment hash was ever used, for anything. The store's unique index decides in the end. */
  readonly hashUsed: boolean;
}

export interface PayoutInputs {
  /** The payee's invoice for exactly this amount. */
  invoiced: { readonly invoice: Invoice; readonly terms: ClaimTerms };
  /** The wallet's answer to a lookup of an outgoing payment; null: it knows none. */
  seen: { readonly paymentHash: string; readonly transaction: WalletTransaction | null };
  /** The wallet's answer to paying. An answer that did not come is no input. */
  sent: { readonly paymentHash: string; readonly paid: Paid | null };
  /** Before anything was claimed: it is to be another amount, because more is owed by now or the payee takes less. */
  resized: { readonly amount: Msats };
  /** Somebody says that something changed. */
  wake: unknown;
  /** Time has passed. */
  tick: unknown;
}
export type PayoutInput = Input<PayoutInputs>;

/** Why an invoice is not claimed. */
export type ClaimRefusal = Mismatch | 'hash_used' | 'payable_too_long';

export type PayoutEffect =
  /** Ask the payee's endpoint for an invoice. */
  | { readonly type: 'fetchInvoice'; readonly amount: Msats }
  | { readonly type: 'refused'; readonly reason: ClaimRefusal }
  /** The money is bound to this hash: the ledger's entry, and the unique index that lets nobody else claim it. */
  | { readonly type: 'claimed'; readonly paymentHash: string }
  | { readonly type: 'look'; readonly paymentHash: string }
  | { readonly type: 'pay'; readonly bolt11: string; readonly paymentHash: string }
  | { readonly type: 'paid'; readonly paymentHash: string; readonly preimage: string; readonly fees: Msats }
  /** The claim was given up; the money is owed again. */
  | { readonly type: 'released'; readonly paymentHash: string }
  /** The wallet calls a payment settled without proof, or one arrived after its claim was given up. */
  | { readonly type: 'alert'; readonly code: 'unproven' | 'paid_after_release' };

type Transition = Step<Payout, PayoutEffect>;
type PayoutRow = Row<Payout, PayoutInputs, PayoutEffect>;

/** Owes an amount. */
export function openPayout(
  opening: { readonly id: string; readonly amount: Msats },
  now_ms: number,
): Transition {
  const payout: Payout = {
    ...opening,
    phase: 'owed',
    revision: 1,
    bolt11: null,
    paymentHash: null,
    expiresAt_s: null,
    preimage: null,
    lookAt_ms: now_ms + PAYOUT_RETRY_BASE_MS,
    lookDelay_ms: PAYOUT_RETRY_BASE_MS,
  };
  return { state: payout, effects: [{ type: 'fetchInvoice', amount: payout.amount }] };
}

/** The next state and what it wants done. An input that does not fit the phase returns the very same payout. */
export function advancePayout<Type extends keyof PayoutInputs>(
  payout: Payout,
  input: Input<PayoutInputs, Type>,
  now_ms: number,
): Transition {
  const handler: PayoutRow[Type] = TABLE[payout.phase][input.type];
  return handler?.(payout, input, now_ms) ?? { state: payout, effects: [] };
}

/** What {@link advancePayout} is to whoever performs its effects. */
export type AdvancePayout = (payout: Payout, input: PayoutInput, now_ms: number) => Transition;

/** When the payout next wants a `tick`, Unix ms; null when it is paid. */
export function nextPayoutTick(payout: Payout): number | null {
  return payout.lookAt_ms;
}

/** Which input means something in which phase. */
const TABLE: { readonly [Phase in PayoutPhase]: PayoutRow } = {
  owed: { invoiced, resized, seen: seenOwed, sent: sentOwed, tick: tickOwed },
  claimed: { seen: seenClaimed, sent: sentClaimed, wake: look, tick: tickClaimed },
  paid: {},
};

function invoiced(payout: Payout, input: Input<PayoutInputs, 'invoiced'>, now_ms: number): Transition {
  const reason = refusal(payout, input, Math.floor(now_ms / 1_000));
  if (reason !== null) return { state: payout, effects: [{ type: 'refused', reason }] };
  const { text: bolt11, paymentHash, expiresAt_s } = input.invoice;
  const claim = { bolt11, paymentHash, expiresAt_s };
  return {
    state: change(payout, { phase: 'claimed', ...claim, ...lookSoon(now_ms) }),
    effects: [
      { type: 'claimed', paymentHash },
      { type: 'look', paymentHash },
    ],
  };
}

function refusal(
  payout: Payout,
  { invoice, terms }: Input<PayoutInputs, 'invoiced'>,
  now_s: number,
): ClaimRefusal | null {
  if (terms.hashUsed) return 'hash_used';
  if (invoice.expiresAt_s > now_s + PAYOUT_MAX_PAYABLE_S) return 'payable_too_long';
  return mismatch(invoice, {
    network: terms.network,
    amount: payout.amount,
    notPayee: terms.ownNode,
    payableAt_s: now_s + PAYOUT_MIN_PAYABLE_S,
    maxFinalCltv: PAYOUT_MAX_FINAL_CLTV_BLOCKS,
  });
}

/** Late news of a claim are of the amount that was claimed, so it stays once there was one. */
function resized(payout: Payout, { amount }: Input<PayoutInputs, 'resized'>): Transition | null {
  if (payout.paymentHash !== null || amount === payout.amount) return null;
  return { state: change(payout, { amount }), effects: [] };
}

function tickOwed(payout: Payout, _: Input<PayoutInputs, 'tick'>, now_ms: number): Transition | null {
  const again = lookAgain(payout, now_ms, PAYOUT_RETRY_MAX_MS);
  if (again === null) return null;
  return { state: change(payout, again), effects: [{ type: 'fetchInvoice', amount: payout.amount }] };
}

function look(payout: Payout): Transition | null {
  const { paymentHash } = payout;
  return paymentHash === null ? null : { state: payout, effects: [{ type: 'look', paymentHash }] };
}

function tickClaimed(payout: Payout, _: Input<PayoutInputs, 'tick'>, now_ms: number): Transition | null {
  const again = lookAgain(payout, now_ms);
  return again === null ? null : look(change(payout, again));
}

type Seen = Input<PayoutInputs, 'seen'>;
type Sent = Input<PayoutInputs, 'sent'>;

function seenClaimed(payout: Payout, { transaction, paymentHash }: Seen, now_ms: number): Transition | null {
  if (paymentHash !== payout.paymentHash) return null;
  if (transaction !== null && transaction.direction !== 'outgoing') return null;
  if (transaction?.state === 'settled') return prove(payout, transaction.preimage, transaction.fees);
  if (transaction !== null && transaction.state !== 'failed') return null;
  return isPayable(payout, now_ms) ? pay(payout) : releaseExpired(payout, now_ms);
}

function sentClaimed(payout: Payout, { paid, paymentHash }: Sent): Transition | null {
  if (paymentHash !== payout.paymentHash) return null;
  // A failure is looked at when the next tick is due: at once, an invoice that no way leads to would be paid in a circle.
  return paid === null ? null : prove(payout, paid.preimage, paid.fees);
}

/** News of the last claim after it was given up: then it was paid, and must not be paid again. */
function seenOwed(payout: Payout, { transaction, paymentHash }: Seen): Transition | null {
  const settled = transaction?.direction === 'outgoing' && transaction.state === 'settled';
  return settled ? paidAfterAll(payout, paymentHash, transaction.preimage, transaction.fees) : null;
}

function sentOwed(payout: Payout, { paid, paymentHash }: Sent): Transition | null {
  return paid === null ? null : paidAfterAll(payout, paymentHash, paid.preimage, paid.fees);
}

function paidAfterAll(
  payout: Payout,
  paymentHash: string,
  preimage: string | null,
  fees: Msats,
): Transition | null {
  if (paymentHash !== payout.paymentHash) return null;
  const { state, effects } = prove(payout, preimage, fees);
  if (state === payout) return { state, effects };
  const claimed: PayoutEffect = { type: 'claimed', paymentHash };
  return { state, effects: [{ type: 'alert', code: 'paid_after_release' }, claimed, ...effects] };
}

function prove(payout: Payout, preimage: string | null, fees: Msats): Transition {
  const { paymentHash } = payout;
  if (paymentHash === null || preimage === null || !isPreimage(preimage, paymentHash)) {
    return { state: payout, effects: [{ type: 'alert', code: 'unproven' }] };
  }
  return {
    state: change(payout, { phase: 'paid', preimage, ...NOT_LOOKING }),
    effects: [{ type: 'paid', paymentHash, preimage, fees }],
  };
}

function pay(payout: Payout): Transition | null {
  const { bolt11, paymentHash } = payout;
  if (bolt11 === null || paymentHash === null) return null;
  return { state: payout, effects: [{ type: 'pay', bolt11, paymentHash }] };
}

/** Whether there is time to hand the invoice to the wallet: afterwards it may expire on its way. */
function isPayable({ expiresAt_s }: Payout, now_ms: number): boolean {
  return expiresAt_s !== null && now_ms < (expiresAt_s - PAYOUT_MIN_PAYABLE_S / 2) * 1_000;
}

function releaseExpired(payout: Payout, now_ms: number): Transition | null {
  const { paymentHash, expiresAt_s } = payout;
  const isOver = now_ms >= (expiresAt_s ?? 0) * 1_000 + INVOICE_GRACE_MS;
  if (paymentHash === null || !isOver) return null;
  const pause = { lookAt_ms: now_ms + PAYOUT_RETRY_BASE_MS, lookDelay_ms: PAYOUT_RETRY_BASE_MS };
  return {
    state: change(payout, { phase: 'owed', ...pause }),
    effects: [{ type: 'released', paymentHash }],
  };
}

function change(payout: Payout, changes: Partial<Payout>): Payout {
  return { ...payout, ...changes, revision: payout.revision + 1 };
}
