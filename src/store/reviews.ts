/** Reviews in the record: what clients said of jobs, and what of it still holds. */
import { and, desc, eq, isNotNull, lte, or, type SQL, sql } from 'drizzle-orm';
import { REVIEWS_COUNTED } from '../limits.ts';
import type { Position } from './cursor.ts';
import type { Db } from './db.ts';
import { ledger, reviews } from './schema.ts';

/** A review that holds. */
export interface StoredReview {
  readonly jobId: string;
  /** Slug. */
  readonly agent: string;
  readonly client: string;
  /** 1 to 5. */
  readonly rating: number;
  /** The signed event as JSON. */
  readonly eventJson: string;
  readonly eventId: string;
  /** Unix s. */
  readonly createdAt_s: number;
  readonly takenAt_ms: number;
  /** Whether the client paid for the job. */
  readonly paid: boolean;
  /** Whether it may be shown, or only counted. */
  readonly listed: boolean;
}

/** What the reviews of an agent come to, over its newest ones ({@link REVIEWS_COUNTED}). */
export interface ReviewSummary {
  readonly count: number;
  /** 1 to 5; null without any. */
  readonly mean: number | null;
  /** How many gave 1, 2, 3, 4 and 5. */
  readonly ratings: readonly number[];
  /** Clients they come from: one with many jobs may have many. */
  readonly clients: number;
  /** Those of jobs that were paid for: a job of a free agent costs a stranger nothing. */
  readonly paid: { readonly count: number; readonly mean: number | null };
}

/** NIP-01: the newer version holds, of two from the same second the one with the lower id. */
const isNewer = sql`(excluded.created_at_s > ${reviews.createdAt_s}
  OR (excluded.created_at_s = ${reviews.createdAt_s} AND excluded.event_id < ${reviews.eventId}))`;

/** Stores a review in place of an older one of the same job. Repeat-safe, in any order. */
export async function putReview(db: Db, review: StoredReview): Promise<void> {
  await db
    .insert(reviews)
    .values(review)
    .onConflictDoUpdate({
      target: reviews.jobId,
      set: {
        agent: sql`excluded.agent`,
        client: sql`excluded.client`,
        rating: sql`excluded.rating`,
        eventJson: sql`excluded.event_json`,
        eventId: sql`excluded.event_id`,
        createdAt_s: sql`excluded.created_at_s`,
        takenAt_ms: sql`excluded.taken_at_ms`,
        paid: sql`excluded.paid`,
        listed: sql`excluded.listed`,
      },
      setWhere: isNewer,
    });
}

/**
 * Remembers that the reviews of a job up to a time were taken back, also when none came yet.
 *
 * @param createdAt_s of the deletion, Unix s: versions of its own second are meant as well (NIP-09)
 */
export async function withdrawReviewOf(
  db: Db,
  about: Pick<StoredReview, 'jobId' | 'agent' | 'client' | 'takenAt_ms'>,
  createdAt_s: number,
): Promise<void> {
  // No id is lower than this one, so no version of that second takes its place.
  const taken = { rating: null, eventJson: null, eventId: '', createdAt_s };
  const older = and(
    eq(reviews.jobId, about.jobId),
    eq(reviews.client, about.client),
    lte(reviews.createdAt_s, createdAt_s),
  );
  await db.batch([
    db.update(reviews).set(taken).where(older),
    db
      .insert(reviews)
      .values({ ...about, ...taken, paid: false, listed: false })
      .onConflictDoNothing(),
  ]);
}

/** Takes back the review that this event is, if its author is the one given. Its row stays, so that it does not come back. */
export async function withdrawReviewEvent(db: Db, eventId: string, author: string): Promise<void> {
  await db
    .update(reviews)
    .set({ rating: null, eventJson: null })
    .where(and(eq(reviews.eventId, eventId), eq(reviews.client, author)));
}

