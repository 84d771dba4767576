/** Preimages of hold invoices, at rest: encrypted with a key that only this deployment can derive (NIP-44 to itself). */
import { createHash } from 'node:crypto';
import type { KeyPair } from '../nostr/event.ts';
import { toHex } from '../nostr/hex.ts';
import { deriveKeys } from '../nostr/keys.ts';
import { decryptNip44, encryptNip44 } from '../nostr/nip44.ts';
import { type RandomBytes, secureRandom } from '../nostr/random.ts';

export interface Secret {
  /** SHA-256 of the preimage, hex. */
  readonly paymentHash: string;
  readonly sealedPreimage: string;
}

export interface Vault {
  /** A new preimage. What is returned may be stored and shown to nobody but {@link Vault.open}. */
  create(): Secret;
  /** The preimage, hex. @throws DecryptionError when another deployment sealed it */
  open(sealedPreimage: string): string;
}

/** @param masterSecret 32 bytes as hex */
export function preimageVault(masterSecret: string, random: RandomBytes = secureRandom): Vault {
  // Derived with the first escrow: most sessions have none.
  let keys: KeyPair | undefined;
  const own = (): KeyPair => {
    keys ??= deriveKeys(masterSecret, 'escrow-preimages');
    return keys;
  };
  return {
    create() {
      const preimage = random(32);
      const paymentHash = createHash('sha256').update(preimage).digest('hex');
      const sealedPreimage = encryptNip44(toHex(preimage), own(), own().publicKey, random);
      return { paymentHash, sealedPreimage };
    },
    open: (sealed) => decryptNip44(sealed, own(), own().publicKey),
  };
}
