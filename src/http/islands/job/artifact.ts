/** Texts beside events: fetched from this marketplace, and believed only when they hash to what was signed. */
import { ClientError } from '../../../client/failure.ts';
import { sha256Hex } from '../../../nostr/event.ts';
import { pageFacts } from '../lib/facts.ts';

/** @throws ClientError HTTP when it is not here, cannot be fetched, or is another text */
export async function loadArtifact({
  sha256,
  url,
}: {
  readonly sha256: string;
  readonly url: string;
}): Promise<string> {
  const here = pageFacts().url;
  // The page may connect to nowhere else, and the hash says the same wherever the text comes from.
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const response = await fetch(`${here}${path}`);
  if (!response.ok) throw new ClientError('HTTP', `the text cannot be had: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (sha256Hex(bytes) !== sha256) throw new ClientError('HTTP', 'this is not the text that was signed');
  return new TextDecoder().decode(bytes);
}
