/** Who signs for a client: a secret key, a browser extension (NIP-07) or a bunker (NIP-46), behind one port. */
import {
  type EventTemplate,
  eventId,
  type KeyPair,
  parseEvent,
  signAs,
  type VerifiedEvent,
  verifyEvent,
} from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import { decryptNip44, encryptNip44 } from '../nostr/nip44.ts';
import { ClientError } from './failure.ts';

/** Signs and encrypts as one person. Every call may wait for that person, and rejects with ClientError SIGNER. */
export interface Signer {
  /** The public key, hex. */
  getPublicKey(): Promise<string>;
  signEvent(template: EventTemplate): Promise<VerifiedEvent>;
  /** @param peer public key, hex. @param text of at least one byte */
  nip44Encrypt(peer: string, text: string): Promise<string>;
  nip44Decrypt(peer: string, payload: string): Promise<string>;
}

/** A secret key held here. @throws CurveError when the public key is not that of the secret one's range */
export function keySigner(keys: KeyPair): Signer {
  return {
    getPublicKey: async () => keys.publicKey,
    signEvent: async (template) => signAs(template, keys),
    nip44Encrypt: async (peer, text) => encryptNip44(text, keys, peer),
    nip44Decrypt: async (peer, payload) => decryptNip44(payload, keys, peer),
  };
}

/** What signs elsewhere, and is not believed: an extension or a bunker, as nostr-tools' `BunkerSigner` has it. */
export interface RemoteSigner {
  getPublicKey(): Promise<string>;
  signEvent(template: {
    kind: number;
    created_at: number;
    tags: string[][];
    content: string;
  }): Promise<unknown>;
  nip44Encrypt(peer: string, text: string): Promise<string>;
  nip44Decrypt(peer: string, payload: string): Promise<string>;
}

/** A signer whose every event is checked: signed by the one key, and what was asked to be signed. */
export function checkedSigner(remote: RemoteSigner): Signer {
  let known: Promise<string> | undefined;
  const publicKey = (): Promise<string> => {
    known ??= asked('its public key', () => remote.getPublicKey()).then((key) => {
      if (!isHex32(key)) throw new ClientError('SIGNER', 'the signer names no public key');
      return key;
    });
    return known;
  };
  return {
    getPublicKey: publicKey,
    async signEvent(template) {
      const { kind, created_at, content } = template;
      const tags = template.tags.map((tag) => [...tag]);
      const pubkey = await publicKey();
      const event = parseEvent(
        await asked('a signature', () => remote.signEvent({ kind, created_at, tags, content })),
      );
      if (typeof event === 'string') throw new ClientError('SIGNER', `the signer gave no event: ${event}`);
      if (event.id !== eventId({ pubkey, ...template }))
        throw new ClientError('SIGNER', 'the signer signed something else than it was asked to');
      const verified = verifyEvent(event);
      if (typeof verified === 'string') throw new ClientError('SIGNER', `the signer's event is ${verified}`);
      return verified;
    },
    nip44Encrypt: (peer, text) => asked('an encryption', () => remote.nip44Encrypt(peer, text)),
    nip44Decrypt: (peer, payload) => asked('a decryption', () => remote.nip44Decrypt(peer, payload)),
  };
}

/** What a page finds at `window.nostr` (NIP-07). */
export interface NostrExtension {
  getPublicKey(): Promise<string>;
  signEvent: RemoteSigner['signEvent'];
  /** Older extensions have none. */
  readonly nip44?: {
    encrypt(peer: string, text: string): Promise<string>;
    decrypt(peer: string, payload: string): Promise<string>;
  };
}

/** Signs by a browser extension (NIP-07). */
export function extensionSigner(extension: NostrExtension): Signer {
  const cipher = () => {
    if (extension.nip44 === undefined)
      throw new ClientError(
        'SIGNER',
        'this extension cannot encrypt (NIP-44): update it, or post in the clear',
      );
    return extension.nip44;
  };
  return checkedSigner({
    getPublicKey: () => extension.getPublicKey(),
    signEvent: (template) => extension.signEvent(template),
    nip44Encrypt: async (peer, text) => await cipher().encrypt(peer, text),
    nip44Decrypt: async (peer, payload) => await cipher().decrypt(peer, payload),
  });
}

/** Extensions and bunkers reject with whatever they like; what a person refused is no fault of the program. */
async function asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('SIGNER', `the signer did not give ${what}: ${why}`, { cause });
  }
}
