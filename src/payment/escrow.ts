/**
 * The escrow machine (LIGHTNING §7.3, shape A): one hold invoice, from the order to the wallet to the end of the money.
 * A pure function from (escrow, input, time) to (escrow, effects).
 *
 * The wallet's answer to a lookup is the only thing that moves money here. Notifications (`wake`) hurry the question,
 * a call whose outcome is unknown is no input at all, and every call is repeated until a lookup shows what became of
 * it. Deadlines are block heights. Invariants: test/payment/escrow.test.ts.
 */
import { ESCROW_EXPIRY_S, ESCROW_HOLD_BLOCKS, INVOICE_GRACE_MS, INVOICE_MAKE_ATTEMPTS } from '../limits.ts';
import type { Escrow, EscrowAlert, EscrowEffect, EscrowInputs, EscrowPhase } from './escrow-types.ts';
import { deadlineAfter, hasLapsed, holdState, isTooLateToSettle, isWithinMargin } from './hold.ts';
import { type Input, lookAgain, lookSoon, NOT_LOOKING, type Row, type Step } from './machine.ts';
import type { Msats } from './msats.ts';
import { settledPayment } from './settlement.ts';

export type { Escrow, EscrowAlert, EscrowEffect, EscrowInput, EscrowPhase } from './escrow-types.ts';

type Transition = Step<Escrow, EscrowEffect>;
type EscrowRow = Row<Escrow, EscrowInputs, EscrowEffect>;

export interface EscrowOpening {
  readonly id: string;
  readonly amount: Msats;
  /** SHA-256 of the preimage, hex. */
  readonly paymentHash: string;
  /** The preimage, encrypted. It is stored with this state, and so before the invoice exists. */
  readonly sealedPreimage: string;
}

/** Orders the hold invoice. The caller stores state and effects in one transaction before it performs any. */
export function openEscrow(opening: EscrowOpening, now_ms: number): Transition {
  const escrow: Escrow = {
    ...opening,
    ...lookSoon(now_ms),
    phase: 'requested',
    revision: 1,
    makes: 0,
    bolt11: null,
    expiresAt_s: null,
    floorHeight: null,
    deadlineHeight: null,
    verdict: null,
    cancelled: false,
  };
  return make(escrow, now_ms);
}

/** The next state and what it wants done. An input that does not fit the phase returns the very same escrow. */
export function advanceEscrow<Type extends keyof EscrowInputs>(
  escrow: Escrow,
  input: Input<EscrowInputs, Type>,
  now_ms: number,
): Transition {
  const handler: EscrowRow[Type] = TABLE[escrow.phase][input.type];
  return handler?.(escrow, input, now_ms) ?? { state: escrow, effects: [] };
}

/** When the escrow next wants a `tick`, Unix ms; null when it is at rest. */
export function nextEscrowTick(escrow: Escrow): number | null {
  return escrow.lookAt_ms;
}

const wake = (escrow: Escrow): Transition => ({ state: escrow, effects: [{ type: 'look' }] });
const looking: EscrowRow = { wake, tick: tickLooking };

/** Which input means something in which phase. */
const TABLE: { readonly [Phase in EscrowPhase]: EscrowRow } = {
  requested: { issued, unmade, refuse: withdrawUnseen, tick: (escrow, _, now) => tickRequested(escrow, now) },
  offered: { ...looking, seen: seenOffered, refuse: withdraw },
  closing: { ...looking, seen: seenClosing },
  held: { ...looking, seen: seenHeld, approve, refuse },
  settling: { ...looking, seen: seenSettling },
  cancelling: { ...looking, seen: seenCancelling, cancelAnswered },
  settled: {},
  // At rest; but if the wallet says otherwise, the money comes first.
  cancelled: { wake, seen: seenOver },
  lapsed: { wake, seen: seenOver },
};

function make(escrow: Escrow, now_ms: number): Transition {
  const order = {
    amount: escrow.amount,
    paymentHash: escrow.paymentHash,
    expiry_s: ESCROW_EXPIRY_S,
    minCltvDelta: ESCROW_HOLD_BLOCKS,
  };
  return {
    state: change(escrow, { makes: escrow.makes + 1, ...(lookAgain(escrow, now_ms) ?? {}) }),
    effects: [{ type: 'make', order }],
  };
}

