/** Which wallet the marketplace uses: the operator's, or locally the development wallet when none is named. */
import type { Config } from '../config.ts';
import { parseWalletUri, type WalletUri } from '../nostr/nip47.ts';
import { devWalletUri } from './dev-wallet/keys.ts';

/** The operator's wallet connection, or null where there is none: then nothing can be priced. */
export function operatorWallet(config: Config): WalletUri | null {
  if (config.wallet !== null) return config.wallet;
  const uri = devWalletUri(config, 'operator');
  return uri === null ? null : parseWalletUri(uri);
}

/** Whether the money is development money, which the pages have to say. */
export function isDevelopmentMoney(config: Config): boolean {
  return config.wallet === null && operatorWallet(config) !== null;
}
