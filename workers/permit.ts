/** Which relays may be dialled. */
import type { Config } from '../src/config.ts';
import { JobError } from '../src/errors.ts';
import { assertPublicUrl } from '../src/net/guard.ts';
import { normalizeRelayUrl } from '../src/nostr/relay-url.ts';

/**
 * The operator's own relays may be anywhere; a URL from a stranger's event has to be a public one, over TLS.
 *
 * @returns the URL to dial, in its normal spelling
 * @throws JobError BAD_REQUEST when it must not be dialled
 */
export function permitRelay(config: Config, url: string): string {
  if (config.relays.includes(url)) return url;
  const ownHosts = config.local ? [] : [new URL(config.publicUrl).hostname];
  return normalizeRelayUrl(
    assertPublicUrl(url, { schemes: ['wss'], allowPrivate: config.local, ownHosts }).href,
  );
}

/** The same, or null when it must not be dialled. */
export function permittedRelay(config: Config, url: string): string | null {
  try {
    return permitRelay(config, url);
  } catch (error) {
    if (error instanceof JobError) return null;
    throw error;
  }
}
