/** Alby's NWC client, from where its package is installed, with its types. */
export { NWCClient } from '@getalby/sdk/nwc';
