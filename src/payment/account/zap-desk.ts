/**
 * The desk where an account's zaps are paid: it orders their invoices, books what the wallet says arrived, tells the
 * zapped job's session, and publishes the receipts (NIP-57). A zap is stored before its invoice is shown; what it wants
 * done is stored with it, done at least once, and done again until it was taken.
 */
import {
  INVOICE_EXPIRY_S,
  WALLET_TELL_BASE_MS,
  WALLET_TELL_MAX_MS,
  ZAP_BATCH,
  ZAP_MAX_OPEN,
  ZAP_MAX_OPEN_OTHERS,
  ZAP_RECOVERY_MS,
} from '../../limits.ts';
import { answered, EMBEDDED, type OutboxEntry, type Owed } from '../../link/outbox.ts';
import type { PublishOutcome } from '../../link/status.ts';
import type { EventTemplate, NostrEvent } from '../../nostr/event.ts';
import { type RetryPolicy, retryDelay } from '../../retry.ts';
import type { Sql } from '../../store/sql.ts';
import { decodeInvoice } from '../bolt11/decode.ts';
import type { Entry } from '../ledger.ts';
import { received, type Terms, tipped } from '../ledger-entries.ts';
import { type SettledPayment, settledPayment } from '../settlement.ts';
import type { Wallet, WalletTransaction } from '../wallet.ts';
import { zapReceipt } from '../zaps/receipt.ts';
import { readZapRequest } from '../zaps/request.ts';
import type { PostResult } from './book-store.ts';
import { type AccountPart, earliest } from './part.ts';
import type { TailPorts } from './tail.ts';
import {
  tippedAgent,
  type ZapInvoice,
  type ZapInvoiceOrder,
  type ZapStatus,
  zapPurpose,
} from './zap-order.ts';
import { type Duty, forgetAt_ms, type Zap, type ZapFacts, ZapStore } from './zap-store.ts';

export interface ZapDeskPorts extends TailPorts {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly wallet: Pick<Wallet, 'makeInvoice'>;
  /** Binds a payment hash to one purpose; false when it stands for something else. */
  readonly bind: (paymentHash: string, purpose: string) => Promise<boolean>;
  /** Has {@link ZapDesk.changed} called when the payment changes. Repeat-safe. */
  readonly watch: (paymentHash: string, expires_ms: number) => Promise<void>;
  readonly post: (entry: Entry) => PostResult;
  /** How what an agent is given is divided. */
  readonly terms: (slug: string) => Terms;
  /** Those of a stranger's relays that may be dialled, in one spelling. */
  readonly relays: (urls: readonly string[]) => readonly string[];
  /** With the key that is advertised as `nostrPubkey`. */
  readonly sign: (receipt: EventTemplate) => NostrEvent;
  readonly publish: (target: string, events: readonly NostrEvent[]) => Promise<readonly PublishOutcome[]>;
  /** Tells a session that its client has more credit, sent for this job. Resolves when it was durably taken. */
  readonly credited: (session: string, jobId: string) => Promise<void>;
}

/** Doing what is owed is never given up while the zap is known: money depends on it. */
const DOING: RetryPolicy = {
  baseMs: WALLET_TELL_BASE_MS,
  maxMs: WALLET_TELL_MAX_MS,
  attempts: Number.POSITIVE_INFINITY,
};

export class ZapDesk implements AccountPart {
  readonly #account: string;
  readonly #store: ZapStore;
  readonly #ports: ZapDeskPorts;
  /** Invoices being made, the account's own and those of others. */
  readonly #making = { own: 0, others: 0 };
  /** Zaps being worked on. */
  readonly #busy = new Set<string>();
  #nextAt_ms: number | null;

  /** @param account the name of the account: a public key, or {@link tipsAccount} */
  constructor(account: string, sql: Sql, ports: ZapDeskPorts) {
    this.#account = account;
    this.#store = new ZapStore(sql);
    this.#ports = ports;
    this.#nextAt_ms = this.#store.next_ms(this.#busy);
  }

