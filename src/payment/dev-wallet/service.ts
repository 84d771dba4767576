/**
 * The development wallets as NIP-47 wallet services: a request event in, the events that answer it out. Who publishes
 * them is not known here.
 */
import type { Clock } from '../../clock.ts';
import { DEV_WALLET_FUNDS_MSATS, DEV_WALLET_SEEN_S } from '../../limits.ts';
import { type NostrEvent, signAs, tagValue, type VerifiedEvent } from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import type { Sql } from '../../store/sql.ts';
import { openNwc, sealNwc } from '../nwc/messages.ts';
import { type NwcEncryption, parseAs } from '../nwc/wire.ts';
import { DevBank, type DevNews, DevWalletError } from './bank.ts';
import { timeOfBlock } from './blocks.ts';
import type { DevWallet } from './keys.ts';
import { answer, METHODS, NOTIFICATIONS, requestSchema, transactionOf } from './methods.ts';
import { DevRows } from './rows.ts';

export interface DevServicePorts {
  readonly now: Clock;
  readonly random: RandomBytes;
}

/** An error on the wire. */
interface Failure {
  readonly code: string;
  readonly message: string;
}

export class DevWalletService {
  readonly #sql: Sql;
  readonly #rows: DevRows;
  readonly #bank: DevBank;
  readonly #wallets: readonly DevWallet[];
  readonly #ports: DevServicePorts;

  constructor(sql: Sql, wallets: readonly DevWallet[], ports: DevServicePorts) {
    this.#sql = sql;
    this.#wallets = wallets;
    this.#ports = ports;
    this.#rows = new DevRows(sql, { operator: 0, customer: DEV_WALLET_FUNDS_MSATS });
    this.#bank = new DevBank(this.#rows, ports);
  }

  /** The info events (kind 13194). @param since_s Unix s; the same time gives the same events but for signatures */
  announcements(since_s: number): VerifiedEvent[] {
    const tags = [
      ['encryption', 'nip44_v2 nip04'],
      ['notifications', NOTIFICATIONS.join(' ')],
    ];
    const content = [...METHODS, 'notifications'].join(' ');
    return this.#wallets.map((wallet) => this.#sign(wallet, KIND.walletInfo, tags, content, since_s));
  }