function tickRequested(escrow: Escrow, now_ms: number): Transition | null {
  if (lookAgain(escrow, now_ms) === null) return null;
  return escrow.makes < INVOICE_MAKE_ATTEMPTS ? make(escrow, now_ms) : unavailable(escrow);
}

function unmade(escrow: Escrow, { forGood }: Input<EscrowInputs, 'unmade'>): Transition | null {
  return forGood !== true && escrow.makes < INVOICE_MAKE_ATTEMPTS ? null : unavailable(escrow);
}

/** Nobody has seen the invoice, should there be one, so nobody can pay it. */
function withdrawUnseen(escrow: Escrow): Transition {
  return over(escrow, 'cancelled', [{ type: 'released' }]);
}

function unavailable(escrow: Escrow): Transition {
  return over(escrow, 'cancelled', [alert('unavailable'), { type: 'released' }]);
}

function issued(escrow: Escrow, { invoice }: Input<EscrowInputs, 'issued'>, now_ms: number): Transition {
  // The wallet's adapter has compared them already; an invoice over something else must never be shown.
  if (invoice.paymentHash !== escrow.paymentHash || invoice.amount !== escrow.amount) {
    return over(escrow, 'cancelled', [alert('wallet_lied'), { type: 'released' }]);
  }
  const { bolt11, expiresAt_s } = invoice;
  return {
    state: change(escrow, { phase: 'offered', bolt11, expiresAt_s, ...lookSoon(now_ms) }),
    effects: [{ type: 'offer', bolt11, expiresAt_s }],
  };
}

function tickLooking(escrow: Escrow, _: Input<EscrowInputs, 'tick'>, now_ms: number): Transition | null {
  const again = lookAgain(escrow, now_ms);
  return again === null ? null : { state: change(escrow, again), effects: [{ type: 'look' }] };
}

type Seen = Input<EscrowInputs, 'seen'>;

function seenOffered(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  switch (holdState(seen.transaction)) {
    case 'held': {
      const locked = withDeadline(escrow, seen);
      if (seen.transaction !== null && seen.transaction.amount < escrow.amount) {
        return startCancelling(locked, now_ms, [alert('wallet_lied')]);
      }
      if (isWithinMargin(locked, seen.height)) return startCancelling(locked, now_ms);
      return {
        state: change(locked, { phase: 'held', ...lookSoon(now_ms) }),
        effects: [{ type: 'held', deadlineHeight: locked.deadlineHeight }],
      };
    }
    case 'settled':
      return taken(escrow, seen, now_ms);
    case 'failed':
      return over(escrow, 'cancelled', [{ type: 'released' }]);
    case 'expired':
      return withdraw(escrow, seen, now_ms);
    case 'unpaid':
      if (now_ms >= expiry_ms(escrow)) return withdraw(escrow, seen, now_ms);
      return seen.height === null || seen.height === escrow.floorHeight
        ? null
        : { state: change(escrow, { floorHeight: seen.height }), effects: [] };
  }
}

/** Wallets that cannot cancel what nobody has paid leave it payable, so it is watched until after its expiry. */
function withdraw(escrow: Escrow, _: unknown, now_ms: number): Transition {
  return {
    state: change(escrow, { phase: 'closing', verdict: 'refused', ...lookSoon(now_ms) }),
    effects: [{ type: 'cancel' }, { type: 'look' }],
  };
}

function seenClosing(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  const found = holdState(seen.transaction);
  if (found === 'held') return startCancelling(withDeadline(escrow, seen), now_ms, [{ type: 'late' }]);
  if (found === 'settled') return taken(escrow, seen, now_ms);
  const gone = found === 'failed' || now_ms >= expiry_ms(escrow) + INVOICE_GRACE_MS;
  if (gone) return over(escrow, 'cancelled', [{ type: 'released' }]);
  return { state: escrow, effects: [{ type: 'cancel' }] };
}

function seenHeld(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  const found = holdState(seen.transaction);
  if (found === 'settled') return taken(escrow, seen, now_ms);
  if (found === 'failed') return over(escrow, 'lapsed', [{ type: 'lapsed' }]);
  const locked = withDeadline(escrow, seen);
  if (escrow.verdict === 'approved' && !isTooLateToSettle(locked, seen.height)) {
    return {
      state: change(locked, { phase: 'settling', ...lookSoon(now_ms) }),
      effects: [{ type: 'settle' }],
    };
  }
  if (isWithinMargin(locked, seen.height)) {
    const approved = escrow.verdict === 'approved';
    return startCancelling(locked, now_ms, approved ? [alert('approved_too_late')] : []);
  }
  return locked === escrow ? null : { state: locked, effects: [] };
}