export interface ReviewPage {
  readonly reviews: readonly StoredReview[];
  readonly next: Position | null;
}

/** An agent's reviews that may be shown, newest first. A cursor's time is when a review was taken in. */
export async function listReviews(
  db: Db,
  agent: string,
  after: Position | null,
  limit: number,
): Promise<ReviewPage> {
  const found = await db
    .select()
    .from(reviews)
    .where(and(holding(agent), eq(reviews.listed, true), behind(after)))
    .orderBy(desc(reviews.takenAt_ms), desc(reviews.jobId))
    .limit(limit + 1);
  const page = found.slice(0, limit).flatMap((row) => holds(row) ?? []);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    reviews: page,
    next: last === undefined ? null : { openedAt_ms: last.takenAt_ms, id: last.jobId },
  };
}

/** The reviews of one job that hold: one or none. */
export async function findReview(db: Db, jobId: string): Promise<StoredReview | null> {
  const row = await db.select().from(reviews).where(eq(reviews.jobId, jobId)).get();
  return row === undefined ? null : holds(row);
}

/** What an agent's reviews come to. */
export async function reviewSummary(db: Db, agent: string): Promise<ReviewSummary> {
  const rows = await db
    .select({ rating: reviews.rating, client: reviews.client, paid: reviews.paid })
    .from(reviews)
    .where(holding(agent))
    .orderBy(desc(reviews.takenAt_ms), desc(reviews.jobId))
    .limit(REVIEWS_COUNTED);
  const ratings = rows.flatMap(({ rating }) => rating ?? []);
  const paid = rows.filter((row) => row.paid).flatMap(({ rating }) => rating ?? []);
  return {
    count: ratings.length,
    mean: meanOf(ratings),
    ratings: [1, 2, 3, 4, 5].map((stars) => ratings.filter((rating) => rating === stars).length),
    clients: new Set(rows.map(({ client }) => client)).size,
    paid: { count: paid.length, mean: meanOf(paid) },
  };
}

function holding(agent: string): SQL | undefined {
  return and(eq(reviews.agent, agent), isNotNull(reviews.rating));
}

function behind(after: Position | null): SQL | undefined {
  return after === null
    ? undefined
    : sql`(${reviews.takenAt_ms}, ${reviews.jobId}) < (${after.openedAt_ms}, ${after.id})`;
}

function holds(row: typeof reviews.$inferSelect): StoredReview | null {
  const { rating, eventJson } = row;
  return rating === null || eventJson === null ? null : { ...row, rating, eventJson };
}

function meanOf(ratings: readonly number[]): number | null {
  if (ratings.length === 0) return null;
  return Math.round((100 * ratings.reduce((sum, one) => sum + one, 0)) / ratings.length) / 100;
}

/**
 * How the money of a job stands in the record, which lags a moment behind the client's books.
 *
 * - `closed`: everything was divided; `paid` says whether anybody earned by it;
 * - `open`: it is lent, or set aside for a job that is not over;
 * - `none`: nothing was ever set aside.
 */
export type Settlement =
  | { readonly type: 'closed'; readonly paid: boolean }
  | { readonly type: 'open' | 'none' };

/** @param name the job in the books: `<slug>:<request id>` */
export async function settlementOf(db: Db, name: string): Promise<Settlement> {
  const [ended, begun] = await db.batch([
    db
      .select({ account: ledger.account })
      .from(ledger)
      .where(eq(ledger.key, `end:${name}`)),
    db
      .select({ key: ledger.key })
      .from(ledger)
      .where(or(eq(ledger.key, `reserve:${name}`), eq(ledger.key, `lend:${name}`)))
      .limit(1),
  ]);
  if (ended.length > 0) return { type: 'closed', paid: ended.some(({ account }) => EARNS.test(account)) };
  return { type: begun.length > 0 ? 'open' : 'none' };
}

/** Accounts that grow when somebody earns by a job. */
const EARNS = /^(revenue$|transit:)/;
