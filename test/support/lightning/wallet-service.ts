/**
 * A NIP-47 wallet service on a real node, by nostr-tools and none of our own code, with the faults and habits of wallets
 * in the wild (LIGHTNING §2.3) on a switch.
 */
import { createHash } from 'node:crypto';
import { type Event, finalizeEvent, generateSecretKey, getPublicKey, nip04, nip44 } from 'nostr-tools';
import { Relay } from 'nostr-tools/relay';
import * as z from 'zod';
import type { Chain } from './chain.ts';
import { type LightningNode, type PaymentListener, readByLdk } from './node.ts';

const METHODS = [
  'get_info',
  'get_balance',
  'make_invoice',
  'lookup_invoice',
  'list_transactions',
  'pay_invoice',
  'make_hold_invoice',
  'settle_hold_invoice',
  'cancel_hold_invoice',
];
const NOTIFICATIONS = ['payment_received', 'payment_sent', 'hold_invoice_accepted'];

/** What goes wrong. Each hook is asked every time; without hooks nothing does. */
export interface Faults {
  /** The request never arrives. */
  dropRequest?(method: string): boolean;
  /** What was asked is done, and its answer is lost. */
  dropReply?(method: string): boolean;
  dropNotification?(type: string): boolean;
  /** Every event is sent so many times. */
  copies?: number;
  /** The answer waits for this. */
  delay?(method: string): Promise<void>;
  /** The result is changed before it is sent: a wallet that lies. */
  lie?(method: string, result: Record<string, unknown>): Record<string, unknown>;
}

/** How this wallet behaves where wallets differ. */
export interface Habits {
  readonly encryption?: 'nip44_v2 nip04' | 'nip44_v2' | 'nip04';
  /** No info event is published. */
  readonly shy?: boolean;
  /** As Alby Hub: held is called expired after the invoice's expiry, what nobody paid cannot be cancelled. */
  readonly likeAlbyHub?: boolean;
  /** As Electrum: no hold invoices; a description hash is written into the text. */
  readonly likeElectrum?: boolean;
}

interface Payment {
  readonly type: 'incoming' | 'outgoing';
  state: 'pending' | 'accepted' | 'settled' | 'failed';
  readonly invoice: string;
  readonly payment_hash: string;
  readonly amount: number;
  fees_paid: number;
  readonly created_at: number;
  readonly expires_at: number;
  settled_at?: number;
  settle_deadline?: number;
  preimage?: string;
}

class Refusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const requestShape = z.object({ method: z.string(), params: z.record(z.string(), z.unknown()).default({}) });
const invoiceShape = z.object({
  amount: z.int(),
  description: z.string().optional(),
  description_hash: z.string().optional(),
  expiry: z.int().default(3_600),
  payment_hash: z.string().optional(),
  min_cltv_expiry_delta: z.int().default(144),
});

type Encryption = 'nip44_v2' | 'nip04';

export class WalletService implements PaymentListener {
  faults: Faults = {};
  readonly #node: LightningNode;
  readonly #chain: Chain;
  readonly #relayUrl: string;
  readonly #habits: Habits;
  readonly #secret = generateSecretKey();
  readonly #pubkey = getPublicKey(this.#secret);
  readonly #clients = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #incoming = new Map<string, Payment>();
  readonly #outgoing = new Map<string, Payment>();
  readonly #ended = new Map<string, () => void>();
  #relay: Relay | undefined;
  #stopped = false;

  constructor(node: LightningNode, chain: Chain, relayUrl: string, habits: Habits = {}) {
    this.#node = node;
    this.#chain = chain;
    this.#relayUrl = relayUrl;
    this.#habits = habits;
    node.listener = this;
  }