  /** Orders an invoice and stores what it is for. Never rejects. */
  async invoice(order: ZapInvoiceOrder): Promise<ZapInvoice> {
    const whose = order.own ? 'own' : 'others';
    const limit = order.own ? ZAP_MAX_OPEN : ZAP_MAX_OPEN_OTHERS;
    const open = this.#store.countOpen(order.own, this.#ports.now()) + this.#making[whose];
    if (open >= limit) return { type: 'busy' };
    this.#making[whose]++;
    try {
      return await this.#make(order);
    } catch (error) {
      this.#ports.log('no invoice for a zap', error);
      return { type: 'unavailable' };
    } finally {
      this.#making[whose]--;
    }
  }

  async #make({ amount, descriptionHash, own, ...order }: ZapInvoiceOrder): Promise<ZapInvoice> {
    const answer = await this.#ports.wallet.makeInvoice({
      amount,
      purpose: { hash: descriptionHash },
      expiry_s: INVOICE_EXPIRY_S,
    });
    // Unknown: perhaps it was made, but nobody will ever see it, and who asked asks again.
    if (answer.type !== 'ok')
      return this.#unavailable(answer.type === 'failed' ? answer.message : answer.reason);
    const { bolt11, paymentHash, expiresAt_s } = answer.value;
    if (!(await this.#ports.bind(paymentHash, zapPurpose(this.#account, paymentHash))))
      return this.#unavailable('the wallet made an invoice for a payment that stands for something else');
    const zap: Zap = {
      paymentHash,
      expires_ms: expiresAt_s * 1_000,
      facts: { ...order, amount, bolt11 },
      paid: null,
      duty: newDuty('watch', this.#ports.now()),
      owed: [],
    };
    if (!this.#store.insert(zap, own)) return this.#unavailable('the wallet gave the same invoice twice');
    this.#stored();
    return { type: 'offered', bolt11, paymentHash };
  }

  #unavailable(reason: string): ZapInvoice {
    this.#ports.log('no invoice for a zap', new Error(reason));
    return { type: 'unavailable' };
  }

  /**
   * The wallet's own record of a payment has changed. One that nobody remembers counts as well: it was bound to this
   * account, and money that came late is money.
   */
  changed(transaction: WalletTransaction): void {
    if (transaction.state !== 'settled') return;
    const now_ms = this.#ports.now();
    const zap = this.#store.find(transaction.paymentHash);
    if (zap !== null && zap.paid !== null) return;
    const due = zap === null ? transaction : { paymentHash: zap.paymentHash, amount: zap.facts.amount };
    const payment = settledPayment(transaction, due, Math.floor(now_ms / 1_000));
    if (typeof payment === 'string') {
      this.#ports.log('the wallet contradicts itself about a zap', new Error(payment));
      return;
    }
    this.#book(payment);
    if (zap === null) return;
    const { request, job } = zap.facts;
    const duty = job === null ? null : newDuty('tell', now_ms);
    this.#store.update({
      ...zap,
      paid: { payment, at_ms: now_ms },
      duty,
      owed: request === null ? [] : this.#targets(request),
    });
    this.#stored();
  }

  /** What LUD-21 tells of a payment; null when it is not known (any more). */
  payment(paymentHash: string): ZapStatus | null {
    const zap = this.#store.find(paymentHash);
    return zap === null ? null : { bolt11: zap.facts.bolt11, payment: zap.paid?.payment ?? null };
  }

  nextAt_ms(): number | null {
    const guard_ms = this.#busy.size === 0 ? null : this.#ports.now() + ZAP_RECOVERY_MS;
    return earliest([this.#nextAt_ms, guard_ms]);
  }

  tick(): void {
    const now_ms = this.#ports.now();
    for (const zap of this.#store.due(now_ms, ZAP_BATCH + this.#busy.size)) {
      if (this.#busy.has(zap.paymentHash)) continue;
      if (forgetAt_ms(zap) <= now_ms) this.#store.delete(zap.paymentHash);
      else this.#begin(zap);
    }
    this.#nextAt_ms = this.#store.next_ms(this.#busy);
  }

  /** In the turn that stored it: the appointment is committed with it, and the work begins at once. */
  #stored(): void {
    this.tick();
    this.#ports.woken();
  }

  #begin(zap: Zap): void {
    this.#busy.add(zap.paymentHash);
    this.#ports.defer(this.#work(zap));
  }

  /** All money is credit first; what was given to no client is divided at once. */
  #book(payment: SettledPayment): void {
    const { paymentHash, amount } = payment;
    const account = this.#account;
    this.#ports.post(received(payment, account));
    const slug = tippedAgent(account);
    if (slug !== null) this.#ports.post(tipped(paymentHash, account, amount, this.#ports.terms(slug)));
  }

  #targets(raw: string): readonly Owed[] {
    const request = readZapRequest(raw);
    const relays = typeof request === 'string' ? [] : this.#ports.relays(request.relays);
    return [EMBEDDED, ...relays].map((target) => ({ target, attempts: 0, nextAt_ms: 0 }));
  }

  async #work(zap: Zap): Promise<void> {
    try {
      const now_ms = this.#ports.now();
      const [duty, owed] = await Promise.all([this.#perform(zap, now_ms), this.#publish(zap, now_ms)]);
      const current = this.#store.find(zap.paymentHash);
      // While the calls were out the payment may have come; what it added is still to be done.
      if (current !== null && (current.paid === null || zap.paid !== null))
        this.#store.update({ ...current, duty, owed });
    } catch (error) {
      // The row still says what is to be done.
      this.#ports.log('a zap could not be worked on', error);
    } finally {
      this.#busy.delete(zap.paymentHash);
      this.#nextAt_ms = this.#store.next_ms(this.#busy);
      this.#ports.woken();
    }
  }

  /** What is left of the duty after it was tried, where it was due. */
  async #perform({ paymentHash, expires_ms, facts, duty }: Zap, now_ms: number): Promise<Duty | null> {
    if (duty === null || duty.next_ms > now_ms) return duty;
    try {
      if (duty.name === 'watch') await this.#ports.watch(paymentHash, expires_ms);
      else if (facts.job !== null) await this.#ports.credited(facts.job.session, facts.job.id);
      return null;
    } catch (error) {
      this.#ports.log(`a zap could not be followed up (${duty.name})`, error);
      return this.#later(duty);
    }
  }

  #later(duty: Duty): Duty {
    const attempts = duty.attempts + 1;
    const delay_ms = retryDelay(DOING, attempts, this.#ports.random()) ?? WALLET_TELL_MAX_MS;
    return { ...duty, attempts, next_ms: this.#ports.now() + Math.max(1, delay_ms) };
  }

  /** Sends the receipt where it is due; the relays that are still owed it. */
  async #publish({ facts, paid, owed }: Zap, now_ms: number): Promise<readonly Owed[]> {
    const due = owed.filter(({ nextAt_ms }) => nextAt_ms <= now_ms);
    if (paid === null || due.length === 0) return owed;
    const event = this.#receipt(facts, paid.payment);
    if (event === null) return [];
    const answers = await Promise.all(due.map(({ target }) => this.#send(target, event)));
    let entry: OutboxEntry = { event, owed, undelivered: [] };
    for (const [index, { target }] of due.entries())
      entry = answered(entry, target, answers[index] ?? null, this.#ports.now(), this.#ports.random());
    for (const { target, reason } of entry.undelivered)
      this.#ports.log(`a relay does not take a zap receipt: ${target}`, new Error(reason));
    return entry.owed;
  }

  /** The same event whenever it is made. Null, and a fault of ours, when what was stored does not belong together. */
  #receipt({ request: raw, bolt11 }: ZapFacts, payment: SettledPayment): NostrEvent | null {
    const request = raw === null ? null : readZapRequest(raw);
    try {
      if (request === null || typeof request === 'string') throw new Error(`no zap request: ${request}`);
      return this.#ports.sign(zapReceipt(request, decodeInvoice(bolt11), payment));
    } catch (error) {
      this.#ports.log('a zap receipt cannot be written', error);
      return null;
    }
  }

  async #send(target: string, event: NostrEvent): Promise<PublishOutcome | null> {
    try {
      const outcomes = await this.#ports.publish(target, [event]);
      return outcomes.find(({ id }) => id === event.id) ?? null;
    } catch (error) {
      this.#ports.log(`publishing a zap receipt to ${target} failed`, error);
      return null;
    }
  }
}

function newDuty(name: Duty['name'], next_ms: number): Duty {
  return { name, attempts: 0, next_ms };
}
