/** Keys: everything is derived from one master secret (DESIGN §5), so an operator keeps one secret and no key store. */
import { hkdfSync } from 'node:crypto';
import type { KeyPair } from './event.ts';
import { fromHex } from './hex.ts';
import { CurveError, publicKeyOf } from './schnorr.ts';

/**
 * The key pair for one purpose: HKDF-SHA256 of the master secret with the purpose as `info`.
 * The same secret and purpose always give the same pair.
 *
 * @param masterSecret 32 bytes as hex
 * @param purpose for example `agent:discover`
 */
export function deriveKeys(masterSecret: string, purpose: string): KeyPair {
  const master = fromHex(masterSecret);
  // A derived scalar is out of range with probability 2^-128; the counter makes even that harmless.
  for (let counter = 0; ; counter++) {
    const info = counter === 0 ? purpose : `${purpose}#${counter}`;
    const secretKey = new Uint8Array(hkdfSync('sha256', master, 'errand/v1', info, 32));
    try {
      return { secretKey, publicKey: publicKeyOf(secretKey) };
    } catch (error) {
      if (!(error instanceof CurveError)) throw error;
    }
  }
}

/** The key pair an agent signs with. */
export function agentKeys(masterSecret: string, slug: string): KeyPair {
  return deriveKeys(masterSecret, `agent:${slug}`);
}

/** The key pair of an agent that an owner has listed: of the listing, not of its name, which may be listed again. */
export function listingKeys(masterSecret: string, listing: string): KeyPair {
  return deriveKeys(masterSecret, `listing:${listing}`);
}

/** The keys of the marketplace itself, which speaks for no agent: it signs verdicts, and reads the hidden parts of checks. */
export function marketplaceKeys(masterSecret: string): KeyPair {
  return deriveKeys(masterSecret, 'marketplace');
}

/** The key pair of a purse (src/door/purse.ts): what a customer signs with who has no key of its own. */
export function purseKeys(masterSecret: string, id: string): KeyPair {
  return deriveKeys(masterSecret, `purse:${id}`);
}

/** A secret of 32 bytes for one purpose, by the same derivation as {@link deriveKeys}; the two never meet in one purpose. */
export function deriveSecret(masterSecret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fromHex(masterSecret), 'errand/v1', `secret:${purpose}`, 32));
}
