/**
 * Brings a payout forward. Each step of the machine is stored together with its entry in the books; only then is done
 * what the step wants done, and what is lost on the way comes again with the machine's next tick.
 */
import type { Entry } from '../ledger.ts';
import { claimed, type Outgoing, paidLate, paidOut, released } from '../ledger-entries.ts';
import {
  type AdvancePayout,
  advancePayout,
  type ClaimTerms,
  type Payout,
  type PayoutEffect,
  type PayoutInput,
} from '../payout.ts';
import type { PostResult } from './book-store.ts';
import { floorToSats, least, type PayoutFunds } from './payout-funds.ts';
import type { PayoutPorts } from './payout-ports.ts';
import type { PayoutRow, PayoutStore } from './payout-store.ts';

interface PayoutStep {
  readonly state: Payout;
  readonly effects: readonly PayoutEffect[];
}

export class PayoutClerk {
  readonly #store: PayoutStore;
  readonly #funds: PayoutFunds;
  readonly #ports: PayoutPorts;
  readonly #advance: AdvancePayout;
  /** What is being waited for in this life of the object: not worth asking twice at the same time. */
  readonly #underWay = new Set<string>();

  /** @param advance the machine; tests bring mutants of it */
  constructor(
    store: PayoutStore,
    funds: PayoutFunds,
    ports: PayoutPorts,
    advance: AdvancePayout = advancePayout,
  ) {
    this.#store = store;
    this.#funds = funds;
    this.#ports = ports;
    this.#advance = advance;
  }

  /** Something happened to a payout. */
  take(id: string, input: PayoutInput): void {
    const row = this.#store.find(id);
    if (row === null) return;
    // Of a payout that has ended only its payment is still news.
    if (row.status !== 'open' && input.type !== 'seen' && input.type !== 'sent') return;
    const step = this.#advance(row.payout, input, this.#ports.now());
    if (step.state !== row.payout || step.effects.length > 0) this.apply(row, step);
  }

  /** Stores a step of a payout, and then does what it wants done. */
  apply(row: PayoutRow, step: PayoutStep): void {
    const next = this.#after(row, step);
    const entry = this.#entryOf(next, step.effects);
    if (entry === null) {
      this.#store.save(next);
    } else {
      const result = this.#covers(step) ? this.#ports.post(entry, () => this.#store.save(next)) : 'overdrawn';
      if (result !== 'posted') {
        this.#unposted(row, next, step.effects, result);
        return;
      }
    }
    this.#ports.woken();
    this.#ports.defer(this.#perform(row.payout.id, step.effects));
  }

  /** Our side, as far as the wallet tells it; null while it tells nothing. */
  async node(): Promise<ClaimTerms | null> {
    const answer = await this.#ports.wallet.capabilities();
    if (answer.type !== 'ok') return null;
    const { network, nodePubkey } = answer.value;
    return { network: network ?? this.#ports.network, ownNode: nodePubkey, hashUsed: false };
  }

  #after(row: PayoutRow, { state, effects }: PayoutStep): PayoutRow {
    const next = { ...row, payout: state };
    const closedAt_ms = this.#ports.now();
    if (has(effects, 'paid')) return { ...next, status: 'paid', problem: null, closedAt_ms };
    if (has(effects, 'claimed')) return { ...next, problem: null };
    if (!has(effects, 'released')) return next;
    // What a client wants at an address is tried on. An owner's balance is looked at anew; an invoice handed in is over.
    const isOver = this.#funds.owner !== null || row.destination === null;
    return { ...next, problem: 'not_delivered', ...(isOver ? { status: 'returned', closedAt_ms } : {}) };
  }

  #entryOf({ payout, source }: PayoutRow, effects: readonly PayoutEffect[]): Entry | null {
    const { id, amount, paymentHash } = payout;
    if (paymentHash === null) return null;
    const out: Outgoing = { payout: id, source, amount, paymentHash };
    const paid = effects.find((effect) => effect.type === 'paid');
    if (paid !== undefined) {
      const isLate = effects.some(
        (effect) => effect.type === 'alert' && effect.code === 'paid_after_release',
      );
      return isLate ? paidLate(out, paid.fees, this.#funds.left(amount)) : paidOut(out, paid.fees);
    }
    if (has(effects, 'claimed')) return claimed(out);
    return has(effects, 'released') ? released(out) : null;
  }

