/** The {@link Wallet} port over NIP-47: any wallet that speaks it, with every answer checked against what was asked. */
import type { Clock } from '../../clock.ts';
import {
  NWC_HEIGHT_KEEP_MS,
  NWC_HOLD_TIMEOUT_MS,
  NWC_INVOICE_TIMEOUT_MS,
  NWC_LIST_MAX,
  NWC_PAY_TIMEOUT_MS,
  NWC_QUESTION_TIMEOUT_MS,
} from '../../limits.ts';
import type { Network } from '../bolt11/invoice.ts';
import { type Msats, msats } from '../msats.ts';
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
} from '../wallet.ts';
import {
  brokenAnswer,
  checkInvoice,
  checkPaid,
  hashOfPreimage,
  isDefinitive,
  orderParams,
  payableInvoice,
  refused,
  toCapabilities,
  toTransaction,
  unknown,
} from './check.ts';
import type { NwcClient, NwcReply } from './client.ts';
import { balanceSchema, infoSchema, listSchema, transactionSchema } from './wire.ts';

type Direction = WalletTransaction['direction'];

export class NwcWallet implements Wallet {
  readonly #client: NwcClient;
  readonly #now: Clock;
  #known: { readonly at_ms: number; readonly capabilities: WalletCapabilities } | undefined;

  constructor(client: NwcClient, now: Clock) {
    this.#client = client;
    this.#now = now;
  }

