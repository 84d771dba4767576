/** A signer elsewhere, reached over relays (NIP-46): a bunker that holds the key and is asked for every signature. */
import { BunkerSigner, parseBunkerInput } from 'nostr-tools/nip46';
import { CLIENT_BUNKER_TIMEOUT_MS } from '../limits.ts';
import type { After } from '../link/ports.ts';
import { ClientError } from './failure.ts';
import { checkedSigner, type Signer } from './signer.ts';

export interface BunkerOptions {
  /** Called with an address at which the person has to allow it first. */
  readonly allowAt: (url: string) => void;
  readonly after: After;
  /** Whether it knows this key of ours already: its secret counts once, so it is not said again. */
  readonly introduced?: boolean;
  /** Longest wait for an answer, ms: a person may have to press a button. */
  readonly timeout_ms?: number;
}

/**
 * Connects to a bunker.
 *
 * @param input `bunker://…` or a name@domain that has one. It may hold a secret, so no error quotes it
 * @param clientKey 32 bytes, ours for this connection: the same one again needs no new permission
 * @throws ClientError USAGE when it is none; SIGNER when it refuses or does not answer
 */
export async function connectBunker(
  input: string,
  clientKey: Uint8Array,
  { allowAt, after, introduced = false, timeout_ms = CLIENT_BUNKER_TIMEOUT_MS }: BunkerOptions,
): Promise<{ readonly signer: Signer; close(): Promise<void> }> {
  const pointer = await parseBunkerInput(input);
  if (pointer === null || pointer.relays.length === 0)
    throw new ClientError('USAGE', 'this is no bunker: write bunker://<key>?relay=wss://…');
  const bunker = BunkerSigner.fromBunker(clientKey, pointer, { onauth: allowAt });
  const patiently = <T>(what: string, work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = after(timeout_ms, () =>
        reject(new ClientError('SIGNER', `the bunker did not answer ${what} in ${timeout_ms / 1_000} s`)),
      );
      work.finally(stop).then(resolve, (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        reject(new ClientError('SIGNER', `the bunker refused ${what}: ${why}`, { cause: error }));
      });
    });
  try {
    if (!introduced) await patiently('the connection', bunker.connect());
  } catch (error) {
    await bunker.close();
    throw error;
  }
  const signer = checkedSigner({
    getPublicKey: () => patiently('its key', bunker.getPublicKey()),
    signEvent: (template) => patiently('a signature', bunker.signEvent(template)),
    nip44Encrypt: (peer, text) => patiently('an encryption', bunker.nip44Encrypt(peer, text)),
    nip44Decrypt: (peer, payload) => patiently('a decryption', bunker.nip44Decrypt(peer, payload)),
  });
  return { signer, close: () => bunker.close() };
}
