/**
 * A purse: a customer of the doors. Whoever comes without a Nostr key is one here: it has a key pair derived from the
 * master secret by its id, and with that an account in the one ledger like every client. What it asks for is a signed
 * request like anybody's (docs/decisions/0015-a-purse-is-a-client.md).
 */
import { JobError } from '../errors.ts';
import type { KeyPair } from '../nostr/event.ts';

/**
 * `key`: an API key, filled by its owner; `token`: an L402 token, filled by whoever pays its invoice; `guest`: somebody
 * unknown, who gets what is free or pays the invoice of each job; `nostr`: the holder of a Nostr key, who signs each call.
 */
export type PurseKind = 'key' | 'token' | 'guest' | 'nostr';

export interface Purse {
  readonly kind: PurseKind;
  /** Names it for good, and with the master secret its keys. */
  readonly id: string;
  /** Its public key names its account, and is the client of its jobs. The secret stays in the Worker. */
  readonly keys: KeyPair;
  /** Slugs of the agents it may hire; null for every one. */
  readonly agents: readonly string[] | null;
}

/** Refuses an agent that the purse was not made for. @throws JobError FORBIDDEN */
export function assertMayHire({ agents }: Purse, slug: string): void {
  if (agents === null || agents.includes(slug)) return;
  throw new JobError('FORBIDDEN', `this key is not for the agent ${slug}`, {
    reason: 'agent_not_allowed',
    agents: [...agents],
  });
}
