/** Compares an invoice with what was asked for: wallets and LNURL servers answer with others (LIGHTNING §2, §5). */
import type { Msats } from '../msats.ts';
import type { Invoice, Network } from './invoice.ts';

/** What an invoice has to be; what is left out is not looked at. */
export interface Expected {
  readonly network?: Network;
  /** Exactly; an invoice without amount never fits. */
  readonly amount?: Msats;
  readonly paymentHash?: string;
  readonly descriptionHash?: string;
  readonly description?: string;
  /** The node it must be from. */
  readonly payee?: string;
  /** A node it must not be from: our own, when we are to pay it. */
  readonly notPayee?: string | null;
  /** Unix s at which it must still be payable. */
  readonly payableAt_s?: number;
  /** Blocks: a payee that asks for more could lock the payment for days. */
  readonly maxFinalCltv?: number;
}

/** The first thing that differs. */
export type Mismatch =
  | 'network'
  | 'amount'
  | 'payment_hash'
  | 'description_hash'
  | 'description'
  | 'payee'
  | 'own_invoice'
  | 'expired'
  | 'final_cltv';

/** What is wrong with an invoice, or null. */
export function mismatch(invoice: Invoice, expected: Expected): Mismatch | null {
  if (expected.network !== undefined && invoice.network !== expected.network) return 'network';
  if (expected.amount !== undefined && invoice.amount !== expected.amount) return 'amount';
  if (expected.paymentHash !== undefined && invoice.paymentHash !== expected.paymentHash)
    return 'payment_hash';
  if (expected.descriptionHash !== undefined && invoice.descriptionHash !== expected.descriptionHash)
    return 'description_hash';
  if (expected.description !== undefined && invoice.description !== expected.description)
    return 'description';
  if (expected.payee !== undefined && invoice.payee !== expected.payee) return 'payee';
  if (invoice.payee === expected.notPayee) return 'own_invoice';
  if (expected.payableAt_s !== undefined && invoice.expiresAt_s <= expected.payableAt_s) return 'expired';
  if (expected.maxFinalCltv !== undefined && invoice.minFinalCltv > expected.maxFinalCltv)
    return 'final_cltv';
  return null;
}