  /** Whether the money is there that a step claims. */
  #covers({ state, effects }: PayoutStep): boolean {
    return !isClaim(effects) || this.#funds.available() >= state.amount;
  }

  /** The books did not take a step: nothing of it has happened, and nothing of it is done. */
  #unposted(row: PayoutRow, next: PayoutRow, effects: readonly PayoutEffect[], result: PostResult): void {
    const { id } = row.payout;
    if (!isClaim(effects)) {
      this.#ports.log('the books refuse a payout', new Error(`${id}: ${result}`));
      // The payment is proven, whatever the books make of it; it must not be sent again.
      if (has(effects, 'paid')) this.#store.save(next);
    } else if (result !== 'overdrawn') {
      // The same hash was claimed by this payout before, and given up.
      this.#problem(id, 'invoice_hash_used');
    } else if (row.destination !== null) {
      // What was handed in is not stored before it is claimed; this was, and has to end.
      this.#store.save({
        ...row,
        status: 'returned',
        problem: 'money_spent',
        closedAt_ms: this.#ports.now(),
      });
      this.#ports.woken();
    }
  }

  /** Never rejects. */
  async #perform(id: string, effects: readonly PayoutEffect[]): Promise<void> {
    for (const effect of effects) {
      try {
        await this.#effect(id, effect);
      } catch (error) {
        this.#ports.log(`a payout failed at ${effect.type}`, error);
      }
    }
  }

  async #effect(id: string, effect: PayoutEffect): Promise<void> {
    switch (effect.type) {
      case 'fetchInvoice':
        await this.#once(`${effect.type} ${id}`, () => this.#fetch(id));
        return;
      case 'claimed':
        await this.#ports.fault('payout-claimed', id);
        return;
      case 'look': {
        const { paymentHash } = effect;
        const answer = await this.#ports.wallet.lookup(paymentHash, 'outgoing');
        if (answer.type === 'ok') this.take(id, { type: 'seen', paymentHash, transaction: answer.value });
        return;
      }
      case 'pay':
        await this.#once(effect.paymentHash, () => this.#pay(id, effect));
        return;
      case 'refused':
        this.#problem(id, `invoice_${effect.reason}`);
        return;
      case 'alert':
        this.#ports.log('a payout needs the operator', new Error(`${id}: ${effect.code}`));
        return;
      case 'paid':
      case 'released':
        return;
    }
  }

  async #pay(id: string, { bolt11, paymentHash }: Extract<PayoutEffect, { type: 'pay' }>): Promise<void> {
    const answer = await this.#ports.wallet.pay(bolt11);
    await this.#ports.fault('payout-sent', id);
    // Unknown is no news; the next look tells.
    if (answer.type === 'ok') this.take(id, { type: 'sent', paymentHash, paid: answer.value });
    else if (answer.type === 'failed') this.take(id, { type: 'sent', paymentHash, paid: null });
  }

  async #fetch(id: string): Promise<void> {
    const address = this.#store.find(id)?.destination ?? null;
    if (address === null) return;
    const node = await this.node();
    if (node === null) {
      this.#problem(id, 'wallet_unreachable');
      return;
    }
    const offer = await this.#ports.payee.offer(address);
    if ('problem' in offer) {
      this.#problem(id, offer.problem);
      return;
    }
    if (this.#funds.owner !== null) {
      // More may have been earned since, and what exceeds the payee's maximum follows with the next payout.
      const amount = least(this.#funds.payable(), floorToSats(offer.max));
      if (amount > 0n) this.take(id, { type: 'resized', amount });
    }
    const payout = this.#store.find(id)?.payout;
    if (payout?.phase !== 'owed') return;
    const { network, ownNode } = node;
    const now_s = Math.floor(this.#ports.now() / 1_000);
    const invoice = await this.#ports.payee.invoice(
      offer,
      { amount: payout.amount },
      { network, ownNode, now_s },
    );
    if ('problem' in invoice) {
      this.#problem(id, invoice.problem);
      return;
    }
    const hashUsed = !(await this.#ports.bind(invoice.paymentHash, purposeOf(id)));
    this.take(id, { type: 'invoiced', invoice, terms: { ...node, hashUsed } });
  }

  /** Notes why a try brought nothing. */
  #problem(id: string, problem: string): void {
    const row = this.#store.find(id);
    if (row?.status !== 'open' || row.problem === problem) return;
    this.#store.save({ ...row, problem });
    if (this.#funds.owner !== null) this.#ports.log('an owner cannot be paid', new Error(problem));
  }

  async #once(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#underWay.has(what)) return;
    this.#underWay.add(what);
    try {
      await work();
    } finally {
      this.#underWay.delete(what);
    }
  }
}

/** A hash is bound to one payout and never paid by another. */
export function purposeOf(id: string): string {
  return `payout:${id}`;
}

function has(effects: readonly PayoutEffect[], type: PayoutEffect['type']): boolean {
  return effects.some((effect) => effect.type === type);
}

/** Late news of a payment claim as well, of what is paid already. */
function isClaim(effects: readonly PayoutEffect[]): boolean {
  return has(effects, 'claimed') && !has(effects, 'paid');
}
