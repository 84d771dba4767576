/**
 * The machine of an ordinary invoice of ours: prepayment, postpayment, top-up, zap. A pure function from (bill, input,
 * time) to (bill, effects).
 *
 * Such an invoice cannot be cancelled, so a bill that is withdrawn is watched until nobody can pay it any more, and a
 * payment that comes to a dead bill all the same is given back without a human. Only the wallet's answer to a lookup
 * settles: a notification is a reason to ask, an expiry is a reason to go on asking for a while.
 */
import * as z from 'zod';
import { INVOICE_EXPIRY_S, INVOICE_GRACE_MS, INVOICE_MAKE_ATTEMPTS } from '../limits.ts';
import { type Input, lookAgain, lookSoon, NOT_LOOKING, type Row, type Step } from './machine.ts';
import { type Msats, msatsSchema } from './msats.ts';
import { type SettledPayment, settledPayment } from './settlement.ts';
import type { InvoiceOrder, IssuedInvoice, Purpose, WalletTransaction } from './wallet.ts';

/**
 * `requested`: ordered, nobody has seen it. `offered`: can be paid. `closing`: withdrawn but perhaps still paid. At
 * rest: `settled`, `expired` (unpaid, or never made), `late` (paid when it was dead; the money goes back).
 */
export const BILL_PHASES = ['requested', 'offered', 'closing', 'settled', 'expired', 'late'] as const;
export type BillPhase = (typeof BILL_PHASES)[number];

/** Reads a bill that was stored with `toJson`. */
export const billSchema = z.object({
  id: z.string(),
  phase: z.enum(BILL_PHASES),
  /** Counts every change. */
  revision: z.number().int(),
  amount: msatsSchema,
  purpose: z.union([z.strictObject({ text: z.string() }), z.strictObject({ hash: z.string() })]),
  /** How often the invoice was ordered. */
  makes: z.number().int(),
  bolt11: z.string().nullable(),
  paymentHash: z.string().nullable(),
  expiresAt_s: z.number().nullable(),
  lookAt_ms: z.number().nullable(),
  lookDelay_ms: z.number(),
});
export type Bill = Readonly<z.infer<typeof billSchema>>;

export interface BillInputs {
  /** The wallet made the invoice. */
  issued: { readonly invoice: IssuedInvoice };
  /** The wallet certainly did not make it. */
  unmade: unknown;
  /** The wallet's answer to a lookup; null: it knows no such payment. */
  seen: { readonly transaction: WalletTransaction | null };
  /** Nobody wants the payment any more. */
  withdraw: unknown;
  /** Somebody says that something changed. */
  wake: unknown;
  /** Time has passed. */
  tick: unknown;
}
export type BillInput = Input<BillInputs>;

export type BillAlert =
  /** The wallet could not make the invoice. */
  | 'unavailable'
  /** The wallet's answer contradicts itself or the order. */
  | 'wallet_lied';

export type BillEffect =
  /** Order the invoice. A repetition makes another one, which is harmless: only one is ever shown. */
  | { readonly type: 'make'; readonly order: InvoiceOrder }
  | { readonly type: 'look'; readonly paymentHash: string }
  /** Show the invoice to the payer. */
  | {
      readonly type: 'offer';
      readonly bolt11: string;
      readonly paymentHash: string;
      readonly expiresAt_s: number;
    }
  | { readonly type: 'settled'; readonly payment: SettledPayment }
  /** Paid when nobody wanted it any more: give it back. */
  | { readonly type: 'late'; readonly payment: SettledPayment }
  /** Will not be paid. */
  | { readonly type: 'expired' }
  | { readonly type: 'alert'; readonly code: BillAlert };

type Transition = Step<Bill, BillEffect>;
type BillRow = Row<Bill, BillInputs, BillEffect>;

/** Orders an invoice. */
export function openBill(
  opening: { readonly id: string; readonly amount: Msats; readonly purpose: Purpose },
  now_ms: number,
): Transition {
  const bill: Bill = {
    ...opening,
    ...lookSoon(now_ms),
    phase: 'requested',
    revision: 1,
    makes: 0,
    bolt11: null,
    paymentHash: null,
    expiresAt_s: null,
  };
  return make(bill, now_ms);
}

/** The next state and what it wants done. An input that does not fit the phase returns the very same bill. */
export function advanceBill<Type extends keyof BillInputs>(
  bill: Bill,
  input: Input<BillInputs, Type>,
  now_ms: number,
): Transition {
  const handler: BillRow[Type] = TABLE[bill.phase][input.type];
  return handler?.(bill, input, now_ms) ?? { state: bill, effects: [] };
}

/** When the bill next wants a `tick`, Unix ms; null when it is at rest. */
export function nextBillTick(bill: Bill): number | null {
  return bill.lookAt_ms;
}

