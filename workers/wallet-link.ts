/**
 * The durable object that holds the operator's wallet connection: calls out, news of payments in. Its socket may be
 * gone at any time; what somebody waits for stands in storage, and the alarm looks it up.
 */
import { DurableObject } from 'cloudflare:workers';
import { systemClock } from '../src/clock.ts';
import { embeddedRelayUrl } from '../src/config.ts';
import { ESCROW_MAX_HELD } from '../src/limits.ts';
import { type NostrEvent, signAs } from '../src/nostr/event.ts';
import { KIND } from '../src/nostr/kinds.ts';
import { authTemplate } from '../src/nostr/nip42.ts';
import type { WalletUri } from '../src/nostr/nip47.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { Bindings } from '../src/payment/bindings.ts';
import { hashOfPreimage } from '../src/payment/nwc/check.ts';
import { NwcClient } from '../src/payment/nwc/client.ts';
import { FactStore } from '../src/payment/nwc/fact-store.ts';
import { SocketTransport } from '../src/payment/nwc/socket-transport.ts';
import type { NwcTransport } from '../src/payment/nwc/transport.ts';
import { NwcWallet } from '../src/payment/nwc/wallet.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import type {
  HoldOrder,
  InvoiceOrder,
  IssuedInvoice,
  Listing,
  Paid,
  Wallet,
  WalletAnswer,
  WalletCapabilities,
  WalletTransaction,
} from '../src/payment/wallet.ts';
import { holdOrderJson, orderJson, type Plain, toPlain } from '../src/payment/wallet-json.ts';
import { type Observer, Watches } from '../src/payment/watches.ts';
import { fetchDialer } from './dial.ts';
import { configOf, type Env } from './env.ts';
import { faultPoint } from './faults.ts';
import type { MoneyObserver, WalletRpc, WalletStatus } from './rpc.ts';
import { durableSql } from './sql.ts';
import { after } from './timers.ts';

/** Pause before an alarm that failed is tried again, ms. */
const ALARM_RETRY_MS = 10_000;
/** Alarms are at least this far apart, ms: what is due already is being looked at. */
const ALARM_PAUSE_MS = 500;

/** A wallet and the ways to it. */
interface Connected {
  readonly wallet: Wallet;
  readonly client: NwcClient;
  readonly transport: NwcTransport;
}

