/** Whom the operator keeps out at run time, in D1; part of {@link file://./schema.ts}. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Keys blocked by the operator's pages, besides those of BLOCKED_PUBKEYS. */
export const blockedKeys = sqliteTable('blocked_key', {
  pubkey: text('pubkey').primaryKey(),
  /** The operator's note to itself. */
  reason: text('reason').notNull(),
  at_ms: integer('at_ms').notNull(),
});
