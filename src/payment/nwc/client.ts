/**
 * Calls to a NIP-47 wallet: the encryption it understands is found out once, each request carries an expiration, and
 * each answer is matched to its request. A call without an answer in time is unknown.
 */
import type { Clock } from '../../clock.ts';
import { NWC_FACTS_KEEP_MS, NWC_PROBE_TIMEOUT_MS } from '../../limits.ts';
import type { After } from '../../link/ports.ts';
import type { NostrEvent } from '../../nostr/event.ts';
import type { WalletUri } from '../../nostr/nip47.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import { type NwcInfo, type NwcParties, readInfo, readNews, requestEvent } from './messages.ts';
import type { NwcTransport } from './transport.ts';
import type { NwcEncryption, NwcMethod, NwcResponse } from './wire.ts';

/** An answer of the wallet, or that there was none. */
export type NwcReply =
  | { readonly type: 'result'; readonly value: unknown }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'unknown'; readonly reason: string };

/** What was learned of a wallet, kept between lives of the object. */
export interface NwcFacts extends NwcInfo {
  /** Unix ms when it was learned. */
  readonly at_ms: number;
}

export interface NwcPorts {
  readonly now: Clock;
  readonly after: After;
  readonly random: RandomBytes;
  readonly loadFacts: () => NwcFacts | null;
  readonly saveFacts: (facts: NwcFacts) => void;
  /** A payment changed, says a notification. It only wakes: look it up. */
  readonly notified: (paymentHash: string) => void;
}

interface Pending {
  readonly method: NwcMethod;
  readonly answered: (reply: NwcReply) => void;
}

export class NwcClient {
  readonly #parties: NwcParties;
  readonly #transport: NwcTransport;
  readonly #ports: NwcPorts;
  readonly #pending = new Map<string, Pending>();
  #facts: NwcFacts | null;
  #learning: Promise<NwcFacts | null> | undefined;

  constructor(uri: WalletUri, transport: NwcTransport, ports: NwcPorts) {
    this.#parties = { keys: uri.keys, peer: uri.walletPubkey };
    this.#transport = transport;
    this.#ports = ports;
    this.#facts = ports.loadFacts();
  }

  /** Calls that wait for their answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** What the wallet announced, or null while nothing is known. */
  async facts(): Promise<NwcFacts | null> {
    const known = this.#facts;
    if (known !== null && this.#ports.now() - known.at_ms < NWC_FACTS_KEEP_MS) return known;
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined;
    });
    return await this.#learning;
  }

  /**
   * Asks the wallet. Never rejects.
   *
   * @param timeout_ms how long to wait; the wallet is told not to begin after it either
   */
  async call(
    method: NwcMethod,
    params: Readonly<Record<string, unknown>>,
    timeout_ms: number,
  ): Promise<NwcReply> {
    const facts = await this.facts();
    if (facts === null) return { type: 'unknown', reason: 'the wallet cannot be reached' };
    const reply = await this.#send(method, params, facts.encryption, timeout_ms);
    if (reply.type === 'error' && reply.code === 'UNSUPPORTED_ENCRYPTION') this.#facts = null;
    return reply;
  }

  /** Takes an event from a relay. Anything that is not the wallet's word to us is passed over. */
  take(event: NostrEvent): void {
    const news = readNews(event, this.#parties);
    if (news === undefined) return;
    if (news.type === 'notification') this.#ports.notified(news.paymentHash);
    else this.#answered(news.to, news.response);
  }

  #answered(to: string, { result_type, error, result }: NwcResponse): void {
    const pending = this.#pending.get(to);
    if (pending === undefined) return;
    if (error !== null) pending.answered({ type: 'error', code: error.code, message: error.message });
    // The wallet's word on another question is no answer to this one.
    else if (result_type === pending.method) pending.answered({ type: 'result', value: result });
  }

  async #learn(): Promise<NwcFacts | null> {
    const event = await this.#transport.info();
    const info = event === null ? undefined : readInfo(event, this.#parties.peer);
    if (info !== undefined) return this.#keep(info);
    // What was known is better than a guess; without an info event, whatever the wallet answers to is what it speaks.
    if (this.#facts !== null) return this.#facts;
    for (const encryption of ['nip44_v2', 'nip04'] as const) {
      const reply = await this.#send('get_info', {}, encryption, NWC_PROBE_TIMEOUT_MS);
      if (reply.type === 'result' || (reply.type === 'error' && reply.code !== 'UNSUPPORTED_ENCRYPTION'))
        return this.#keep({ encryption, methods: [], notifications: [] });
    }
    return null;
  }

  #keep(info: NwcInfo): NwcFacts {
    const facts = { ...info, at_ms: this.#ports.now() };
    this.#facts = facts;
    this.#ports.saveFacts(facts);
    return facts;
  }

  #send(
    method: NwcMethod,
    params: Readonly<Record<string, unknown>>,
    encryption: NwcEncryption,
    timeout_ms: number,
  ): Promise<NwcReply> {
    const now_ms = this.#ports.now();
    const event = requestEvent(
      {
        method,
        params,
        encryption,
        now_s: Math.floor(now_ms / 1_000),
        expiration_s: Math.ceil((now_ms + timeout_ms) / 1_000),
      },
      this.#parties,
      this.#ports.random,
    );
    return new Promise((resolve) => {
      const answered = (reply: NwcReply) => {
        if (!this.#pending.delete(event.id)) return;
        stopTimer();
        resolve(reply);
      };
      const stopTimer = this.#ports.after(timeout_ms, () => {
        this.#transport.suspect();
        answered({ type: 'unknown', reason: `the wallet did not answer ${method} in ${timeout_ms} ms` });
      });
      this.#pending.set(event.id, { method, answered });
      this.#transport.publish(event).then(
        ({ ok, reason }) => {
          // A relay that refuses may have passed the event on all the same, so this too says nothing for sure.
          if (!ok) answered({ type: 'unknown', reason: `no relay of the wallet took ${method}: ${reason}` });
        },
        (error: unknown) => answered({ type: 'unknown', reason: `${method} was not sent: ${String(error)}` }),
      );
    });
  }
}