  async makeInvoice(order: InvoiceOrder): Promise<WalletAnswer<IssuedInvoice>> {
    const network = await this.#network();
    const reply = await this.#client.call('make_invoice', orderParams(order), NWC_INVOICE_TIMEOUT_MS);
    if (reply.type === 'result') return checkInvoice(reply.value, order, network, this.#now_s());
    // An invoice that was made and never shown harms nobody, so any error of the wallet is final here.
    return reply.type === 'error' ? failed(reply) : reply;
  }

  async makeHold(order: HoldOrder): Promise<WalletAnswer<IssuedInvoice>> {
    const network = await this.#network();
    const params = {
      ...orderParams(order),
      payment_hash: order.paymentHash,
      min_cltv_expiry_delta: order.minCltvDelta,
    };
    const reply = await this.#client.call('make_hold_invoice', params, NWC_INVOICE_TIMEOUT_MS);
    if (reply.type === 'result') return checkInvoice(reply.value, order, network, this.#now_s());
    if (reply.type === 'unknown') return reply;
    // An earlier call may have made it and its answer was lost: then it is there under this hash.
    const found = await this.lookup(order.paymentHash, 'incoming');
    if (found.type === 'unknown') return found;
    const { bolt11 } = (found.type === 'ok' ? found.value : null) ?? { bolt11: null };
    return bolt11 === null ? failed(reply) : checkInvoice({ invoice: bolt11 }, order, network, this.#now_s());
  }

  async settleHold(preimage: string): Promise<WalletAnswer<null>> {
    const reply = await this.#client.call('settle_hold_invoice', { preimage }, NWC_HOLD_TIMEOUT_MS);
    // Settling twice is an error for some wallets (LIGHTNING §2.3), so an error alone says nothing.
    return await this.#ended(reply, hashOfPreimage(preimage), 'settled');
  }

  async cancelHold(paymentHash: string): Promise<WalletAnswer<null>> {
    const params = { payment_hash: paymentHash };
    const reply = await this.#client.call('cancel_hold_invoice', params, NWC_HOLD_TIMEOUT_MS);
    return await this.#ended(reply, paymentHash, 'failed');
  }

  async lookup(paymentHash: string, direction: Direction): Promise<WalletAnswer<WalletTransaction | null>> {
    const params = { payment_hash: paymentHash };
    const reply = await this.#client.call('lookup_invoice', params, NWC_QUESTION_TIMEOUT_MS);
    if (reply.type === 'error')
      return reply.code === 'NOT_FOUND' ? { type: 'ok', value: null } : failed(reply);
    if (reply.type === 'unknown') return reply;
    const parsed = transactionSchema.safeParse(reply.value);
    if (!parsed.success) return unknown('the wallet answered a lookup with something else');
    if (parsed.data.payment_hash !== paymentHash) return unknown('the wallet answered for another payment');
    // A wallet that paid itself keeps two rows under one hash and answers with either (LIGHTNING §4.5).
    if (parsed.data.type !== null && parsed.data.type !== direction)
      return await this.#lookupInList(paymentHash, direction);
    return toTransaction(parsed.data, direction, this.#now_s());
  }

  async pay(bolt11: string): Promise<WalletAnswer<Paid>> {
    const invoice = payableInvoice(bolt11, await this.#network(), this.#now_s());
    if (typeof invoice === 'string') return refused(invoice);
    const reply = await this.#client.call('pay_invoice', { invoice: bolt11 }, NWC_PAY_TIMEOUT_MS);
    if (reply.type === 'unknown') return reply;
    if (reply.type === 'result') return checkPaid(reply.value, invoice.paymentHash);
    // "Already paid" and "still on its way" are errors too for some wallets: only a look tells that nothing left.
    const found = await this.lookup(invoice.paymentHash, 'outgoing');
    if (found.type === 'unknown') return found;
    const sent = found.type === 'ok' ? found.value : null;
    if (sent?.state === 'settled' && sent.preimage !== null)
      return { type: 'ok', value: { preimage: sent.preimage, fees: sent.fees } };
    if (sent?.state === 'pending' || !isDefinitive(reply.code))
      return unknown(`the wallet answered ${reply.code} to a payment that may be under way`);
    return failed(reply);
  }

  async list(listing: Listing): Promise<WalletAnswer<readonly WalletTransaction[]>> {
    const { from_s, until_s, limit, offset, unpaid, direction } = listing;
    const params = { from: from_s, until: until_s, limit, offset, unpaid, type: direction };
    const reply = await this.#client.call('list_transactions', params, NWC_QUESTION_TIMEOUT_MS);
    if (reply.type === 'error') return failed(reply);
    if (reply.type === 'unknown') return reply;
    const parsed = listSchema.safeParse(reply.value);
    if (!parsed.success) return brokenAnswer('the wallet answered a listing with something else');
    const transactions: WalletTransaction[] = [];
    for (const listed of parsed.data.transactions) {
      const checked = toTransaction(listed, listed.type, this.#now_s(), true);
      if (checked.type !== 'ok') return checked;
      transactions.push(checked.value);
    }
    return { type: 'ok', value: transactions };
  }

  async capabilities(): Promise<WalletAnswer<WalletCapabilities>> {
    const now_ms = this.#now();
    if (this.#known !== undefined && now_ms - this.#known.at_ms < NWC_HEIGHT_KEEP_MS)
      return { type: 'ok', value: this.#known.capabilities };
    const reply = await this.#client.call('get_info', {}, NWC_QUESTION_TIMEOUT_MS);
    if (reply.type === 'unknown') return reply;
    const facts = await this.#client.facts();
    // A connection that may not ask for info still has what the wallet announced of itself.
    if (reply.type === 'error' && (facts === null || facts.methods.length === 0)) return failed(reply);
    const parsed = infoSchema.safeParse(reply.type === 'result' ? reply.value : {});
    if (!parsed.success) return brokenAnswer('the wallet answered get_info with something else');
    const capabilities = toCapabilities(parsed.data, facts);
    this.#known = { at_ms: now_ms, capabilities };
    return { type: 'ok', value: capabilities };
  }

  async balance(): Promise<WalletAnswer<Msats>> {
    // A wallet that does not know a method may stay silent, which would look like a wallet that is down.
    const can = await this.capabilities();
    if (can.type === 'ok' && can.value.methods.length > 0 && !can.value.methods.includes('get_balance'))
      return failed({ code: 'NOT_IMPLEMENTED', message: 'this wallet does not say its balance' });
    const reply = await this.#client.call('get_balance', {}, NWC_QUESTION_TIMEOUT_MS);
    if (reply.type === 'error') return failed(reply);
    if (reply.type === 'unknown') return reply;
    const parsed = balanceSchema.safeParse(reply.value);
    return parsed.success
      ? { type: 'ok', value: msats(parsed.data.balance) }
      : brokenAnswer('the wallet answered get_balance with something else');
  }

  /** A hold is settled or cancelled when the wallet says so, or when looking at it shows that it is. */
  async #ended(
    reply: NwcReply,
    paymentHash: string,
    wanted: 'settled' | 'failed',
  ): Promise<WalletAnswer<null>> {
    if (reply.type === 'result') return { type: 'ok', value: null };
    if (reply.type === 'unknown') return reply;
    const found = await this.lookup(paymentHash, 'incoming');
    if (found.type === 'unknown') return found;
    if (found.type === 'ok' && found.value?.state === wanted) return { type: 'ok', value: null };
    return isDefinitive(reply.code) || found.type === 'failed'
      ? failed(reply)
      : unknown(`the wallet answered ${reply.code}`);
  }

  async #lookupInList(
    paymentHash: string,
    direction: Direction,
  ): Promise<WalletAnswer<WalletTransaction | null>> {
    const listed = await this.list({ limit: NWC_LIST_MAX, unpaid: true, direction });
    if (listed.type === 'unknown') return listed;
    const found =
      listed.type === 'ok'
        ? listed.value.find((one) => one.paymentHash === paymentHash && one.direction === direction)
        : undefined;
    if (found?.state === 'settled' && found.preimage === null)
      return unknown('the wallet says settled and shows no preimage that fits');
    return found === undefined
      ? unknown('the wallet answered with the other side of a payment to itself')
      : { type: 'ok', value: found };
  }

  /** The wallet's network, where it can be known. */
  async #network(): Promise<Network | null> {
    if (this.#known !== undefined) return this.#known.capabilities.network;
    const answer = await this.capabilities();
    return answer.type === 'ok' ? answer.value.network : null;
  }

  #now_s(): number {
    return Math.floor(this.#now() / 1_000);
  }
}

function failed({ code, message }: { readonly code: string; readonly message: string }) {
  return { type: 'failed', code, message } as const;
}
