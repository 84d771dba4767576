/** The wallets of a local marketplace: who they are and how a client reaches them. There are none anywhere else. */
import { type Config, embeddedRelayUrl } from '../../config.ts';
import type { KeyPair } from '../../nostr/event.ts';
import { deriveKeys } from '../../nostr/keys.ts';
import { formatWalletUri } from '../../nostr/nip47.ts';

export const DEV_WALLET_NAMES = ['operator', 'customer'] as const;
export type DevWalletName = (typeof DEV_WALLET_NAMES)[number];

/** One wallet of development money. */
export interface DevWallet {
  readonly name: DevWalletName;
  /** Signs and reads as the wallet service of NIP-47. */
  readonly service: KeyPair;
  /** What its connection string grants. */
  readonly client: KeyPair;
  /** Signs invoices, as the node behind a wallet does; 32 bytes. */
  readonly nodeSecret: Uint8Array;
}

/**
 * The development wallets; none unless the marketplace runs locally, whatever else is configured. A deployment is
 * reached by https, so one that was started as local by mistake has none either.
 */
export function devWallets(config: Config): readonly DevWallet[] {
  if (!config.local || !config.publicUrl.startsWith('http://')) return [];
  return DEV_WALLET_NAMES.map((name) => ({
    name,
    service: deriveKeys(config.masterSecret, `dev-wallet:${name}:service`),
    client: deriveKeys(config.masterSecret, `dev-wallet:${name}:client`),
    nodeSecret: deriveKeys(config.masterSecret, `dev-wallet:${name}:node`).secretKey,
  }));
}

/** The `nostr+walletconnect://` string of a development wallet, or null where there is none. */
export function devWalletUri(config: Config, name: DevWalletName): string | null {
  const wallet = devWallets(config).find((one) => one.name === name);
  return wallet === undefined
    ? null
    : formatWalletUri(wallet.service.publicKey, embeddedRelayUrl(config), wallet.client.secretKey);
}
