/**
 * Who the visitor is, kept in this browser: an extension that signs (NIP-07), a bunker (NIP-46), or a key that was made here.
 * The last one is a secret in the browser's storage, which the page says in so many words.
 */
import * as z from 'zod/mini';
import { readStored, writeStored } from '../lib/storage.ts';

const hex32 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const identity = z.discriminatedUnion('type', [
  z.object({ type: z.literal('local'), pubkey: hex32, secret: hex32 }),
  z.object({ type: z.literal('extension'), pubkey: hex32 }),
  z.object({
    type: z.literal('bunker'),
    pubkey: hex32,
    /** The bunker's own key, where it listens, and the key by which it knows this browser. */
    remote: hex32,
    relays: z.array(z.string()),
    secret: hex32,
  }),
]);
export type Identity = z.output<typeof identity>;

const NAME = 'identity';

/** Who was chosen before; null for nobody. */
export function readIdentity(): Identity | null {
  const text = readStored(NAME);
  if (text === null) return null;
  try {
    const read = identity.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** Keeps it, or forgets it (null). Whether that is kept. */
export function writeIdentity(chosen: Identity | null): boolean {
  return writeStored(NAME, chosen === null ? null : JSON.stringify(chosen));
}

/** Calls back when another tab chose somebody else. Returns what ends that. */
export function watchIdentity(changed: (chosen: Identity | null) => void): () => void {
  const look = ({ key }: StorageEvent) => {
    if (key === NAME || key === null) changed(readIdentity());
  };
  addEventListener('storage', look);
  return () => removeEventListener('storage', look);
}

/** What each way to sign is called. */
export const WAYS: { readonly [type in Identity['type']]: string } = {
  local: 'a key kept in this browser',
  extension: 'your browser extension',
  bunker: 'your bunker',
};
