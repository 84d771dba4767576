/**
 * Pays out what stands in an account's books: an owner's earnings by themselves, a client's credit when it asks. One
 * payout at a time, and with it at most one outstanding payment hash.
 */
import type { JobErrorCode, JobFailure } from '../../errors.ts';
import { ACCOUNT_REFUNDS_SHOWN, PAYOUT_RETRY_BASE_MS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import type { Invoice } from '../bolt11/invoice.ts';
import { MSATS_PER_SAT, type Msats, toNumber } from '../msats.ts';
import { type AdvancePayout, advancePayout, nextPayoutTick, openPayout, type Payout } from '../payout.ts';
import type { AccountPart } from './part.ts';
import { PayoutClerk, purposeOf } from './payout-clerk.ts';
import type { PayoutFunds } from './payout-funds.ts';
import type { PayoutPorts } from './payout-ports.ts';
import type { PayoutRow, PayoutStore } from './payout-store.ts';

/** What one may see of a payout: `waiting` for an invoice, `sending`, or how it ended. */
export interface PayoutView {
  readonly id: string;
  readonly state: 'waiting' | 'sending' | 'paid' | 'returned' | 'cancelled';
  readonly amount: Msats;
  /** Lightning address; null where an invoice was handed in. */
  readonly destination: string | null;
  readonly problem: string | null;
  readonly openedAt_ms: number;
  readonly closedAt_ms: number | null;
}

export class PayoutDesk implements AccountPart {
  readonly #store: PayoutStore;
  readonly #funds: PayoutFunds;
  readonly #min: Msats;
  readonly #ports: PayoutPorts;
  readonly #clerk: PayoutClerk;
  readonly #advance: AdvancePayout;

  /**
   * @param min what an owner has earned is paid from this amount on
   * @param advance the machine; tests bring mutants of it
   */
  constructor(
    store: PayoutStore,
    funds: PayoutFunds,
    min: Msats,
    ports: PayoutPorts,
    advance: AdvancePayout = advancePayout,
  ) {
    this.#store = store;
    this.#funds = funds;
    this.#min = min;
    this.#ports = ports;
    this.#advance = advance;
    this.#clerk = new PayoutClerk(store, funds, ports, advance);
  }

  nextAt_ms(): number | null {
    const open = this.#store.open();
    return open === null ? this.#dueAt_ms() : nextPayoutTick(open.payout);
  }

  tick(): void {
    const open = this.#store.open();
    if (open !== null) {
      this.#clerk.take(open.payout.id, { type: 'tick' });
      return;
    }
    const due_ms = this.#dueAt_ms();
    const { owner } = this.#funds;
    if (owner !== null && due_ms !== null && due_ms <= this.#ports.now())
      this.#open(owner, this.#funds.payable());
  }

  /** The newest payouts, newest first. */
  list(): PayoutView[] {
    return this.#store.list(ACCOUNT_REFUNDS_SHOWN).map(viewOf);
  }

  find(id: string): PayoutView | null {
    const row = this.#store.find(id);
    return row === null ? null : viewOf(row);
  }

  /** Begins to pay credit to a Lightning address; it is tried until it is paid, or cancelled. */
  refundTo(address: string, amount: Msats): PayoutView | JobFailure {
    const reason = this.#ports.payee.refusal(address);
    if (reason !== null) return failure('BAD_REQUEST', 'This Lightning address cannot be used', { reason });
    return this.#refusal(amount) ?? viewOf(this.#open(address, amount));
  }

  /** Pays credit to an invoice that was handed in. Asked again with the same one, it says what became of it. */
  async refundBy(invoice: Invoice): Promise<PayoutView | JobFailure> {
    const id = sha256Hex(`${this.#funds.source} ${invoice.paymentHash}`).slice(0, 32);
    const { amount } = invoice;
    if (amount === null) return unpayable('amount');
    const refused = this.find(id) ?? this.#refusal(amount);
    if (refused !== null) return refused;
    const terms = await this.#clerk.node();
    if (terms === null) return failure('SERVICE_UNAVAILABLE', 'The wallet cannot be reached at the moment');
    const opened = openPayout({ id, amount }, this.#ports.now()).state;
    const step = this.#advance(opened, { type: 'invoiced', invoice, terms }, this.#ports.now());
    const [first] = step.effects;
    if (first?.type === 'refused') return unpayable(first.reason);
    // Bound only now: an invoice that is of no use here may be meant for somebody else.
    if (!(await this.#ports.bind(invoice.paymentHash, purposeOf(id)))) return unpayable('hash_used');
    const raced = this.find(id) ?? this.#refusal(amount);
    if (raced !== null) return raced;
    this.#clerk.apply(this.#rowOf(null, opened), step);
    return this.find(id) ?? insufficient(this.#funds.available());
  }

  /** Calls off a refund of which nothing is on its way. Null when there is none of this name. */
  cancel(id: string): PayoutView | JobFailure | null {
    const row = this.#store.find(id);
    if (row === null || row.status === 'cancelled') return row === null ? null : viewOf(row);
    const view = viewOf(row);
    if (view.state !== 'waiting')
      return failure('BAD_REQUEST', 'This refund cannot be cancelled any more', { id, state: view.state });
    const cancelled: PayoutRow = { ...row, status: 'cancelled', closedAt_ms: this.#ports.now() };
    this.#store.save(cancelled);
    return viewOf(cancelled);
  }

  /** Why a client cannot have a refund of this amount now; null when it can. */
  #refusal(amount: Msats): JobFailure | null {
    const open = this.#store.open();
    if (open !== null) {
      const details = { reason: 'refund_open', id: open.payout.id };
      return failure('BAD_REQUEST', 'Another refund is under way, and there is one at a time', details);
    }
    const available = this.#funds.available();
    return amount > 0n && amount <= available ? null : insufficient(available);
  }

  #open(destination: string, amount: Msats): PayoutRow {
    const step = openPayout({ id: this.#ports.newId(), amount }, this.#ports.now());
    const row = this.#rowOf(destination, step.state);
    this.#clerk.apply(row, step);
    return row;
  }

  #rowOf(destination: string | null, payout: Payout): PayoutRow {
    const openedAt_ms = this.#ports.now();
    const { source } = this.#funds;
    return { source, destination, status: 'open', payout, problem: null, openedAt_ms, closedAt_ms: null };
  }

  /** When an owner's earnings are to be paid; null while they are too little, and for clients. */
  #dueAt_ms(): number | null {
    if (this.#funds.owner === null) return null;
    const payable = this.#funds.payable();
    if (payable < MSATS_PER_SAT || payable < this.#min) return null;
    const [last] = this.#store.list(1);
    // One that could not be delivered is not followed by the next at once.
    const rested_ms = last?.status === 'returned' ? (last.closedAt_ms ?? 0) + PAYOUT_RETRY_BASE_MS : 0;
    return Math.max(rested_ms, this.#ports.now());
  }
}

function viewOf({ payout, destination, status, problem, openedAt_ms, closedAt_ms }: PayoutRow): PayoutView {
  const { id, amount, phase } = payout;
  const state = status === 'open' ? (phase === 'owed' ? 'waiting' : 'sending') : status;
  return { id, state, amount, destination, problem, openedAt_ms, closedAt_ms };
}

function unpayable(reason: string): JobFailure {
  return failure('BAD_REQUEST', 'This invoice is not one to pay a refund to', { reason });
}

function insufficient(available: Msats): JobFailure {
  const details = { available_msats: toNumber(available) };
  return failure('INSUFFICIENT_FUNDS', 'There is less credit than that', details);
}

function failure(code: JobErrorCode, message: string, details?: JobFailure['details']): JobFailure {
  return details === undefined ? { code, message } : { code, message, details };
}
