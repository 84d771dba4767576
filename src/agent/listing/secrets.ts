/**
 * Owners' secrets at rest: an endpoint's key, a webhook's secret. Sealed with a key that only this deployment can derive
 * (NIP-44 to itself, as payment/vault.ts), together with the listing and the origin they are for: moved to another row,
 * or left behind by an endpoint that was changed, they open nothing.
 */
import * as z from 'zod';
import type { KeyPair } from '../../nostr/event.ts';
import { deriveKeys } from '../../nostr/keys.ts';
import { decryptNip44, encryptNip44 } from '../../nostr/nip44.ts';
import { type RandomBytes, secureRandom } from '../../nostr/random.ts';

/** What a secret belongs to. */
export interface SecretUse {
  /** Id of the listing. */
  readonly listing: string;
  /** Origin of the endpoint it is shown to. */
  readonly origin: string;
}

export interface OwnerVault {
  /** The secret as it may be stored, and shown to nobody. */
  seal(secret: string, use: SecretUse): string;
  /** The secret; null where it was sealed for another listing or endpoint. @throws DecryptionError when another deployment sealed it */
  open(sealed: string, use: SecretUse): string | null;
}

const sealedShape = z.object({ listing: z.string(), origin: z.string(), secret: z.string() });

/** @param masterSecret 32 bytes as hex */
export function ownerVault(masterSecret: string, random: RandomBytes = secureRandom): OwnerVault {
  let keys: KeyPair | undefined;
  const own = (): KeyPair => {
    keys ??= deriveKeys(masterSecret, 'listing-secrets');
    return keys;
  };
  return {
    seal: (secret, { listing, origin }) =>
      encryptNip44(JSON.stringify({ listing, origin, secret }), own(), own().publicKey, random),
    open(sealed, { listing, origin }) {
      const held = sealedShape.parse(JSON.parse(decryptNip44(sealed, own(), own().publicKey)));
      return held.listing === listing && held.origin === origin ? held.secret : null;
    },
  };
}
