/** Pays invoices from a wallet by NWC, up to a limit: for whoever tries the ways to pay from the command line. */
import type { NostrEvent } from '../../src/nostr/event.ts';
import { parseWalletUri } from '../../src/nostr/nip47.ts';
import { secureRandom } from '../../src/nostr/random.ts';
import { readInvoice } from '../../src/payment/bolt11/decode.ts';
import { formatSats, type Msats } from '../../src/payment/msats.ts';
import { NwcClient, type NwcFacts } from '../../src/payment/nwc/client.ts';
import { SocketTransport } from '../../src/payment/nwc/socket-transport.ts';
import { NwcWallet } from '../../src/payment/nwc/wallet.ts';
import { nodeDial } from './dial.ts';

export interface Payer {
  /** Pays an invoice once, if it is within the limit; what became of it, in words. */
  pay(invoice: string): Promise<string>;
  close(): void;
}

/**
 * @param uri a `nostr+walletconnect://` string
 * @param limit what all payments together may be
 * @throws RangeError when the string is none
 */
export function payerOf(uri: string, limit: Msats): Payer {
  const wallet = parseWalletUri(uri);
  if (wallet === null) throw new RangeError('the wallet is no nostr+walletconnect:// string');
  const after = (delay_ms: number, work: () => void) => {
    const timer = setTimeout(work, delay_ms);
    return () => clearTimeout(timer);
  };
  let facts: NwcFacts | null = null;
  const take = (event: NostrEvent) => client.take(event);
  const ports = { now: Date.now, after, dial: nodeDial, signAuth: () => undefined };
  const transport = new SocketTransport(wallet, ports, take);
  const client: NwcClient = new NwcClient(wallet, transport, {
    now: Date.now,
    after,
    random: secureRandom,
    loadFacts: () => facts,
    saveFacts(learned) {
      facts = learned;
    },
    notified: () => undefined,
  });
  const nwc = new NwcWallet(client, Date.now);
  const begun = new Set<string>();
  let left: bigint = limit;
  return {
    async pay(text) {
      const invoice = readInvoice(text);
      if (invoice?.amount == null) return 'what is asked for is no invoice over an amount';
      const { amount, paymentHash } = invoice;
      // Both dialects ask, and some ask twice: one invoice is one payment.
      if (begun.has(paymentHash)) return '';
      if (amount > left) return `not paid: ${formatSats(amount)} sats are more than --pay allows`;
      begun.add(paymentHash);
      left -= amount;
      const answer = await nwc.pay(text);
      if (answer.type === 'ok') return `paid ${formatSats(amount)} sats`;
      return answer.type === 'failed'
        ? `not paid: ${answer.message}`
        : `perhaps paid: ${answer.reason}; the wallet knows`;
    },
    close: () => transport.rest(),
  };
}
