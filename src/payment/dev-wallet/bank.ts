/**
 * Development money: a few wallets that pay each other at once, with invoices as real as any, hold invoices included.
 * It behaves as a node does where that matters to who talks to it: an invoice is paid once, a held payment blocks its
 * payer and goes back at its deadline, what was settled cannot be cancelled.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { DEV_WALLET_MAX_MSATS } from '../../limits.ts';
import { fromHex, toHex } from '../../nostr/hex.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import { decodeInvoice } from '../bolt11/decode.ts';
import { encodeInvoice } from '../bolt11/encode.ts';
import { InvoiceError } from '../bolt11/invoice.ts';
import { msats } from '../msats.ts';
import type { NwcEncryption } from '../nwc/wire.ts';
import { blockHeightAt } from './blocks.ts';
import type { DevWallet, DevWalletName } from './keys.ts';
import type { DevPayment, DevRows } from './rows.ts';

/** An error the wallet's client is told, with a code of NIP-47. */
export class DevWalletError extends Error {
  override readonly name = 'DevWalletError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Something a wallet's client is to hear without having asked just now. */
export type DevNews =
  | {
      readonly type: 'payment_received' | 'payment_sent' | 'hold_invoice_accepted';
      readonly payment: DevPayment;
    }
  /** The answer a payer has been waiting for. */
  | { readonly type: 'ended'; readonly payment: DevPayment };

export interface DevInvoiceOrder {
  readonly amount: number;
  readonly description: string | null;
  readonly descriptionHash: string | null;
  readonly expiry_s: number;
  /** For a hold invoice: its hash, and the blocks it may be held. */
  readonly hold: { readonly hash: string; readonly cltv: number } | null;
}

/** Who asked for a payment, so that the answer finds them however long it takes. */
export interface DevPayRequest {
  readonly id: string;
  readonly encryption: NwcEncryption;
}

export interface DevBankPorts {
  readonly now: Clock;
  readonly random: RandomBytes;
}

export class DevBank {
  readonly #rows: DevRows;
  readonly #ports: DevBankPorts;
  #news: DevNews[] = [];

  constructor(rows: DevRows, ports: DevBankPorts) {
    this.#rows = rows;
    this.#ports = ports;
  }