export class WalletLink extends DurableObject<Env> implements WalletRpc {
  readonly #connected: Connected | null;
  readonly #watches: Watches;
  readonly #bindings: Bindings;
  /** Of this life of the object. */
  readonly #health: { lastAnswerAt_ms: number | null; lastFault: string | null } = {
    lastAnswerAt_ms: null,
    lastFault: null,
  };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sql = durableSql(ctx.storage);
    this.#bindings = new Bindings(sql);
    this.#watches = new Watches(sql, {
      now: systemClock,
      random: Math.random,
      lookup: (paymentHash) => this.#ask('lookup', (wallet) => wallet.lookup(paymentHash, 'incoming')),
      tell: ({ observer, about }, transaction) =>
        this.#observer(observer).walletChanged(about, toPlain(transaction)),
      failed: ({ paymentHash, about }, reason) =>
        console.error(JSON.stringify({ message: 'payment not followed', about, paymentHash, reason })),
    });
    const uri = operatorWallet(configOf(env));
    this.#connected = uri === null ? null : this.#connect(uri, new FactStore(sql, uri.walletPubkey));
  }

  // ── Calls ──

  async makeInvoice(order: Plain<InvoiceOrder>): Promise<WalletAnswer<Plain<IssuedInvoice>>> {
    return toPlain(await this.#ask('makeInvoice', (wallet) => wallet.makeInvoice(orderJson.parse(order))));
  }

  async makeHold(order: Plain<HoldOrder>): Promise<WalletAnswer<Plain<IssuedInvoice>>> {
    if (this.#watches.held >= ESCROW_MAX_HELD)
      return { type: 'failed', code: 'REFUSED', message: 'as many payments are held as may be' };
    return toPlain(await this.#ask('makeHold', (wallet) => wallet.makeHold(holdOrderJson.parse(order))));
  }

  async settleHold(preimage: string): Promise<WalletAnswer<null>> {
    const answer = await this.#ask('settleHold', (wallet) => wallet.settleHold(preimage));
    this.#notified(hashOfPreimage(preimage));
    return answer;
  }

  async cancelHold(paymentHash: string): Promise<WalletAnswer<null>> {
    const answer = await this.#ask('cancelHold', (wallet) => wallet.cancelHold(paymentHash));
    this.#notified(paymentHash);
    return answer;
  }

  async lookup(
    paymentHash: string,
    direction: WalletTransaction['direction'],
  ): Promise<WalletAnswer<Plain<WalletTransaction> | null>> {
    return toPlain(await this.#ask('lookup', (wallet) => wallet.lookup(paymentHash, direction)));
  }

  async pay(bolt11: string): Promise<WalletAnswer<Plain<Paid>>> {
    return toPlain(await this.#ask('pay', (wallet) => wallet.pay(bolt11)));
  }

  async list(listing: Listing): Promise<WalletAnswer<readonly Plain<WalletTransaction>[]>> {
    return toPlain(await this.#ask('list', (wallet) => wallet.list(listing)));
  }

  async capabilities(): Promise<WalletAnswer<WalletCapabilities>> {
    return await this.#ask('capabilities', (wallet) => wallet.capabilities());
  }

  async balance(): Promise<WalletAnswer<string>> {
    return toPlain(await this.#ask('balance', (wallet) => wallet.balance()));
  }

  // ── News ──

  async bind(paymentHash: string, purpose: string): Promise<boolean> {
    return this.#bindings.bind(paymentHash, purpose);
  }

  async isBound(paymentHash: string, purpose: string): Promise<boolean> {
    return this.#bindings.isBound(paymentHash, purpose);
  }

  async watch(
    paymentHash: string,
    name: string,
    about: string,
    expires_ms: number,
    object: Observer['object'] = 'session',
  ): Promise<void> {
    this.#watches.add({ paymentHash, observer: { object, name }, about, expires_ms });
    this.#connected?.transport.listen();
    await this.#keepAlarm();
  }

  async deliver(event: NostrEvent): Promise<void> {
    this.#connected?.client.take(event);
  }

  async status(): Promise<WalletStatus> {
    return {
      configured: this.#connected !== null,
      watches: this.#watches.size,
      waiting: this.#connected?.client.waiting ?? 0,
      ...this.#health,
    };
  }

  #observer({ object, name }: Observer): MoneyObserver {
    return object === 'session' ? this.env.SESSION.getByName(name) : this.env.ACCOUNT.getByName(name);
  }

  /** Looks at what is due, without making the next alarm wait for it. Nothing is thrown (PLATFORM, alarms). */
  override async alarm(): Promise<void> {
    try {
      this.#connected?.transport.listen();
      this.#look();
      await this.#keepAlarm();
    } catch (error) {
      console.error('wallet link: alarm failed', error);
      await this.ctx.storage.setAlarm(systemClock() + ALARM_RETRY_MS);
    }
  }

  /** A payment has probably changed: whoever waits for it is not made to wait for the next look. */
  #notified(paymentHash: string): void {
    if (this.#watches.wake(paymentHash)) this.#look();
  }

  /** What is under way when the object dies is due again at the time its row says. */
  #look(): void {
    const looked = this.#watches.tick().then(async () => {
      await this.#keepAlarm();
      if (this.#watches.size === 0 && this.#connected?.client.waiting === 0) this.#connected.transport.rest();
    });
    this.ctx.waitUntil(looked.catch((error: unknown) => console.error('wallet link: look failed', error)));
  }

  async #keepAlarm(): Promise<void> {
    const next_ms = this.#watches.next_ms;
    if (next_ms !== null) await this.ctx.storage.setAlarm(Math.max(next_ms, systemClock() + ALARM_PAUSE_MS));
  }

  async #ask<Value>(
    method: keyof Wallet,
    question: (wallet: Wallet) => Promise<WalletAnswer<Value>>,
  ): Promise<WalletAnswer<Value>> {
    if (this.#connected === null)
      return { type: 'failed', code: 'REFUSED', message: 'this marketplace has no wallet' };
    const answer = await question(this.#connected.wallet);
    if (answer.type === 'unknown') {
      this.#health.lastFault = answer.reason;
      console.warn(
        JSON.stringify({ message: 'wallet call of unknown outcome', method, reason: answer.reason }),
      );
    } else {
      this.#health.lastFault = null;
      this.#health.lastAnswerAt_ms = systemClock();
    }
    // Here the wallet has acted and nobody else knows of it yet.
    if (this.env.FAULT_URL !== undefined) await faultPoint(this.env, `wallet-${method}`, method);
    return answer;
  }

  // ── The wallet ──

  #connect(uri: WalletUri, facts: FactStore): Connected {
    const take = (event: NostrEvent) => client.take(event);
    const own = uri.relays.includes(embeddedRelayUrl(configOf(this.env)));
    const transport = own ? this.#ownRelay(uri) : this.#sockets(uri, take);
    const client: NwcClient = new NwcClient(uri, transport, {
      now: systemClock,
      after,
      random: secureRandom,
      loadFacts: () => facts.load(),
      saveFacts: (learned) => facts.save(learned),
      notified: (paymentHash) => this.#notified(paymentHash),
    });
    return { wallet: new NwcWallet(client, systemClock), client, transport };
  }

  #sockets(uri: WalletUri, take: (event: NostrEvent) => void): NwcTransport {
    const background = (work: Promise<unknown>) =>
      this.ctx.waitUntil(work.catch((error: unknown) => console.error('wallet link:', error)));
    const ports = {
      now: systemClock,
      after,
      dial: fetchDialer(background),
      signAuth: (_: string, relayUrl: string, challenge: string) =>
        signAs(authTemplate(challenge, relayUrl, Math.floor(systemClock() / 1_000)), uri.keys),
    };
    return new SocketTransport(uri, ports, take);
  }

  /** Where the wallet listens on our own relay, calls do what sockets do, and its answers come to {@link deliver}. */
  #ownRelay({ walletPubkey }: WalletUri): NwcTransport {
    // A new stub for each call: one that met a crash of the relay stays broken.
    const relay = () => this.env.RELAY.getByName('main');
    return {
      async publish(event) {
        const [outcome] = await relay().publish([event]);
        return { ok: outcome?.ok === true, reason: outcome?.reason ?? 'no answer' };
      },
      async info() {
        const [event] = await relay().query(
          [{ kinds: [KIND.walletInfo], authors: [walletPubkey], limit: 1 }],
          1,
        );
        return event ?? null;
      },
      listen: () => undefined,
      suspect: () => undefined,
      rest: () => undefined,
    };
  }
}
