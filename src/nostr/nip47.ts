/** NIP-47 (Nostr Wallet Connect): the connection string. Whoever has it can spend, so no error here quotes it. */
import { CurveError, publicKeyOf } from '#curve';
import type { KeyPair } from './event.ts';
import { fromHex, isHex32, toHex } from './hex.ts';
import { parseRelayUrl } from './relay-url.ts';

/** A wallet connection: where the wallet listens, and the key we speak to it with. */
export interface WalletUri {
  readonly walletPubkey: string;
  /** Normalised; at least one. */
  readonly relays: readonly string[];
  /** Ours for this connection only. The secret half is the permission to use the wallet. */
  readonly keys: KeyPair;
  readonly lud16: string | null;
}

// Some wallets write the scheme without `+`, some leave the slashes out; both are in the wild.
const SHAPE = /^nostr\+?walletconnect:(?:\/\/)?([0-9a-f]{64})\/?\?(.+)$/i;

/** Reads a `nostr+walletconnect://` string, or null when it is not one that can be used. */
export function parseWalletUri(text: string): WalletUri | null {
  const [, pubkey, query] = SHAPE.exec(text.trim()) ?? [];
  if (pubkey === undefined || query === undefined) return null;
  const parameters = new URLSearchParams(query);
  const relays = parameters.getAll('relay').map(parseRelayUrl);
  const secret = parameters.get('secret')?.toLowerCase();
  if (!isHex32(secret) || relays.length === 0) return null;
  const urls = relays.filter((url) => url !== null);
  if (urls.length < relays.length) return null;
  const keys = keyPair(fromHex(secret));
  if (keys === null) return null;
  return {
    walletPubkey: pubkey.toLowerCase(),
    relays: [...new Set(urls)],
    keys,
    lud16: parameters.get('lud16'),
  };
}

/** Writes the string a client is given. @param secretKey the client's, 32 bytes */
export function formatWalletUri(walletPubkey: string, relay: string, secretKey: Uint8Array): string {
  return `nostr+walletconnect://${walletPubkey}?relay=${encodeURIComponent(relay)}&secret=${toHex(secretKey)}`;
}

function keyPair(secretKey: Uint8Array): KeyPair | null {
  try {
    return { secretKey, publicKey: publicKeyOf(secretKey) };
  } catch (error) {
    if (error instanceof CurveError) return null;
    throw error;
  }
}
