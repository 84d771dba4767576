/** Listed agents in D1: read by whoever has to know them, written by their owners' requests. */
import { and, asc, count, desc, eq, gt, lte, ne, sql } from 'drizzle-orm';
import { LISTING_VERSIONS_KEPT, LISTINGS_MAX, LISTINGS_PER_OWNER } from '../limits.ts';
import type { Db } from './db.ts';
import { listings, listingVersions } from './listings-schema.ts';

export type ListingRow = typeof listings.$inferSelect;
export type ListingVersionRow = typeof listingVersions.$inferSelect;

/** What is written of a version. */
export interface VersionNote {
  readonly author: string;
  readonly note: string;
}

/** What can be changed of a listing without a new version. */
export type ListingChange = Partial<
  Pick<ListingRow, 'state' | 'pausedBy' | 'reason' | 'sealed' | 'offeredTo' | 'failures' | 'probeAt_ms'>
>;

/** The next of the counter by which changes are found, as part of a statement. */
const NEXT_CHANGE = sql`(SELECT COALESCE(MAX(changed), 0) + 1 FROM listings)`;

/** Rows at a time for whoever keeps all listings. */
const PAGE = 500;

/**
 * Stores a new listing with its first version, unless its owner, or everybody together, has too many.
 *
 * @returns whether it was stored
 * @throws Error (UNIQUE) where the slug, or one that looks like it, is taken
 */
export async function insertListing(
  db: Db,
  row: Omit<ListingRow, 'changed'>,
  { author, note }: VersionNote,
): Promise<boolean> {
  // In the order of the table's columns.
  const values = sql.join(
    [
      ...[
        row.id,
        row.slug,
        row.skeleton,
        row.owner,
        row.pubkey,
        row.state,
        row.pausedBy,
        row.reason,
        row.version,
      ],
      ...[
        row.specJson,
        row.sealed,
        row.offeredTo,
        row.failures,
        row.probeAt_ms,
        row.createdAt_ms,
        row.updatedAt_ms,
      ],
    ].map((value) => sql`${value}`),
    sql`, `,
  );
  await db.batch([
    db.insert(listings).select(sql`SELECT ${values}, ${NEXT_CHANGE}
      WHERE (SELECT COUNT(*) FROM listings WHERE owner = ${row.owner} AND state <> 'deleted') < ${LISTINGS_PER_OWNER}
        AND (SELECT COUNT(*) FROM listings WHERE state <> 'deleted') < ${LISTINGS_MAX}`),
    db
      .insert(listingVersions)
      .select(sql`SELECT id, version, ${author}, ${row.createdAt_ms}, ${note}, spec_json
      FROM listings WHERE id = ${row.id}`),
  ]);
  return (await listingById(db, row.id)) !== undefined;
}

/**
 * Stores the next version of a listing.
 *
 * @param from the version it was made from
 * @returns false where somebody else was faster, or it is deleted
 */
export async function putVersion(
  db: Db,
  row: Pick<ListingRow, 'id' | 'version' | 'specJson'> & ListingChange & { readonly owner?: string },
  { author, note }: VersionNote,
  now_ms: number,
): Promise<boolean> {
  const { id, version: from, ...set } = row;
  const version = from + 1;
  const [changed] = await db.batch([
    db
      .update(listings)
      .set({ ...set, version, updatedAt_ms: now_ms, changed: NEXT_CHANGE })
      .where(and(eq(listings.id, id), eq(listings.version, from), ne(listings.state, 'deleted')))
      .returning({ id: listings.id }),
    // Nothing where the update met another version.
    db
      .insert(listingVersions)
      .select(sql`SELECT id, version, ${author}, ${now_ms}, ${note}, spec_json FROM listings
        WHERE id = ${id} AND version = ${version} AND updated_at_ms = ${now_ms}`)
      .onConflictDoNothing(),
    db
      .delete(listingVersions)
      .where(
        and(eq(listingVersions.listing, id), lte(listingVersions.version, version - LISTING_VERSIONS_KEPT)),
      ),
  ]);
  return changed.length > 0;
}

/**
 * Changes what is no part of the description.
 *
 * @param only the states in which it may be changed
 * @returns whether it was
 */
