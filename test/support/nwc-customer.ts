/** A NIP-47 client over any way to a relay, for tests that play the customer: our own client code, another key. */
import type { NostrEvent } from '../../src/nostr/event.ts';
import { parseWalletUri, type WalletUri } from '../../src/nostr/nip47.ts';
import { type RandomBytes, secureRandom } from '../../src/nostr/random.ts';
import { NwcClient, type NwcFacts } from '../../src/payment/nwc/client.ts';
import type { NwcTransport } from '../../src/payment/nwc/transport.ts';
import { NwcWallet } from '../../src/payment/nwc/wallet.ts';

export interface Customer {
  readonly wallet: NwcWallet;
  readonly client: NwcClient;
  /** Payment hashes of notifications that came. */
  readonly notified: string[];
}

/** Timers and clock of the machine. */
export const REAL_TIME = {
  now: () => Date.now(),
  after(delay_ms: number, work: () => void): () => void {
    const timer = setTimeout(work, delay_ms);
    return () => clearTimeout(timer);
  },
};

/**
 * @param uri a connection string
 * @param transport made for the connection; what it hears it gives to `take`
 */
export function customerOf(
  uri: string,
  transport: (uri: WalletUri, take: (event: NostrEvent) => void) => NwcTransport,
  {
    time = REAL_TIME,
    random = secureRandom,
  }: { readonly time?: typeof REAL_TIME; readonly random?: RandomBytes } = {},
): Customer {
  const parsed = parseWalletUri(uri);
  if (parsed === null) throw new Error('not a wallet connection string');
  const notified: string[] = [];
  let facts: NwcFacts | null = null;
  const client: NwcClient = new NwcClient(
    parsed,
    transport(parsed, (event) => client.take(event)),
    {
      ...time,
      random,
      loadFacts: () => facts,
      saveFacts: (learned) => {
        facts = learned;
      },
      notified: (hash) => notified.push(hash),
    },
  );
  return { wallet: new NwcWallet(client, time.now), client, notified };
}
