/** What clients said of jobs they had, in D1; part of {@link file://./schema.ts}. */
import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One row per rated job: its client's newest word on it, or that this was taken back. */
export const reviews = sqliteTable(
  'review',
  {
    jobId: text('job_id').primaryKey(),
    /** Slug of the agent that delivered. */
    agent: text('agent').notNull(),
    /** Public key of the client, who signed it. */
    client: text('client').notNull(),
    /** 1 to 5; null where it was taken back. The row stays, so that an older version does not come back. */
    rating: integer('rating'),
    /** The signed event, byte for byte as it was signed apart from white space; null where it was taken back. */
    eventJson: text('event_json'),
    eventId: text('event_id').notNull(),
    /** `created_at` of the newest version, or of the deletion, Unix s: what is older changes nothing. */
    createdAt_s: integer('created_at_s').notNull(),
    takenAt_ms: integer('taken_at_ms').notNull(),
    /** Whether the client paid for the job. */
    paid: integer('paid', { mode: 'boolean' }).notNull(),
    /** Whether it may be shown beside its figures: not where the job is nobody else's business (gift-wrapped). */
    listed: integer('listed', { mode: 'boolean' }).notNull(),
  },
  (table) => [
    // An agent's, newest first. Those taken back are not in it, so that they cost no reader anything.
    index('review_by_agent')
      .on(table.agent, table.takenAt_ms, table.jobId)
      .where(sql`${table.rating} IS NOT NULL`),
    // For deletions, which name events.
    index('review_by_event').on(table.eventId),
  ],
);
