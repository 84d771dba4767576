/** What an escrow is while it lives, what can happen to it, and what it wants done. */
import * as z from 'zod';
import type { Input, Looking } from './machine.ts';
import { msatsSchema } from './msats.ts';
import type { SettledPayment } from './settlement.ts';
import type { HoldOrder, IssuedInvoice, WalletTransaction } from './wallet.ts';

/**
 * `requested`: the invoice is ordered; nobody has seen it. `offered`: the client can pay. `held`: money is locked, work
 * may start. `settling`, `cancelling`: decided, until the wallet shows it done. `closing`: withdrawn but perhaps still
 * payable. At rest: `settled` (ours), `cancelled` (never taken, or given back), `lapsed` (gone back by itself).
 */
export const ESCROW_PHASES = [
  'requested',
  'offered',
  'closing',
  'held',
  'settling',
  'cancelling',
  'settled',
  'cancelled',
  'lapsed',
] as const;
export type EscrowPhase = (typeof ESCROW_PHASES)[number];

const height = z.number().int().nullable();

/** Reads an escrow that was stored with `toJson`. */
export const escrowSchema = z.object({
  id: z.string(),
  phase: z.enum(ESCROW_PHASES),
  /** Counts every change. */
  revision: z.number().int(),
  amount: msatsSchema,
  paymentHash: z.string(),
  sealedPreimage: z.string(),
  /** How often the invoice was ordered. */
  makes: z.number().int(),
  bolt11: z.string().nullable(),
  expiresAt_s: z.number().nullable(),
  /** The highest block at which the wallet was seen to hold nothing yet. */
  floorHeight: height,
  /** The block at which the payment goes back by itself. */
  deadlineHeight: height,
  verdict: z.enum(['approved', 'refused']).nullable(),
  /** Whether the wallet said yes to cancelling. */
  cancelled: z.boolean(),
  lookAt_ms: z.number().nullable(),
  lookDelay_ms: z.number(),
}) satisfies z.ZodType<Looking>;

export type Escrow = Readonly<z.infer<typeof escrowSchema>>;

/** Everything that can happen to an escrow, and what each carries. */
export interface EscrowInputs {
  /** The wallet made the invoice. */
  issued: { readonly invoice: IssuedInvoice };
  /** The wallet certainly did not make it; `forGood`: nor will it, however often it is asked. */
  unmade: { readonly forGood?: boolean };
  /** The wallet's answer to a lookup (null: it knows no such payment), with the chain's height where it is known. */
  seen: { readonly transaction: WalletTransaction | null; readonly height: number | null };
  /** The wallet answered a cancellation with yes. */
  cancelAnswered: unknown;
  /** The work is done and accepted: take the money. */
  approve: unknown;
  /** The job failed, was refused, called off or not paid for in time: give it back. */
  refuse: unknown;
  /** Somebody says that something changed. */
  wake: unknown;
  /** Time has passed. */
  tick: unknown;
}

export type EscrowInput = Input<EscrowInputs>;

/** What an operator should look at. */
export type EscrowAlert =
  /** The wallet could not make the invoice. */
  | 'unavailable'
  /** The wallet's answer contradicts itself or the order. */
  | 'wallet_lied'
  /** The work was approved with too few blocks left to take the money safely, so it goes back. */
  | 'approved_too_late'
  /** Money was taken that was to go back; it is owed to the client. */
  | 'settled_unasked';

export type EscrowEffect =
  | { readonly type: 'make'; readonly order: Omit<HoldOrder, 'purpose'> }
  /** Look the payment up, with the chain's height, and report it as `seen`. */
  | { readonly type: 'look' }
  /** Take the money: unseal the preimage and hand it to the wallet. */
  | { readonly type: 'settle' }
  | { readonly type: 'cancel' }
  /** Show the invoice to the client. */
  | { readonly type: 'offer'; readonly bolt11: string; readonly expiresAt_s: number }
  /** The money is locked; the job may start, and has to be decided before the deadline. */
  | { readonly type: 'held'; readonly deadlineHeight: number | null }
  /** A payment came in after the escrow was withdrawn, and is being given back. */
  | { readonly type: 'late' }
  /** The money is ours; owed to the worker when the work was approved, else to the client. */
  | { readonly type: 'settled'; readonly payment: SettledPayment; readonly approved: boolean }
  /** Nothing was taken. */
  | { readonly type: 'released' }
  /** The money went back by itself before it was taken. */
  | { readonly type: 'lapsed' }
  | { readonly type: 'alert'; readonly code: EscrowAlert };
