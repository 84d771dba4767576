/** Listings in the shapes of the API, for their owners and the operator. */
import { npubEncode } from 'nostr-tools/nip19';
import * as z from 'zod';
import type { ListingRow, ListingVersionRow } from '../store/listings.ts';
import type { HttpPorts } from './ports.ts';
import type { ListingVersions, ListingView } from './schemas-listing.ts';

type View = z.infer<typeof ListingView>;
const description = z.record(z.string(), z.json());

/** Everything of a listing but its description. The secret itself is in neither. */
export function listingSummary(ports: HttpPorts, row: ListingRow): Omit<View, 'spec'> {
  return {
    slug: row.slug,
    url: `${ports.publicUrl}/agents/${row.slug}`,
    pubkey: row.pubkey,
    npub: npubEncode(row.pubkey),
    owner: row.owner,
    state: row.state,
    paused_by: row.pausedBy,
    reason: row.reason,
    version: row.version,
    offered_to: row.offeredTo,
    has_secret: ports.listings.desk.hasSecret(row),
    failures: row.failures,
    created_at_ms: row.createdAt_ms,
    updated_at_ms: row.updatedAt_ms,
  };
}

export function listingView(ports: HttpPorts, row: ListingRow): View {
  return { ...listingSummary(ports, row), spec: descriptionOf(row) };
}

export function versionsView(rows: readonly ListingVersionRow[]): z.infer<typeof ListingVersions> {
  return {
    versions: rows.map((row) => ({
      version: row.version,
      author: row.author,
      at_ms: row.at_ms,
      note: row.note,
      spec: descriptionOf(row),
    })),
  };
}

function descriptionOf({ specJson }: { readonly specJson: string }): z.infer<typeof description> {
  return description.parse(JSON.parse(specJson));
}
