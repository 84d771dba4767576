/**
 * What this isolate knows of agents that owners have listed. It is read from D1 in the changes since the last look, at the
 * doors and at most every LISTINGS_FRESH_MS, so that no event and no job costs a query; a name nobody knows yet is looked
 * up by itself.
 */
import { systemClock } from '../src/clock.ts';
import { LISTINGS_FRESH_MS, LISTINGS_RETRY_MS } from '../src/limits.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { openDb } from '../src/store/db.ts';
import { changedListings, type ListingRow, listingByPubkey } from '../src/store/listings.ts';
import type { Env } from './env.ts';

/** The listings as they were read, by id. */
interface Shelf {
  rows: ReadonlyMap<string, ListingRow>;
  /** Up to which change they were read. */
  changed: number;
  readAt_ms: number;
  loading: Promise<void> | null;
}

const shelves = new WeakMap<Env, Shelf>();
const NOTHING: ReadonlyMap<string, ListingRow> = new Map();

/** As far as they were read; the map is another one whenever something has changed. */
export function knownListings(env: Env): ReadonlyMap<string, ListingRow> {
  return shelves.get(env)?.rows ?? NOTHING;
}

/** Whether they were read at all. */
export function haveListings(env: Env): boolean {
  return (shelves.get(env)?.changed ?? -1) >= 0;
}

/** Whether what is known is older than it should be. */
export function isStale(env: Env): boolean {
  return systemClock() - shelfOf(env).readAt_ms >= LISTINGS_FRESH_MS;
}

/**
 * Reads what has changed, unless that was done a moment ago. Never rejects: where the database is away, everything goes on
 * with what is known.
 *
 * @param maxAge_ms 0 to read it now
 */
export async function freshListings(env: Env, maxAge_ms: number = LISTINGS_FRESH_MS): Promise<void> {
  const shelf = shelfOf(env);
  if (systemClock() - shelf.readAt_ms < maxAge_ms) return;
  // Whoever wants it now may not be served by a reading that began before the change.
  if (shelf.loading !== null && maxAge_ms === 0) await shelf.loading;
  shelf.loading ??= read(env, shelf).finally(() => {
    shelf.loading = null;
  });
  await shelf.loading;
}

async function read(env: Env, shelf: Shelf): Promise<void> {
  const begun_ms = systemClock();
  try {
    const first = shelf.changed < 0;
    for (;;) {
      const news = await changedListings(openDb(env.DB), Math.max(0, shelf.changed), first);
      put(shelf, news.rows);
      shelf.changed = Math.max(shelf.changed, 0, ...news.rows.map(({ changed }) => changed));
      if (!news.more) break;
    }
    shelf.readAt_ms = begun_ms;
  } catch (error) {
    console.error('listed agents could not be read', error);
    shelf.readAt_ms = begun_ms - LISTINGS_FRESH_MS + LISTINGS_RETRY_MS;
  }
}

/** Looks for the listing of a key that is not known here; also one that was deleted, whose jobs may still be under way. */
export async function learnListing(env: Env, pubkey: string): Promise<void> {
  if (!isHex32(pubkey)) return;
  const row = await listingByPubkey(openDb(env.DB), pubkey);
  if (row !== undefined) put(shelfOf(env), [row]);
}

function put(shelf: Shelf, rows: readonly ListingRow[]): void {
  const newer = rows.filter((row) => (shelf.rows.get(row.id)?.changed ?? -1) < row.changed);
  if (newer.length === 0) return;
  shelf.rows = new Map([...shelf.rows, ...newer.map((row) => [row.id, row] as const)]);
}

function shelfOf(env: Env): Shelf {
  let shelf = shelves.get(env);
  if (shelf === undefined) {
    shelf = { rows: NOTHING, changed: -1, readAt_ms: Number.NEGATIVE_INFINITY, loading: null };
    shelves.set(env, shelf);
  }
  return shelf;
}
