/** NWC events that pass through the embedded relay and are for this marketplace: they are handed on without a socket. */
import type { NostrEvent } from '../src/nostr/event.ts';
import { tagValue } from '../src/nostr/event.ts';
import { KIND } from '../src/nostr/kinds.ts';
import type { WalletUri } from '../src/nostr/nip47.ts';
import { devWallets } from '../src/payment/dev-wallet/keys.ts';
import { operatorWallet } from '../src/payment/operator-wallet.ts';
import { configOf, type Env } from './env.ts';

interface Parties {
  readonly operator: WalletUri | null;
  /** Public keys of the development wallets' services. */
  readonly services: ReadonlySet<string>;
}

const known = new WeakMap<Env, Parties>();

function partiesOf(env: Env): Parties {
  let parties = known.get(env);
  if (parties === undefined) {
    const config = configOf(env);
    parties = {
      operator: operatorWallet(config),
      services: new Set(devWallets(config).map(({ service }) => service.publicKey)),
    };
    known.set(env, parties);
  }
  return parties;
}

/**
 * Hands a verified event to the wallet or the wallet link it is for.
 *
 * @returns the work that was begun, or null when the event is for neither
 */
export function passToWallet(env: Env, event: NostrEvent): Promise<void> | null {
  switch (event.kind) {
    case KIND.walletRequest:
      return partiesOf(env).services.has(tagValue(event, 'p') ?? '')
        ? env.DEV_WALLET.getByName('main').request(event)
        : null;
    case KIND.walletResponse:
    case KIND.walletNotification:
    case KIND.walletNotificationNip04: {
      const { operator } = partiesOf(env);
      // Only the wallet's own word wakes the link; anybody may address events to it.
      return operator?.walletPubkey === event.pubkey && operator.keys.publicKey === tagValue(event, 'p')
        ? env.WALLET.getByName('main').deliver(event)
        : null;
    }
    default:
      return null;
  }
}