export async function changeListing(
  db: Db,
  id: string,
  change: ListingChange,
  only: readonly ListingRow['state'][],
  now_ms: number,
): Promise<boolean> {
  const changed = await db
    .update(listings)
    .set({ ...change, updatedAt_ms: now_ms, changed: NEXT_CHANGE })
    .where(
      and(
        eq(listings.id, id),
        sql`${listings.state} IN (${sql.join(
          only.map((state) => sql`${state}`),
          sql`, `,
        )})`,
      ),
    )
    .returning({ id: listings.id });
  return changed.length > 0;
}

/** Counts a failure of its endpoint. @returns how many there are in a row now */
export async function countFailure(db: Db, id: string): Promise<number> {
  const [row] = await db
    .update(listings)
    .set({ failures: sql`${listings.failures} + 1` })
    .where(eq(listings.id, id))
    .returning({ failures: listings.failures });
  return row?.failures ?? 0;
}

/** Its endpoint has answered. */
export async function forgetFailures(db: Db, id: string): Promise<void> {
  await db
    .update(listings)
    .set({ failures: 0 })
    .where(and(eq(listings.id, id), gt(listings.failures, 0)));
}

export async function listingById(db: Db, id: string): Promise<ListingRow | undefined> {
  return await db.select().from(listings).where(eq(listings.id, id)).get();
}

/** The one of that name that is not deleted. */
export async function listingBySlug(db: Db, slug: string): Promise<ListingRow | undefined> {
  return await db
    .select()
    .from(listings)
    .where(and(eq(listings.slug, slug), ne(listings.state, 'deleted')))
    .get();
}

/** Also one that is deleted. */
export async function listingByPubkey(db: Db, pubkey: string): Promise<ListingRow | undefined> {
  return await db.select().from(listings).where(eq(listings.pubkey, pubkey)).get();
}

/**
 * Changes after `changed`, in order, a page of them: whoever has seen all of them costs one row.
 *
 * @param living whether deleted ones are left out: nobody knows them yet
 */
export async function changedListings(
  db: Db,
  changed: number,
  living: boolean,
): Promise<{ readonly rows: readonly ListingRow[]; readonly more: boolean }> {
  const rows = await db
    .select()
    .from(listings)
    .where(
      living
        ? and(gt(listings.changed, changed), ne(listings.state, 'deleted'))
        : gt(listings.changed, changed),
    )
    .orderBy(asc(listings.changed))
    .limit(PAGE);
  return { rows, more: rows.length === PAGE };
}

/** All that are not deleted, for the operator; by slug. */
export async function allListings(db: Db, after: string, limit: number): Promise<ListingRow[]> {
  return await db
    .select()
    .from(listings)
    .where(and(gt(listings.slug, after), ne(listings.state, 'deleted')))
    .orderBy(asc(listings.slug))
    .limit(limit);
}

/** An owner's, by slug. */
export async function listingsOfOwner(db: Db, owner: string): Promise<ListingRow[]> {
  return await db
    .select()
    .from(listings)
    .where(and(eq(listings.owner, owner), ne(listings.state, 'deleted')))
    .orderBy(asc(listings.slug))
    .limit(LISTINGS_PER_OWNER);
}

/** The versions of a listing, newest first. */
export async function versionsOf(db: Db, id: string): Promise<ListingVersionRow[]> {
  return await db
    .select()
    .from(listingVersions)
    .where(eq(listingVersions.listing, id))
    .orderBy(desc(listingVersions.version))
    .limit(LISTING_VERSIONS_KEPT);
}

export async function versionOf(db: Db, id: string, version: number): Promise<ListingVersionRow | undefined> {
  return await db
    .select()
    .from(listingVersions)
    .where(and(eq(listingVersions.listing, id), eq(listingVersions.version, version)))
    .get();
}

/** How many an owner has listed. */
export async function countListings(db: Db, owner: string): Promise<number> {
  const row = await db
    .select({ rows: count() })
    .from(listings)
    .where(and(eq(listings.owner, owner), ne(listings.state, 'deleted')))
    .get();
  return row?.rows ?? 0;
}