/** The chain's height decides whether there is time to settle, so the wallet is asked first. */
function approve(escrow: Escrow, _: Input<EscrowInputs, 'approve'>, now_ms: number): Transition | null {
  if (escrow.verdict !== null) return null;
  return {
    state: change(escrow, { verdict: 'approved', ...lookSoon(now_ms) }),
    effects: [{ type: 'look' }],
  };
}

/** Until settling has begun an approval can be taken back: its job may end meanwhile, and must then cost nothing. */
function refuse(escrow: Escrow, _: Input<EscrowInputs, 'refuse'>, now_ms: number): Transition {
  return startCancelling(escrow, now_ms);
}

function startCancelling(escrow: Escrow, now_ms: number, also: readonly EscrowEffect[] = []): Transition {
  return {
    state: change(escrow, {
      phase: 'cancelling',
      verdict: 'refused',
      cancelled: false,
      ...lookSoon(now_ms),
    }),
    effects: [...also, { type: 'cancel' }],
  };
}

function seenSettling(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  const found = holdState(seen.transaction);
  if (found === 'settled') return taken(escrow, seen, now_ms);
  if (found === 'failed' || hasLapsed(escrow, seen.height)) {
    return over(escrow, 'lapsed', [{ type: 'lapsed' }]);
  }
  // The request or its answer may be lost; settling twice does nothing.
  return { state: escrow, effects: [{ type: 'settle' }] };
}

function seenCancelling(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  const found = holdState(seen.transaction);
  if (found === 'settled') return taken(escrow, seen, now_ms);
  const gone =
    found === 'failed' || (escrow.cancelled && found === 'expired') || hasLapsed(escrow, seen.height);
  if (gone) return over(escrow, 'cancelled', [{ type: 'released' }]);
  return { state: escrow, effects: [{ type: 'cancel' }] };
}

/** The wallet said yes to cancelling. Some then call the invoice expired and never failed. */
function cancelAnswered(escrow: Escrow): Transition | null {
  if (escrow.cancelled) return null;
  return { state: change(escrow, { cancelled: true }), effects: [{ type: 'look' }] };
}

function seenOver(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  const found = holdState(seen.transaction);
  if (found === 'settled') return taken(change(escrow, { verdict: 'refused' }), seen, now_ms);
  // After its deadline a wallet may call a payment held for ever that the node has long given back.
  const held = withDeadline(escrow, seen);
  if (found !== 'held' || hasLapsed(held, seen.height)) return null;
  return startCancelling(held, now_ms, [{ type: 'late' }]);
}

/** The money is ours. Without an approval it is owed to the client, and somebody should look at the wallet. */
function taken(escrow: Escrow, seen: Seen, now_ms: number): Transition | null {
  if (seen.transaction === null) return null;
  const payment = settledPayment(seen.transaction, escrow, Math.floor(now_ms / 1_000));
  if (typeof payment === 'string') return { state: escrow, effects: [alert('wallet_lied')] };
  const approved = escrow.verdict === 'approved';
  return over(escrow, 'settled', [
    ...(approved ? [] : [alert('settled_unasked')]),
    { type: 'settled', payment, approved },
  ]);
}

function withDeadline(escrow: Escrow, { transaction }: Seen): Escrow {
  const deadlineHeight = deadlineAfter(escrow, transaction);
  return deadlineHeight === escrow.deadlineHeight ? escrow : change(escrow, { deadlineHeight });
}

function expiry_ms({ expiresAt_s }: Escrow): number {
  return (expiresAt_s ?? 0) * 1_000;
}

function alert(code: EscrowAlert): EscrowEffect {
  return { type: 'alert', code };
}

function over(
  escrow: Escrow,
  phase: 'settled' | 'cancelled' | 'lapsed',
  effects: readonly EscrowEffect[],
): Transition {
  return { state: change(escrow, { phase, ...NOT_LOOKING }), effects };
}

function change(escrow: Escrow, changes: Partial<Escrow>): Escrow {
  return { ...escrow, ...changes, revision: escrow.revision + 1 };
}