  /**
   * Serves one verified request. What it changes is stored in one transaction before anything is returned, so the
   * events may be published whenever that has happened.
   *
   * @returns the answer and notifications; nothing for a request that is not for a wallet here, was seen before, is
   *   past its expiration or cannot be read
   */
  request(event: NostrEvent): VerifiedEvent[] {
    const wallet = this.#wallets.find(({ service }) => service.publicKey === tagValue(event, 'p'));
    const until_s = servedUntil_s(event);
    if (wallet === undefined || event.kind !== KIND.walletRequest || !(this.#now_s() <= until_s)) return [];
    const text = openNwc(event.content, { keys: wallet.service, peer: event.pubkey });
    if (text === undefined) return [];
    const encryption = encryptionOf(event);
    return this.#sql.transaction(() => {
      if (!this.#rows.firstSight(event.id, until_s)) return [];
      const about = { id: event.id, encryption };
      if (event.pubkey !== wallet.client.publicKey) {
        const failure = { code: 'UNAUTHORIZED', message: 'this key has no wallet here' };
        return [this.#reply(wallet, event.pubkey, about, 'unknown', null, failure)];
      }
      return [...this.#serve(wallet, text, about), ...this.#publishNews()];
    });
  }

  /** What time has brought: held payments go back at their deadline. */
  tick(): VerifiedEvent[] {
    return this.#sql.transaction(() => {
      this.#rows.forgetSeen(this.#now_s());
      this.#bank.lapse();
      return this.#publishNews();
    });
  }

  /** Unix ms of the next deadline, or null. */
  get nextDeadline_ms(): number | null {
    const deadline = this.#rows.held()[0]?.deadline;
    return deadline === undefined || deadline === null ? null : timeOfBlock(deadline);
  }

  #serve(wallet: DevWallet, text: string, about: About): VerifiedEvent[] {
    const client = wallet.client.publicKey;
    const request = parseAs(requestSchema, text);
    if (request === undefined) {
      const failure = { code: 'BAD_REQUEST', message: 'a request is {method, params}' };
      return [this.#reply(wallet, client, about, 'unknown', null, failure)];
    }
    try {
      const result = answer(
        request,
        wallet,
        { bank: this.#bank, rows: this.#rows, now_s: this.#now_s() },
        about,
      );
      return result === null ? [] : [this.#reply(wallet, client, about, request.method, result, null)];
    } catch (error) {
      if (!(error instanceof DevWalletError)) throw error;
      const { code, message } = error;
      return [this.#reply(wallet, client, about, request.method, null, { code, message })];
    }
  }

  #publishNews(): VerifiedEvent[] {
    return this.#bank.takeNews().flatMap((news) => {
      const wallet = this.#wallets.find(({ name }) => name === news.payment.wallet);
      if (wallet === undefined) return [];
      return news.type === 'ended' ? this.#ended(wallet, news) : this.#notify(wallet, news);
    });
  }

  /** The answer to a payment that was held until now. */
  #ended(wallet: DevWallet, { payment }: DevNews): VerifiedEvent[] {
    const { request, encryption, state, preimage } = payment;
    if (request === null || encryption === null) return [];
    const about = { id: request, encryption };
    const client = wallet.client.publicKey;
    const failure = { code: 'PAYMENT_FAILED', message: 'the receiver gave the payment back' };
    return state === 'settled'
      ? [this.#reply(wallet, client, about, 'pay_invoice', { preimage, fees_paid: 0 }, null)]
      : [this.#reply(wallet, client, about, 'pay_invoice', null, failure)];
  }

  /** Once in each encryption: which one a client reads is not known (NIP-47). */
  #notify(wallet: DevWallet, { type, payment }: DevNews): VerifiedEvent[] {
    const text = JSON.stringify({
      notification_type: type,
      notification: transactionOf(payment, this.#now_s()),
    });
    const client = wallet.client.publicKey;
    const seal = (encryption: NwcEncryption) =>
      sealNwc(text, { keys: wallet.service, peer: client }, encryption, this.#ports.random);
    return [
      this.#sign(wallet, KIND.walletNotification, [['p', client]], seal('nip44_v2')),
      this.#sign(wallet, KIND.walletNotificationNip04, [['p', client]], seal('nip04')),
    ];
  }

  #reply(
    wallet: DevWallet,
    client: string,
    { id, encryption }: About,
    method: string,
    result: unknown,
    error: Failure | null,
  ): VerifiedEvent {
    const text = JSON.stringify({ result_type: method, error, result });
    const content = sealNwc(text, { keys: wallet.service, peer: client }, encryption, this.#ports.random);
    const tags = [
      ['p', client],
      ['e', id],
    ];
    return this.#sign(wallet, KIND.walletResponse, tags, content);
  }

  #sign(
    { service }: DevWallet,
    kind: number,
    tags: string[][],
    content: string,
    created_at = this.#now_s(),
  ): VerifiedEvent {
    return signAs({ kind, created_at, tags, content }, service, this.#ports.random(32));
  }

  #now_s(): number {
    return Math.floor(this.#ports.now() / 1_000);
  }
}

/** Until when a request is served, Unix s: ids are not remembered for ever, so one without an expiration gets one. */
function servedUntil_s(event: NostrEvent): number {
  const expiration = tagValue(event, 'expiration');
  return expiration === undefined ? event.created_at + DEV_WALLET_SEEN_S : Number.parseInt(expiration, 10);
}

/** The request an answer belongs to. */
interface About {
  readonly id: string;
  readonly encryption: NwcEncryption;
}

/** How the answer is to be encrypted: as the request says, or as it was (NIP-47: without a tag, NIP-04). */
function encryptionOf(event: NostrEvent): NwcEncryption {
  return tagValue(event, 'encryption') === 'nip44_v2' || !event.content.includes('?iv=')
    ? 'nip44_v2'
    : 'nip04';
}
