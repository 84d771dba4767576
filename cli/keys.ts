/** The keys that sign: parsed, made, or asked for at a bunker. Nothing in here says a secret aloud. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as nip19 from 'nostr-tools/nip19';
import { CurveError, publicKeyOf } from '#curve';
import { connectBunker } from '../src/client/bunker.ts';
import type { ClientPorts } from '../src/client/ports.ts';
import { keySigner, type Signer } from '../src/client/signer.ts';
import type { KeyPair } from '../src/nostr/event.ts';
import { fromHex, isHex32, toHex } from '../src/nostr/hex.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { UsageError } from './exit.ts';
import { configFolder, type Secret } from './settings.ts';

/** Somebody who signs, and how to let go of them. */
export interface OpenSigner {
  readonly signer: Signer;
  /** The pair itself where it is held here, for relays that ask who one is (NIP-42). */
  readonly keys: KeyPair | null;
  close(): Promise<void>;
}

/** @throws UsageError for what is no key; ClientError SIGNER for a bunker that does not answer */
export async function openSigner(
  { text, from }: Secret,
  env: NodeJS.ProcessEnv,
  ports: ClientPorts,
  allowAt: (url: string) => void,
): Promise<OpenSigner> {
  if (/^bunker:\/\//.test(text)) {
    const { key, file, introduced } = bunkerClient(text, env);
    const { signer, close } = await connectBunker(text, key, { allowAt, after: ports.after, introduced });
    // Kept only now: a secret that was refused is to be tried again.
    if (!introduced) writePrivate(file, `${toHex(key)}\n`);
    return { signer, keys: null, close };
  }
  const keys = parseKey({ text, from });
  return { signer: keySigner(keys), keys, close: () => Promise.resolve() };
}

/** @throws UsageError that names where it stands and never quotes it */
export function parseKey({ text, from }: Secret): KeyPair {
  if (text.startsWith('ncryptsec1'))
    throw new UsageError(`the key in ${from} is locked with a password (NIP-49): put the nsec itself there`);
  const secretKey = secretIn(text);
  if (secretKey === null)
    throw new UsageError(`the key in ${from} is none: it has to be an nsec, 64 hex characters or bunker://…`);
  try {
    return { secretKey, publicKey: publicKeyOf(secretKey) };
  } catch (error) {
    if (error instanceof CurveError) throw new UsageError(`the key in ${from} is out of range`);
    throw error;
  }
}

function secretIn(text: string): Uint8Array | null {
  if (!text.startsWith('nsec1')) return isHex32(text) ? fromHex(text) : null;
  try {
    const decoded = nip19.decode(text);
    return decoded.type === 'nsec' ? decoded.data : null;
  } catch {
    // Whatever is wrong with it, it is no key, and what is said of it must not quote it.
    return null;
  }
}

/** Makes a key and keeps it in a file that only its owner can read. @throws UsageError when there is one already */
export function makeKey(file: string): KeyPair {
  if (existsSync(file)) throw new UsageError(`${file} is there already, and is left alone`);
  const secretKey = secureRandom(32);
  const keys = { secretKey, publicKey: publicKeyOf(secretKey) };
  writePrivate(file, `${nip19.nsecEncode(secretKey)}\n`);
  return keys;
}

/** The same connection key each time, so that a bunker allows it once. */
function bunkerClient(uri: string, env: NodeJS.ProcessEnv) {
  const name = createHash('sha256').update(uri).digest('hex').slice(0, 16);
  const file = join(configFolder(env), `bunker-${name}`);
  const kept: unknown = existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  return isHex32(kept)
    ? { key: fromHex(kept), file, introduced: true }
    : { key: secureRandom(32), file, introduced: false };
}

function writePrivate(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
}
