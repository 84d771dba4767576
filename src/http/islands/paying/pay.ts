/**
 * Pays an invoice by a wallet of the visitor's. One invoice is paid by one tab at a time (Web Locks), and remembered before the wallet is asked.
 * Should all of that fail: a Lightning invoice is settled once, so the same invoice never takes money twice.
 */
import { openWallet } from '../../../client/nwc.ts';
import { type Payment, Purse } from '../../../client/purse.ts';
import { readInvoice } from '../../../payment/bolt11/decode.ts';
import type { Invoice } from '../../../payment/bolt11/invoice.ts';
import { ZERO_MSATS } from '../../../payment/msats.ts';
import type { Paid, Wallet, WalletAnswer } from '../../../payment/wallet.ts';
import { ports } from '../lib/relay.ts';
import { readPayment, writePayment } from './kept.ts';

export { readInvoice };

/** What a page finds at `window.webln`. */
interface WebLn {
  enable(): Promise<unknown>;
  sendPayment(invoice: string): Promise<{ readonly preimage?: string }>;
}

/** Null when there is none. */
export function webln(): WebLn | null {
  const found: unknown = Reflect.get(window, 'webln');
  return isWebLn(found) ? found : null;
}

function isWebLn(value: unknown): value is WebLn {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'enable') === 'function' &&
    typeof Reflect.get(value, 'sendPayment') === 'function'
  );
}

/** Another tab is paying it, this browser keeps nothing, or what became of the payment. */
export type PayOutcome = Payment | { readonly type: 'elsewhere' } | { readonly type: 'forgetful' };

export type Way = { readonly type: 'webln' } | { readonly type: 'nwc'; readonly uri: string };

/**
 * Pays.
 *
 * @param said_msats what its agent says that it is over; another amount is refused
 */
export async function pay(invoice: Invoice, said_msats: number | null, way: Way): Promise<PayOutcome> {
  const { paymentHash } = invoice;
  const work = async (): Promise<PayOutcome> => {
    if (readPayment(paymentHash)?.state === 'paid') return { type: 'elsewhere' };
    if (!writePayment(paymentHash, 'begun', way.type)) return { type: 'forgetful' };
    const outcome = await ask(invoice, said_msats, way);
    writePayment(paymentHash, outcome.type === 'refused' ? 'failed' : outcome.type, way.type);
    return outcome;
  };
  // Browsers have locks in secure contexts only; without one the note alone has to do.
  const locks: LockManager | undefined = navigator.locks;
  if (locks === undefined) return await work();
  return await locks.request(`payment:${paymentHash}`, { ifAvailable: true }, async (lock) =>
    lock === null ? { type: 'elsewhere' } : await work(),
  );
}

async function ask(invoice: Invoice, said_msats: number | null, way: Way): Promise<Payment> {
  if (invoice.amount === null)
    return { type: 'refused', why: 'invoice', reason: 'the invoice names no amount' };
  if (way.type === 'webln') return await new Purse(payByWebLn, invoice.amount).pay(invoice.text, said_msats);
  const { wallet, close } = openWallet(way.uri, ports);
  try {
    const payByNwc: Wallet['pay'] = (bolt11) => wallet.pay(bolt11);
    return await new Purse(payByNwc, invoice.amount).pay(invoice.text, said_msats);
  } finally {
    close();
  }
}

async function payByWebLn(bolt11: string): Promise<WalletAnswer<Paid>> {
  const wallet = webln();
  if (wallet === null) return { type: 'failed', code: 'OTHER', message: 'there is no WebLN wallet' };
  try {
    await wallet.enable();
  } catch (error) {
    // It was asked for nothing yet, so nothing left.
    return { type: 'failed', code: 'OTHER', message: `the wallet refused: ${String(error)}` };
  }
  try {
    const { preimage = '' } = await wallet.sendPayment(bolt11);
    return { type: 'ok', value: { preimage, fees: ZERO_MSATS } };
  } catch (error) {
    // WebLN does not say whether a payment that failed may still arrive.
    return { type: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}
