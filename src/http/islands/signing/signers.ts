/** From an identity to what signs. Loaded when something is to be signed, not with the page. */

import { decode as nip19Decode, npubEncode, nsecEncode } from 'nostr-tools/nip19';
import { publicKeyOf } from '#curve';
import { ClientError } from '../../../client/failure.ts';
import { extensionSigner, keySigner, type NostrExtension, type Signer } from '../../../client/signer.ts';
import { fromHex, toHex } from '../../../nostr/hex.ts';
import { secureRandom } from '../../../nostr/random.ts';
import type { Identity } from './identity.ts';

/** Extensions come late; longer than this nobody waits, ms. */
const EXTENSION_WAIT_MS = 1_500;
const EXTENSION_LOOK_MS = 50;

/** @throws ClientError SIGNER when it is not there any more */
export async function signerOf(chosen: Identity, confirm: (url: string) => void): Promise<Signer> {
  switch (chosen.type) {
    case 'local':
      return keySigner({ secretKey: fromHex(chosen.secret), publicKey: chosen.pubkey });
    case 'extension':
      return extensionSigner(await extension());
    case 'bunker': {
      const { reopenBunker } = await import('./bunker.ts');
      return await reopenBunker(chosen, confirm);
    }
  }
}

/** A key of one's own, made here. */
export function makeLocal(): Identity {
  return localOf(secureRandom(32));
}

/** A key that was kept elsewhere. @throws ClientError USAGE */
export function importLocal(text: string): Identity {
  const hex = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return localOf(fromHex(hex));
  try {
    const decoded = nip19Decode(text.trim());
    if (decoded.type === 'nsec') return localOf(decoded.data);
  } catch {
    // Told below, without a word of what was typed: it may be a secret with a letter missing.
  }
  throw new ClientError('USAGE', 'this is no secret key: write it as nsec1… or as 64 hexadecimal digits');
}

function localOf(secret: Uint8Array): Identity {
  try {
    return { type: 'local', pubkey: publicKeyOf(secret), secret: toHex(secret) };
  } catch (cause) {
    throw new ClientError('USAGE', 'this is no secret key of the curve', { cause });
  }
}

/** The extension's identity. @throws ClientError SIGNER when there is none, or it refuses */
export async function askExtension(): Promise<Identity> {
  return { type: 'extension', pubkey: await extensionSigner(await extension()).getPublicKey() };
}

async function extension(): Promise<NostrExtension> {
  for (let waited_ms = 0; waited_ms < EXTENSION_WAIT_MS; waited_ms += EXTENSION_LOOK_MS) {
    // NIP-07: put there by an extension, at some moment after the page began to load.
    const found: unknown = Reflect.get(window, 'nostr');
    if (isExtension(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, EXTENSION_LOOK_MS));
  }
  throw new ClientError('SIGNER', 'no signing extension answers in this browser (NIP-07: Alby, nos2x, …)');
}

function isExtension(value: unknown): value is NostrExtension {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'getPublicKey') === 'function' &&
    typeof Reflect.get(value, 'signEvent') === 'function'
  );
}

/** The secret of a local key, to be kept elsewhere. */
export function exportLocal(secret: string): string {
  return nsecEncode(fromHex(secret));
}

export { npubEncode };
