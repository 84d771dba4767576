/** Alby's client of Lightning addresses, from where its package is installed, with its types. */
export { LightningAddress } from '@getalby/lightning-tools/lnurl';
