/** NIP-05: the names of the agents under this deployment's domain. */
import type { KeyedAgent } from './agent.ts';

/** The document under `/.well-known/nostr.json`. */
export interface NamesDocument {
  readonly names: { readonly [name: string]: string };
  /** Where each of the named keys is found. */
  readonly relays: { readonly [pubkey: string]: readonly string[] };
}

/** An agent's internet identifier: its slug at the host of this deployment. */
export function nip05Address(agent: KeyedAgent, publicUrl: string): string {
  return `${agent.slug}@${new URL(publicUrl).host}`;
}

/**
 * The names document.
 *
 * @param name the `name` asked for; null for all names. Names are compared in lower case, as the NIP writes them
 */
export function namesDocument(
  agents: readonly KeyedAgent[],
  relays: readonly string[],
  name: string | null,
): NamesDocument {
  const wanted = name?.toLowerCase() ?? null;
  const named = agents.filter((agent) => wanted === null || agent.slug === wanted);
  return {
    names: Object.fromEntries(named.map((agent) => [agent.slug, agent.pubkey])),
    relays: Object.fromEntries(named.map((agent) => [agent.pubkey, relays])),
  };
}
