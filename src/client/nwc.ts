/** A wallet of the client's own by NWC (NIP-47). */
import type { NostrEvent } from '../nostr/event.ts';
import { parseWalletUri } from '../nostr/nip47.ts';
import { secureRandom } from '../nostr/random.ts';
import { NwcClient, type NwcFacts } from '../payment/nwc/client.ts';
import { SocketTransport } from '../payment/nwc/socket-transport.ts';
import { NwcWallet } from '../payment/nwc/wallet.ts';
import type { Wallet } from '../payment/wallet.ts';
import { ClientError } from './failure.ts';
import type { ClientPorts } from './ports.ts';

export interface OpenWallet {
  readonly wallet: Wallet;
  close(): void;
}

/**
 * @param uri a `nostr+walletconnect://` string, which is the permission to spend and is never quoted
 * @throws ClientError USAGE when it is none
 */
export function openWallet(uri: string, { now, after, dial }: ClientPorts): OpenWallet {
  const parsed = parseWalletUri(uri);
  if (parsed === null)
    throw new ClientError(
      'USAGE',
      'the wallet is no nostr+walletconnect:// string with a relay and a secret',
    );
  let facts: NwcFacts | null = null;
  const take = (event: NostrEvent) => client.take(event);
  const transport = new SocketTransport(parsed, { now, after, dial, signAuth: () => undefined }, take);
  const client: NwcClient = new NwcClient(parsed, transport, {
    now,
    after,
    random: secureRandom,
    loadFacts: () => facts,
    saveFacts(learned) {
      facts = learned;
    },
    notified: () => undefined,
  });
  return { wallet: new NwcWallet(client, now), close: () => transport.rest() };
}