  /** What has happened since this was asked last. */
  takeNews(): DevNews[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** @throws DevWalletError when the hash was used before or the amount is none */
  makeInvoice(wallet: DevWallet, order: DevInvoiceOrder): DevPayment {
    const { amount, hold, expiry_s } = order;
    if (amount < 1 || amount > DEV_WALLET_MAX_MSATS)
      throw new DevWalletError('BAD_REQUEST', 'an invoice needs an amount that exists');
    const preimage = hold === null ? toHex(this.#ports.random(32)) : null;
    const hash = hold?.hash ?? sha256(preimage ?? '');
    if (this.#rows.find(hash, 'incoming') !== undefined)
      throw new DevWalletError('OTHER', 'this payment hash was used before');
    const created_at = this.#now_s();
    const description = order.descriptionHash === null ? (order.description ?? '') : null;
    const { text: bolt11 } = encodeInvoice(
      {
        network: 'regtest',
        amount: msats(amount),
        timestamp_s: created_at,
        paymentHash: hash,
        paymentSecret: toHex(this.#ports.random(32)),
        expiry_s,
        minFinalCltv: hold?.cltv ?? DEFAULT_CLTV,
        description,
        descriptionHash: order.descriptionHash,
      },
      wallet.nodeSecret,
    );
    const payment: DevPayment = {
      wallet: wallet.name,
      direction: 'incoming',
      hash,
      state: 'pending',
      amount,
      bolt11,
      preimage,
      description,
      description_hash: order.descriptionHash,
      created_at,
      expires_at: created_at + expiry_s,
      settled_at: null,
      hold: hold === null ? 0 : 1,
      cltv: hold?.cltv ?? 0,
      deadline: null,
      request: null,
      encryption: null,
    };
    this.#rows.put(payment);
    return payment;
  }

  /**
   * Pays. For a hold invoice the money is only locked, and the request is answered by the news that it ended.
   *
   * @throws DevWalletError when it cannot be paid
   */
  pay(name: DevWalletName, bolt11: string, request: DevPayRequest): DevPayment {
    const invoice = this.#rows.find(paymentHashOf(bolt11), 'incoming');
    if (invoice === undefined || invoice.bolt11 !== bolt11)
      throw new DevWalletError('PAYMENT_FAILED', 'no route: only wallets of this marketplace can be paid');
    if (invoice.state === 'settled' || invoice.state === 'accepted')
      throw new DevWalletError('PAYMENT_FAILED', 'this invoice is paid already');
    if (invoice.state === 'failed')
      throw new DevWalletError('PAYMENT_FAILED', 'the receiver has cancelled this invoice');
    if (invoice.expires_at <= this.#now_s())
      throw new DevWalletError('PAYMENT_FAILED', 'this invoice has expired');
    if (this.#rows.balance(name) < invoice.amount)
      throw new DevWalletError(
        'INSUFFICIENT_BALANCE',
        'there is not so much development money in this wallet',
      );
    this.#rows.addToBalance(name, -invoice.amount);
    const outgoing: DevPayment = {
      ...invoice,
      wallet: name,
      direction: 'outgoing',
      preimage: null,
      created_at: this.#now_s(),
      request: request.id,
      encryption: request.encryption,
    };
    this.#rows.put(outgoing);
    if (invoice.hold === 0) return this.#settle(invoice, outgoing);
    const held: DevPayment = { ...invoice, state: 'accepted', deadline: this.height + invoice.cltv };
    this.#rows.put(held);
    this.#news.push({ type: 'hold_invoice_accepted', payment: held });
    return outgoing;
  }

  /** Takes what is held. @param preimage hex @throws DevWalletError when nothing is held under its hash */
  settleHold(name: DevWalletName, preimage: string): void {
    const held = this.#holdOf(name, sha256(preimage));
    if (held.state !== 'accepted')
      throw new DevWalletError('OTHER', `a hold invoice that is ${held.state} cannot be settled`);
    this.#settle({ ...held, preimage }, this.#outgoingOf(held));
  }

  /** Gives back what is held, or withdraws the invoice. @throws DevWalletError when it was settled */
  cancelHold(name: DevWalletName, hash: string): void {
    const held = this.#holdOf(name, hash);
    if (held.state === 'settled')
      throw new DevWalletError('OTHER', 'a hold invoice that was settled cannot be cancelled');
    if (held.state === 'accepted') this.#giveBack(held);
    else this.#rows.put({ ...held, state: 'failed' });
  }

  /** Gives back what was held until its deadline. */
  lapse(): void {
    for (const held of this.#rows.held())
      if (held.deadline !== null && held.deadline <= this.height) this.#giveBack(held);
  }

  /** @throws DevWalletError NOT_FOUND */
  lookup(name: DevWalletName, hash: string): DevPayment {
    const sides = [this.#rows.find(hash, 'incoming'), this.#rows.find(hash, 'outgoing')];
    const found = sides.find((side) => side?.wallet === name);
    if (found === undefined) throw new DevWalletError('NOT_FOUND', 'no such payment in this wallet');
    return found;
  }

  get height(): number {
    return blockHeightAt(this.#ports.now());
  }

  #settle(invoice: DevPayment, outgoing: DevPayment): DevPayment {
    const settled_at = this.#now_s();
    const received: DevPayment = { ...invoice, state: 'settled', settled_at };
    const sent: DevPayment = { ...outgoing, state: 'settled', settled_at, preimage: invoice.preimage };
    this.#rows.put(received);
    this.#rows.put(sent);
    this.#rows.addToBalance(received.wallet, received.amount);
    this.#news.push({ type: 'payment_received', payment: received }, { type: 'payment_sent', payment: sent });
    if (invoice.hold === 1) this.#news.push({ type: 'ended', payment: sent });
    return sent;
  }

  #giveBack(held: DevPayment): void {
    const returned: DevPayment = { ...this.#outgoingOf(held), state: 'failed' };
    this.#rows.put({ ...held, state: 'failed' });
    this.#rows.put(returned);
    this.#rows.addToBalance(returned.wallet, returned.amount);
    this.#news.push({ type: 'ended', payment: returned });
  }

  #holdOf(name: DevWalletName, hash: string): DevPayment {
    const found = this.#rows.find(hash, 'incoming');
    if (found === undefined || found.wallet !== name || found.hold === 0)
      throw new DevWalletError('NOT_FOUND', 'no such hold invoice in this wallet');
    return found;
  }

  #outgoingOf(held: DevPayment): DevPayment {
    const outgoing = this.#rows.find(held.hash, 'outgoing');
    if (outgoing === undefined) throw new Error('a held payment has no payer: the rows are damaged');
    return outgoing;
  }

  #now_s(): number {
    return Math.floor(this.#ports.now() / 1_000);
  }
}

/** Blocks between the last hop and the payee, as nodes have it by default. */
const DEFAULT_CLTV = 18;

/** @throws DevWalletError when it is no invoice */
export function paymentHashOf(bolt11: string): string {
  try {
    return decodeInvoice(bolt11).paymentHash;
  } catch (error) {
    if (error instanceof InvoiceError) throw new DevWalletError('BAD_REQUEST', error.message);
    throw error;
  }
}

function sha256(hex: string): string {
  return createHash('sha256').update(fromHex(hex)).digest('hex');
}
