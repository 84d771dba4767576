/** Bunkers (NIP-46), by nostr-tools: a key that never comes near this browser. */
import { BunkerSigner, parseBunkerInput } from 'nostr-tools/nip46';
import { ClientError } from '../../../client/failure.ts';
import { checkedSigner, type Signer } from '../../../client/signer.ts';
import { fromHex, toHex } from '../../../nostr/hex.ts';
import { secureRandom } from '../../../nostr/random.ts';
import type { Identity } from './identity.ts';

type BunkerIdentity = Extract<Identity, { readonly type: 'bunker' }>;

/** A bunker that does not answer is told of after this, ms; a person may have to confirm there. */
const CONNECT_TIMEOUT_MS = 90_000;

const open = new Map<string, Promise<Signer>>();

/**
 * Connects for the first time.
 *
 * @param input `bunker://…`. Its form as an address (`name@host`) would need the page to reach any host
 * @param confirm told where the person has to confirm, when the bunker wants that
 * @throws ClientError USAGE, SIGNER
 */
export async function connectBunker(input: string, confirm: (url: string) => void): Promise<BunkerIdentity> {
  const text = input.trim();
  const pointer = text.startsWith('bunker://') ? await parseBunkerInput(text) : null;
  if (pointer === null || pointer.relays.length === 0)
    throw new ClientError('USAGE', 'this is no bunker: write it as bunker://… with a relay in it');
  const secret = secureRandom(32);
  const bunker = BunkerSigner.fromBunker(secret, pointer, { onauth: confirm });
  try {
    await inTime(bunker.connect());
    const pubkey = await inTime(bunker.getPublicKey());
    open.set(pubkey, Promise.resolve(checkedSigner(bunker)));
    return { type: 'bunker', pubkey, remote: pointer.pubkey, relays: pointer.relays, secret: toHex(secret) };
  } catch (cause) {
    await bunker.close();
    if (cause instanceof ClientError) throw cause;
    throw new ClientError('SIGNER', `the bunker refused: ${String(cause)}`, { cause });
  }
}

/** A bunker that knows this browser already. One connection serves the page. */
export function reopenBunker(chosen: BunkerIdentity, confirm: (url: string) => void): Promise<Signer> {
  const { pubkey, remote, relays, secret } = chosen;
  let signer = open.get(pubkey);
  if (signer === undefined) {
    const bunker = BunkerSigner.fromBunker(
      fromHex(secret),
      { pubkey: remote, relays, secret: null },
      { onauth: confirm },
    );
    const known = checkedSigner(bunker);
    // Who it signs for is known, and asking once more may mean to bother somebody.
    signer = Promise.resolve({ ...known, getPublicKey: async () => pubkey });
    open.set(pubkey, signer);
  }
  return signer;
}

function inTime<T>(work: Promise<T>): Promise<T> {
  const timeout = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new ClientError('SIGNER', 'the bunker does not answer')), CONNECT_TIMEOUT_MS),
  );
  return Promise.race([work, timeout]);
}
