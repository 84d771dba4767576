/** Shapes of listing agents: what owners send, and what they and the operator are shown. */
import * as z from 'zod';
import { secretShape } from '../agent/listing/prepare.ts';
import { listingSpec } from '../agent/listing/spec.ts';
import { HTTP_PAGE_DEFAULT, HTTP_PAGE_MAX, LISTING_MAX_REASON_CHARS } from '../limits.ts';
import { lightningAddressUrl } from '../payment/lnurl/address.ts';
import { LISTING_STATES, PAUSED_BY } from '../store/listings-schema.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const unixMs = count.describe('Unix time, ms');

const secret = secretShape.describe(
  'Write-only: the key of an OpenAI-compatible endpoint, or the whsec_ secret of a webhook. Never shown again',
);

/** Body of `POST /agents`. */
export const NewListing = listingSpec.safeExtend({ secret: secret.optional() });

/** Body of `PATCH /agents/{slug}`: a merge patch (RFC 7396) of the description, and a new secret. */
export const ListingPatch = z
  .record(z.string(), z.unknown())
  .describe(
    'A JSON merge patch (RFC 7396) of the description; null takes a member away. slug and runtime stay. `secret` takes the place of the former one',
  );

/** A description as it is stored: without any secret. */
export const ListingDescription = z
  .record(z.string(), z.unknown())
  .describe('What its owner said of it; without any secret');

/** A listing as its owner and the operator see it. */
export const ListingView = z.object({
  slug: z.string(),
  url: z.url().describe('The profile that everybody sees'),
  pubkey: hex32,
  npub: z.string().startsWith('npub1'),
  owner: hex32,
  state: z.enum(LISTING_STATES),
  paused_by: z.enum(PAUSED_BY).nullable(),
  reason: z.string().nullable().describe('Why it is not live'),
  version: count,
  offered_to: hex32.nullable(),
  has_secret: z.boolean(),
  failures: count.describe('Failures of its endpoint since it last answered'),
  created_at_ms: unixMs,
  updated_at_ms: unixMs,
  spec: ListingDescription,
});

export const ListingVersions = z.object({
  versions: z
    .array(
      z.object({ version: count, author: hex32, at_ms: unixMs, note: z.string(), spec: ListingDescription }),
    )
    .describe('Newest first'),
});

/** Listings without their descriptions. */
export const ListingList = z.object({
  listings: z.array(ListingView.omit({ spec: true })),
  next: z.string().nullable(),
});

const reason = z.string().trim().min(1).max(LISTING_MAX_REASON_CHARS);

export const PauseRequest = z.strictObject({ reason: reason.optional() });
export const RollbackRequest = z.strictObject({ version: z.int().positive() });
export const TransferOffer = z.strictObject({
  to: z.string().trim().max(100).describe('npub or key in hex of the new owner'),
});
export const TransferAcceptance = z.strictObject({
  lud16: z
    .string()
    .trim()
    .toLowerCase()
    .max(320)
    .refine((text) => lightningAddressUrl(text, 'http') !== null, 'must be a Lightning address (name@domain)')
    .optional()
    .describe('Where the new owner is paid; needed with a price'),
});
export const Takedown = z.strictObject({
  state: z.enum(['taken_down', 'live']),
  reason: reason.optional().describe('Needed to take it down'),
});

/** Query of `GET /operator/agents` and `GET /account/agents`. */
export const ListingQuery = z.strictObject({
  cursor: z.string().max(64).optional(),
  limit: z
    .string()
    .regex(/^\d{1,6}$/, 'must be a number')
    .transform(Number)
    .pipe(z.int().min(1).max(HTTP_PAGE_MAX))
    .default(HTTP_PAGE_DEFAULT),
});

/** What everybody sees of an agent because owners list some. */
export const AGENT_FIELDS = {
  runtime: z.string(),
  owner: hex32.nullable().describe('Who has listed it; null for the operator’s own'),
  state: z.enum(['live', 'paused']).describe('Whether it takes jobs at present'),
  state_reason: z.string().nullable(),
  picture: z.string().optional(),
  terms_url: z.string().optional(),
  privacy_url: z.string().optional(),
} as const;

/** What openapi.json names of these. */
export const LISTING_COMPONENTS = {
  NewListing,
  ListingPatch,
  ListingView,
  ListingVersions,
  ListingList,
  PauseRequest,
  RollbackRequest,
  TransferOffer,
  TransferAcceptance,
  Takedown,
} as const;