const looking: BillRow = { wake: look, tick: tickLooking };

/** Which input means something in which phase. */
const TABLE: { readonly [Phase in BillPhase]: BillRow } = {
  requested: {
    issued,
    unmade: (bill) => (bill.makes < INVOICE_MAKE_ATTEMPTS ? null : unavailable(bill)),
    withdraw: (bill) => rest(bill, 'expired', [{ type: 'expired' }]),
    tick: (bill, _, now) => tickRequested(bill, now),
  },
  offered: { ...looking, seen: seenOffered, withdraw },
  closing: { ...looking, seen: seenClosing },
  settled: {},
  // At rest; but if the wallet says otherwise, the money comes first.
  expired: { wake: look, seen: seenExpired },
  late: {},
};

function make(bill: Bill, now_ms: number): Transition {
  const { amount, purpose } = bill;
  return {
    state: change(bill, { makes: bill.makes + 1, ...(lookAgain(bill, now_ms) ?? {}) }),
    effects: [{ type: 'make', order: { amount, purpose, expiry_s: INVOICE_EXPIRY_S } }],
  };
}

function tickRequested(bill: Bill, now_ms: number): Transition | null {
  if (lookAgain(bill, now_ms) === null) return null;
  return bill.makes < INVOICE_MAKE_ATTEMPTS ? make(bill, now_ms) : unavailable(bill);
}

function unavailable(bill: Bill): Transition {
  return rest(bill, 'expired', [{ type: 'alert', code: 'unavailable' }, { type: 'expired' }]);
}

function issued(bill: Bill, { invoice }: Input<BillInputs, 'issued'>, now_ms: number): Transition {
  const { bolt11, paymentHash, expiresAt_s } = invoice;
  // The wallet's adapter has compared them already; an invoice over something else must never be shown.
  if (invoice.amount !== bill.amount) {
    return rest(bill, 'expired', [{ type: 'alert', code: 'wallet_lied' }, { type: 'expired' }]);
  }
  return {
    state: change(bill, { phase: 'offered', bolt11, paymentHash, expiresAt_s, ...lookSoon(now_ms) }),
    effects: [{ type: 'offer', bolt11, paymentHash, expiresAt_s }],
  };
}

function look(bill: Bill): Transition | null {
  const { paymentHash } = bill;
  return paymentHash === null ? null : { state: bill, effects: [{ type: 'look', paymentHash }] };
}

function tickLooking(bill: Bill, _: Input<BillInputs, 'tick'>, now_ms: number): Transition | null {
  const again = lookAgain(bill, now_ms);
  return again === null ? null : look(change(bill, again));
}

type Seen = Input<BillInputs, 'seen'>;

function seenOffered(bill: Bill, seen: Seen, now_ms: number): Transition | null {
  return (
    paid(bill, seen, 'settled', now_ms) ??
    (isOver(bill, seen, now_ms) ? rest(bill, 'expired', [{ type: 'expired' }]) : null)
  );
}

function withdraw(bill: Bill, _: Input<BillInputs, 'withdraw'>, now_ms: number): Transition | null {
  return look(change(bill, { phase: 'closing', ...lookSoon(now_ms) }));
}

function seenClosing(bill: Bill, seen: Seen, now_ms: number): Transition | null {
  return (
    paid(bill, seen, 'late', now_ms) ??
    (isOver(bill, seen, now_ms) ? rest(bill, 'expired', [{ type: 'expired' }]) : null)
  );
}

function seenExpired(bill: Bill, seen: Seen, now_ms: number): Transition | null {
  return paid(bill, seen, 'late', now_ms);
}

function paid(bill: Bill, seen: Seen, phase: 'settled' | 'late', now_ms: number): Transition | null {
  const { paymentHash, amount } = bill;
  if (seen.transaction?.state !== 'settled' || paymentHash === null) return null;
  const payment = settledPayment(seen.transaction, { paymentHash, amount }, Math.floor(now_ms / 1_000));
  if (typeof payment === 'string') return { state: bill, effects: [{ type: 'alert', code: 'wallet_lied' }] };
  return rest(bill, phase, [{ type: phase, payment }]);
}

/** Whether nobody can pay it any more. That the wallet calls it expired is not enough: see INVOICE_GRACE_MS. */
function isOver({ expiresAt_s }: Bill, { transaction }: Seen, now_ms: number): boolean {
  return transaction?.state === 'failed' || now_ms >= (expiresAt_s ?? 0) * 1_000 + INVOICE_GRACE_MS;
}

function rest(bill: Bill, phase: 'settled' | 'expired' | 'late', effects: readonly BillEffect[]): Transition {
  return { state: change(bill, { phase, ...NOT_LOOKING }), effects };
}

function change(bill: Bill, changes: Partial<Bill>): Bill {
  return { ...bill, ...changes, revision: bill.revision + 1 };
}
