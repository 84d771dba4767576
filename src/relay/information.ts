/** NIP-11: what the relay says about itself, with the limits it enforces. */
import { type Config, embeddedRelayUrl } from '../config.ts';
import {
  RELAY_MAX_FILTERS,
  RELAY_MAX_LIMIT,
  RELAY_MAX_MESSAGE_BYTES,
  RELAY_MAX_SUBSCRIPTION_ID_CHARS,
  RELAY_MAX_SUBSCRIPTIONS,
} from '../limits.ts';
import { marketplaceKeys } from '../nostr/keys.ts';
import { type PolicySettings, socketPolicy } from './policies.ts';
import type { Limitation } from './policy.ts';

/** NIPs of the relay that no rule for single events stands for. */
const NIPS = [1, 9, 11, 17, 45, 59];

/** The relay information document. */
export interface RelayInformation {
  readonly name: string;
  readonly description: string;
  readonly pubkey?: string;
  /** The marketplace's own key: verdicts are signed with it, and hidden parts of checks encrypted to it. */
  readonly self: string;
  readonly supported_nips: readonly number[];
  readonly software: string;
  readonly version: string;
  readonly limitation: Limitation;
}

/** Headers NIP-11 wants beside the document: it is read by web clients of any origin. */
export const INFORMATION_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/nostr+json',
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
};

/** The document for this configuration. @param version of the software */
export function relayInformation(config: Config, version: string): RelayInformation {
  const policy = relayPolicy(config);
  return {
    name: 'errand',
    description:
      'The embedded relay of a job marketplace for agents. Post a job request here and its answers come back here.',
    ...(config.operatorPubkey === null ? {} : { pubkey: config.operatorPubkey }),
    self: marketplaceKeys(config.masterSecret).publicKey,
    supported_nips: [...new Set([...NIPS, ...policy.nips])].sort((a, b) => a - b),
    software: 'errand',
    version,
    limitation: {
      max_message_length: RELAY_MAX_MESSAGE_BYTES,
      max_subscriptions: RELAY_MAX_SUBSCRIPTIONS,
      max_subid_length: RELAY_MAX_SUBSCRIPTION_ID_CHARS,
      max_filters: RELAY_MAX_FILTERS,
      max_limit: RELAY_MAX_LIMIT,
      default_limit: RELAY_MAX_LIMIT,
      payment_required: false,
      restricted_writes: config.relayMinPow > 0 || config.blocked.size > 0,
      ...policy.limitation,
    },
  };
}

/** The rules for events of strangers under this configuration. @param blocked whom it keeps out, where that may change */
export function relayPolicy(config: Config, blocked: PolicySettings['blocked'] = config.blocked) {
  return socketPolicy({
    blocked,
    minPow: config.relayMinPow,
    relayUrl: embeddedRelayUrl(config),
  });
}
