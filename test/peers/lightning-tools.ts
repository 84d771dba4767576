/** Alby's clients of Lightning addresses and of L402, from where their package is installed, with their types. */
export { fetchWithL402 } from '@getalby/lightning-tools/402/l402';
export { LightningAddress } from '@getalby/lightning-tools/lnurl';