  /** A connection string for a new client. */
  connection(): string {
    const client = generateSecretKey();
    this.#clients.add(getPublicKey(client));
    const relay = encodeURIComponent(this.#relayUrl);
    return `nostr+walletconnect://${this.#pubkey}?relay=${relay}&secret=${Buffer.from(client).toString('hex')}`;
  }

  async start(): Promise<void> {
    this.#relay = await Relay.connect(this.#relayUrl);
    if (this.#habits.shy !== true) {
      const tags = [
        ['encryption', this.#habits.encryption ?? 'nip44_v2 nip04'],
        ['notifications', NOTIFICATIONS.join(' ')],
      ];
      await this.#publish(13_194, tags, `${this.#methods.join(' ')} notifications`);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#relay.subscribe([{ kinds: [23_194], '#p': [this.#pubkey], since: now_s() - 5 }], {
      onevent: (event) => this.#background(this.#request(event)),
      oneose: resolve,
    });
    await promise;
  }

  /** Goes off the air; payments that are still held are left alone. */
  stop(): void {
    this.#stopped = true;
    this.#relay?.close();
  }

  /** What the node knows of a payment to it, behind the back of NWC: the truth a test compares with. */
  incoming(hash: string): Readonly<Payment> | undefined {
    return this.#incoming.get(hash);
  }

  outgoing(hash: string): Readonly<Payment> | undefined {
    return this.#outgoing.get(hash);
  }

  // ── What the node reports ──

  held(hash: string, deadline: number | null): void {
    const payment = this.#incoming.get(hash);
    if (payment === undefined) return;
    if (payment.state === 'failed') {
      // Cancelled before anybody paid: refused, as LND does. LDK itself does not remember.
      this.#node.giveBack(hash);
      return;
    }
    payment.state = 'accepted';
    if (deadline !== null) payment.settle_deadline = deadline;
    this.#notify('hold_invoice_accepted', payment);
  }

  received(hash: string, preimage: string): void {
    const payment = this.#incoming.get(hash);
    if (payment === undefined) return;
    payment.state = 'settled';
    payment.settled_at = now_s();
    if (preimage !== '') payment.preimage = preimage;
    this.#notify('payment_received', payment);
  }

  sent(hash: string, preimage: string, fee_msats: bigint): void {
    const payment = this.#outgoing.get(hash);
    if (payment === undefined) return;
    Object.assign(payment, { state: 'settled', preimage, settled_at: now_s(), fees_paid: Number(fee_msats) });
    this.#notify('payment_sent', payment);
    this.#ended.get(hash)?.();
  }

  notSent(hash: string): void {
    const payment = this.#outgoing.get(hash);
    if (payment !== undefined) payment.state = 'failed';
    this.#ended.get(hash)?.();
  }

  lapsed(hash: string): void {
    // Alby Hub never notices (LIGHTNING §2.3).
    const payment = this.#incoming.get(hash);
    if (payment !== undefined && this.#habits.likeAlbyHub !== true) payment.state = 'failed';
  }

  // ── Requests ──

  get #methods(): string[] {
    return this.#habits.likeElectrum === true ? METHODS.filter((name) => !name.includes('hold')) : METHODS;
  }

  async #request(event: Event): Promise<void> {
    if (this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    const expiration = event.tags.find(([name]) => name === 'expiration')?.[1];
    if (expiration !== undefined && Number(expiration) < now_s()) return;
    const encryption: Encryption = event.content.includes('?iv=') ? 'nip04' : 'nip44_v2';
    if (!(this.#habits.encryption ?? 'nip44_v2 nip04').includes(encryption)) return;
    const { method, params } = requestShape.parse(
      JSON.parse(await this.#decrypt(event.pubkey, event.content, encryption)),
    );
    if (this.faults.dropRequest?.(method) === true) return;
    const answer = await this.#answer(method, params, event.pubkey);
    await this.faults.delay?.(method);
    if (this.faults.dropReply?.(method) === true) return;
    const tags = [
      ['p', event.pubkey],
      ['e', event.id],
    ];
    const content = JSON.stringify({ result_type: method, ...answer });
    await this.#publish(23_195, tags, await this.#encrypt(event.pubkey, content, encryption));
  }

  async #answer(method: string, params: Record<string, unknown>, client: string) {
    try {
      if (!this.#clients.has(client)) throw new Refusal('UNAUTHORIZED', 'no wallet for this key');
      if (!this.#methods.includes(method)) throw new Refusal('NOT_IMPLEMENTED', method);
      const result = await this.#serve(method, params);
      return { error: null, result: this.faults.lie?.(method, result) ?? result };
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(`wallet service: ${method}`, error);
      const { code, message } = error instanceof Refusal ? error : new Refusal('INTERNAL', String(error));
      return { error: { code, message }, result: null };
    }
  }

  #serve(
    method: string,
    params: Record<string, unknown>,
  ): Record<string, unknown> | Promise<Record<string, unknown>> {
    switch (method) {
      case 'get_info':
        return {
          alias: this.#node.name,
          pubkey: Buffer.from(this.#node.id).toString('hex'),
          network: 'regtest',
          block_height: this.#chain.height,
          methods: this.#methods,
          notifications: NOTIFICATIONS,
        };
      case 'get_balance':
        return { balance: Number(this.#node.balance_msats) };
      case 'make_invoice':
        return this.#make(params, false);
      case 'make_hold_invoice':
        return this.#make(params, true);
      case 'pay_invoice':
        return this.#pay(String(params.invoice));
      case 'settle_hold_invoice':
        return this.#settle(String(params.preimage));
      case 'cancel_hold_invoice':
        return this.#cancel(String(params.payment_hash));
      case 'lookup_invoice':
        return this.#lookup(params);
      default:
        return {
          transactions: [...this.#incoming.values(), ...this.#outgoing.values()].map((one) =>
            this.#shown(one),
          ),
        };
    }
  }

  #make(params: Record<string, unknown>, hold: boolean): Record<string, unknown> {
    const order = invoiceShape.parse(params);
    const { amount, expiry, payment_hash } = order;
    if (amount < 1) throw new Refusal('OTHER', 'no amount');
    if (hold && (payment_hash === undefined || this.#incoming.has(payment_hash)))
      throw new Refusal('OTHER', 'this payment hash was used before');
    const text =
      order.description ?? (this.#habits.likeElectrum === true ? order.description_hash : undefined);
    const invoice = this.#node.invoice({
      amount_msats: BigInt(amount),
      purpose:
        text === undefined && order.description_hash !== undefined
          ? { hash: order.description_hash }
          : { text: text ?? '' },
      expiry_s: expiry,
      hold:
        hold && payment_hash !== undefined ? { hash: payment_hash, cltv: order.min_cltv_expiry_delta } : null,
    });
    const payment: Payment = {
      type: 'incoming',
      state: 'pending',
      invoice,
      payment_hash: readByLdk(invoice).hash,
      amount,
      fees_paid: 0,
      created_at: now_s(),
      expires_at: now_s() + expiry,
    };
    this.#incoming.set(payment.payment_hash, payment);
    return this.#shown(payment);
  }

  async #pay(invoice: string): Promise<Record<string, unknown>> {
    const { hash, amount_msats } = readByLdk(invoice);
    const earlier = this.#outgoing.get(hash);
    if (earlier !== undefined && earlier.state !== 'failed')
      throw new Refusal(this.#habits.likeAlbyHub === true ? 'INTERNAL' : 'PAYMENT_FAILED', 'already paid');
    const payment: Payment = {
      type: 'outgoing',
      state: 'pending',
      invoice,
      payment_hash: hash,
      amount: Number(amount_msats ?? 0n),
      fees_paid: 0,
      created_at: now_s(),
      expires_at: 0,
    };
    this.#outgoing.set(hash, payment);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended.set(hash, resolve);
    const refusal = this.#node.pay(invoice);
    if (refusal !== null) {
      payment.state = 'failed';
      throw new Refusal('PAYMENT_FAILED', refusal);
    }
    await promise;
    if (payment.state !== 'settled') throw new Refusal('PAYMENT_FAILED', 'the payment did not arrive');
    return { preimage: payment.preimage, fees_paid: payment.fees_paid };
  }

  #settle(preimage: string): Record<string, unknown> {
    const hash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
    const payment = this.#incoming.get(hash);
    if (payment === undefined) throw new Refusal('NOT_FOUND', 'no such hold invoice');
    // Settling a second time is an error for Alby Hub, and nobody promises that it is none.
    if (payment.state !== 'accepted') throw new Refusal('OTHER', `it is ${payment.state}`);
    payment.preimage = preimage;
    this.#node.claim(preimage);
    if (this.#incoming.get(hash)?.state === 'accepted') throw new Refusal('INTERNAL', 'could not be claimed');
    return {};
  }

  #cancel(hash: string): Record<string, unknown> {
    const payment = this.#incoming.get(hash);
    const known =
      payment !== undefined && (this.#habits.likeAlbyHub !== true || payment.state === 'accepted');
    if (!known) throw new Refusal('NOT_FOUND', 'no such hold invoice');
    if (payment.state === 'settled') throw new Refusal('OTHER', 'it is settled');
    payment.state = 'failed';
    this.#node.giveBack(hash);
    return {};
  }

  #lookup(params: Record<string, unknown>): Record<string, unknown> {
    const { payment_hash, invoice } = params;
    const hash = typeof payment_hash === 'string' ? payment_hash : readByLdk(String(invoice)).hash;
    const payment = this.#incoming.get(hash) ?? this.#outgoing.get(hash);
    if (payment === undefined) throw new Refusal('NOT_FOUND', 'no such payment');
    return this.#shown(payment);
  }

  #shown(payment: Payment): Record<string, unknown> {
    const past = payment.type === 'incoming' && payment.expires_at < now_s();
    const unsettled =
      payment.state === 'pending' || (this.#habits.likeAlbyHub === true && payment.state === 'accepted');
    return { ...payment, state: past && unsettled ? 'expired' : payment.state };
  }

  // ── Out ──

  #notify(type: string, payment: Payment): void {
    if (this.faults.dropNotification?.(type) === true) return;
    const content = JSON.stringify({ notification_type: type, notification: this.#shown(payment) });
    for (const client of this.#clients) {
      this.#background(this.#notifyClient(client, content));
    }
  }

  async #notifyClient(client: string, content: string): Promise<void> {
    await this.#publish(23_197, [['p', client]], await this.#encrypt(client, content, 'nip44_v2'));
    await this.#publish(23_196, [['p', client]], await this.#encrypt(client, content, 'nip04'));
  }

  async #publish(kind: number, tags: string[][], content: string): Promise<void> {
    const event = finalizeEvent({ kind, created_at: now_s(), tags, content }, this.#secret);
    for (let copy = 0; copy < (this.faults.copies ?? 1); copy++) await this.#relay?.publish(event);
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      // What was on its way when it went off the air fails; that is what the test wanted.
      if (!this.#stopped) console.error('wallet service:', error);
    });
  }

  async #encrypt(to: string, text: string, encryption: Encryption): Promise<string> {
    return encryption === 'nip04'
      ? nip04.encrypt(this.#secret, to, text)
      : nip44.encrypt(text, nip44.getConversationKey(this.#secret, to));
  }

  async #decrypt(from: string, text: string, encryption: Encryption): Promise<string> {
    return encryption === 'nip04'
      ? nip04.decrypt(this.#secret, from, text)
      : nip44.decrypt(text, nip44.getConversationKey(this.#secret, from));
  }
}

function now_s(): number {
  return Math.floor(Date.now() / 1_000);
}
