/** Agents that others have listed, in D1 (src/agent/listing/). Written when an owner changes something, not by jobs. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/**
 * `live`: takes jobs. `paused`: takes none for now, by its owner's wish or because its endpoint failed. `taken_down`: the
 * operator's word, which its owner cannot change. `deleted`: gone for good; its key signs what is under way and no more.
 */
export const LISTING_STATES = ['live', 'paused', 'taken_down', 'deleted'] as const;
export type ListingState = (typeof LISTING_STATES)[number];

/** Who paused it: its owner, failures of its endpoint, a transfer that has left something to be given, or a fee
 * that was not paid yet. */
export const PAUSED_BY = ['owner', 'failures', 'transfer', 'fee'] as const;

export const listings = sqliteTable(
  'listings',
  {
    /** Random, hex; its keys hang on it, so that a name that is listed again has others. */
    id: text('id').primaryKey(),
    slug: text('slug').notNull(),
    /** The slug as it looks (src/agent/listing/slug.ts): no two of these are alike. */
    skeleton: text('skeleton').notNull(),
    /** Public key of the owner, hex. */
    owner: text('owner').notNull(),
    /** Of the agent, hex. */
    pubkey: text('pubkey').notNull(),
    state: text('state', { enum: LISTING_STATES }).notNull(),
    pausedBy: text('paused_by', { enum: PAUSED_BY }),
    /** Why it is not live; null where nobody said. */
    reason: text('reason'),
    /** Of its description, from 1. */
    version: integer('version').notNull(),
    /** The description as JSON. Holds no secret. */
    specJson: text('spec_json').notNull(),
    /** The owner's secret, sealed; null where none is kept. */
    sealed: text('sealed'),
    /** Public key of whom its owner has offered it to, hex. */
    offeredTo: text('offered_to'),
    /** Failures of its endpoint since it last answered. */
    failures: integer('failures').notNull(),
    /** When its endpoint may be tried again, Unix ms; only while failures have paused it. */
    probeAt_ms: integer('probe_at_ms'),
    createdAt_ms: integer('created_at_ms').notNull(),
    updatedAt_ms: integer('updated_at_ms').notNull(),
    /** Counts the changes of all listings, so that whoever keeps them asks for what is new. */
    changed: integer('changed').notNull(),
  },
  (table) => [
    uniqueIndex('listings_slug').on(table.slug).where(sql`${table.state} <> 'deleted'`),
    uniqueIndex('listings_skeleton').on(table.skeleton).where(sql`${table.state} <> 'deleted'`),
    uniqueIndex('listings_pubkey').on(table.pubkey),
    uniqueIndex('listings_changed').on(table.changed),
    index('listings_owner').on(table.owner),
  ],
);

/** Every version of a listing's description, by whom and when. */
export const listingVersions = sqliteTable(
  'listing_versions',
  {
    listing: text('listing').notNull(),
    version: integer('version').notNull(),
    /** Public key of who made it, hex. */
    author: text('author').notNull(),
    at_ms: integer('at_ms').notNull(),
    /** What was done, for people. */
    note: text('note').notNull(),
    specJson: text('spec_json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.listing, table.version] })],
);
