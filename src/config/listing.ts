/** What an operator says of agents that others list: who may, and of which kind. */
import * as z from 'zod';
import { publicKeyNamed } from '../nostr/npub.ts';

/** Who may list agents: anybody, nobody, or these public keys (hex). */
export type ListingLeave = 'open' | 'closed' | ReadonlySet<string>;

export interface ListingConfig {
  readonly leave: ListingLeave;
  /** Runtimes that may be listed. Those on a model spend the operator's tokens. */
  readonly runtimes: ReadonlySet<string>;
  /** What an owner pays for a listing, once, msats; 0 for nothing. */
  readonly fee_msats: number;
}

const RUNTIMES = ['chat', 'team', 'code', 'remote', 'external'];
/** Agents that cost the operator nothing but the platform. */
const OWN_COST = ['remote', 'external'];

const items = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const listingVariables = {
  LISTING: z
    .string()
    .trim()
    .transform(leaveOf)
    .refine((leave) => leave !== null, 'must be open, closed, or a comma-separated list of public keys')
    .optional(),
  LISTING_RUNTIMES: z
    .string()
    .trim()
    .transform(items)
    .refine(
      (names) => names.every((name) => RUNTIMES.includes(name)),
      `must name some of ${RUNTIMES.join(', ')}`,
    )
    .optional(),
  LISTING_FEE_SATS: z.coerce
    .number('must be a number of sats')
    .int('must be a whole number of sats')
    .min(0, 'must not be negative')
    .max(1_000_000, 'must be at most 1000000 sats')
    .default(0),
};

/** Locally everybody may list everything; a deployment says so itself. */
export function listingConfig(env: {
  readonly LOCAL: boolean;
  readonly LISTING?: ListingLeave | null | undefined;
  readonly LISTING_RUNTIMES?: readonly string[] | undefined;
  readonly LISTING_FEE_SATS: number;
}): ListingConfig {
  return {
    leave: env.LISTING ?? (env.LOCAL ? 'open' : 'closed'),
    runtimes: new Set(env.LISTING_RUNTIMES ?? (env.LOCAL ? RUNTIMES : OWN_COST)),
    fee_msats: env.LISTING_FEE_SATS * 1_000,
  };
}

/** Whether somebody may list an agent here. */
export function mayList(leave: ListingLeave, pubkey: string): boolean {
  return leave === 'open' || (leave !== 'closed' && leave.has(pubkey));
}

function leaveOf(text: string): ListingLeave | null {
  if (text === 'open' || text === 'closed') return text;
  const keys = items(text).map(publicKeyNamed);
  return keys.length > 0 && keys.every((key) => key !== null) ? new Set(keys) : null;
}
