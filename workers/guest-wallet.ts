/**
 * Wallets of clients, for refunds: a client gives a connection string, its wallet is asked for one invoice and for
 * nothing else, and the connection is given up. The string is used and not kept.
 */
import { systemClock } from '../src/clock.ts';
import { embeddedRelayUrl } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import { NWC_GUEST_RELAYS } from '../src/limits.ts';
import { assertPublicUrl } from '../src/net/guard.ts';
import { type NostrEvent, signAs } from '../src/nostr/event.ts';
import { authTemplate } from '../src/nostr/nip42.ts';
import { parseWalletUri } from '../src/nostr/nip47.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { NwcClient, type NwcFacts } from '../src/payment/nwc/client.ts';
import { SocketTransport } from '../src/payment/nwc/socket-transport.ts';
import { NwcWallet } from '../src/payment/nwc/wallet.ts';
import type { InvoiceOrder, IssuedInvoice, WalletAnswer } from '../src/payment/wallet.ts';
import { fetchDialer } from './dial.ts';
import { configOf, type Env } from './env.ts';
import { after } from './timers.ts';

/**
 * Asks a client's wallet for an invoice. What is asked for is all that is checked: whether to pay it is another
 * question, and the network is compared when it is paid.
 *
 * @param uri a `nostr+walletconnect://` string of a stranger
 * @param background keeps the object awake while a socket opens
 * @returns `failed` with REFUSED when the string cannot be used, or names relays that must not be dialled
 */
export async function invoiceOfGuest(
  env: Env,
  uri: string,
  order: InvoiceOrder,
  background: (work: Promise<unknown>) => void,
): Promise<WalletAnswer<IssuedInvoice>> {
  const guest = parseWalletUri(uri);
  if (guest === null) return refused('not a nostr+walletconnect:// string');
  const refusal = refusalOf(env, guest.relays);
  if (refusal !== null) return refused(refusal);
  const own = embeddedRelayUrl(configOf(env));
  const outward = fetchDialer(background);
  const inward = fetchDialer(background, (url, init) =>
    env.RELAY.getByName('main').fetch(new Request(url, init)),
  );
  const take = (event: NostrEvent) => client.take(event);
  const transport = new SocketTransport(
    guest,
    {
      now: systemClock,
      after,
      dial: (url, handlers) => (url === own ? inward : outward)(url, handlers),
      signAuth: (_, relayUrl, challenge) =>
        signAs(authTemplate(challenge, relayUrl, Math.floor(systemClock() / 1_000)), guest.keys),
    },
    take,
  );
  let facts: NwcFacts | null = null;
  const client: NwcClient = new NwcClient(guest, transport, {
    now: systemClock,
    after,
    random: secureRandom,
    loadFacts: () => facts,
    saveFacts: (learned) => {
      facts = learned;
    },
    notified: () => undefined,
  });
  try {
    return await new NwcWallet(client, systemClock).makeInvoice(order);
  } finally {
    transport.rest();
  }
}

/** Why these relays are not dialled, or null: a stranger's URL has to be public, over TLS, and one of few. */
function refusalOf(env: Env, relays: readonly string[]): string | null {
  const config = configOf(env);
  if (relays.length > NWC_GUEST_RELAYS) return `a wallet may have ${NWC_GUEST_RELAYS} relays`;
  const ownHosts = config.local ? [] : [new URL(config.publicUrl).hostname];
  try {
    for (const url of relays) {
      if (url !== embeddedRelayUrl(config))
        assertPublicUrl(url, { schemes: ['wss'], allowPrivate: config.local, ownHosts });
    }
    return null;
  } catch (error) {
    if (error instanceof JobError) return error.message;
    throw error;
  }
}

function refused(message: string): WalletAnswer<never> {
  return { type: 'failed', code: 'REFUSED', message };
}
