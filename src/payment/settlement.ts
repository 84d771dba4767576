/**
 * Payments that are really ours: a value of its own type, which only the wallet's answer to a lookup can become
 * (DESIGN §3, rule 6). Notifications, zap receipts and preimages shown by strangers cannot.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { fromHex, isHex32 } from '../nostr/hex.ts';
import { type Msats, msatsSchema } from './msats.ts';
import type { WalletTransaction } from './wallet.ts';

interface PaymentFacts {
  readonly paymentHash: string;
  /** What arrived. */
  readonly amount: Msats;
  /** 32 bytes as hex; its SHA-256 is the payment hash. */
  readonly preimage: string;
  /** Unix s. */
  readonly settledAt_s: number;
}

declare const settled: unique symbol;
/** Money that arrived in our wallet for good. */
export type SettledPayment = PaymentFacts & { readonly [settled]: true };

/** Why what the wallet says is no settled payment of ours. */
export type SettlementRefusal =
  | 'not_settled'
  | 'outgoing'
  | 'other_payment'
  | 'preimage_missing'
  | 'preimage_wrong'
  | 'underpaid';

/** What was to be paid. */
export interface Due {
  readonly paymentHash: string;
  readonly amount: Msats;
}

/** Whether a preimage is that of a payment hash; false for whatever is not 32 bytes of hex. */
export function isPreimage(preimage: string, paymentHash: string): boolean {
  if (!isHex32(preimage)) return false;
  return createHash('sha256').update(fromHex(preimage)).digest('hex') === paymentHash;
}

/**
 * Takes the wallet's answer as a payment, or says why not. More than was due is taken; less is not.
 *
 * @param now_s Unix s, the time of settlement where the wallet does not say
 */
export function settledPayment(
  answer: WalletTransaction,
  due: Due,
  now_s: number,
): SettledPayment | SettlementRefusal {
  const { direction, state, paymentHash, amount, preimage, settledAt_s } = answer;
  // A payment from ourselves to ourselves has two rows on one hash, and wallets answer with either (Alby Hub).
  if (direction !== 'incoming') return 'outgoing';
  if (paymentHash !== due.paymentHash) return 'other_payment';
  if (state !== 'settled') return 'not_settled';
  if (preimage === null) return 'preimage_missing';
  if (amount < due.amount) return 'underpaid';
  const facts: PaymentFacts = {
    paymentHash,
    amount,
    preimage,
    settledAt_s: Math.floor(settledAt_s ?? now_s),
  };
  return isProven(facts) ? facts : 'preimage_wrong';
}

function isProven(facts: PaymentFacts): facts is SettledPayment {
  return isPreimage(facts.preimage, facts.paymentHash);
}

/** Reads a payment that we stored, and checks it again. */
export const settledPaymentSchema = z
  .object({
    paymentHash: z.string(),
    amount: msatsSchema,
    preimage: z.string(),
    settledAt_s: z.number().int(),
  })
  .transform((facts, context): SettledPayment => {
    if (isProven(facts)) return facts;
    context.addIssue({ code: 'custom', message: 'the preimage is not that of the payment hash' });
    return z.NEVER;
  });
