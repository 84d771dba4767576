/** How an address is remembered without being kept. */
import { createHmac } from 'node:crypto';
import { partsOf } from '../../../mail-address.ts';
import { deriveKeys } from '../../../nostr/keys.ts';

/**
 * HMAC-SHA-256 of an address, hex: addresses could be guessed from a plain hash. `ann+tag@…` is `ann@…`: what comes
 * behind the plus reaches the same person at most providers.
 *
 * @param masterSecret 32 bytes as hex
 * @param address lower case
 */
export function addressHash(masterSecret: string, address: string): string {
  const key = deriveKeys(masterSecret, 'mail-addresses').secretKey;
  const { local, domain } = partsOf(address);
  return createHmac('sha256', key)
    .update(`${local.replace(/\+.*$/, '')}@${domain}`)
    .digest('hex');
}
