/** Tables of the doors: API keys, and requests remembered by their `Idempotency-Key`. Part of schema.ts. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One row per API key. What it may spend is not here but in its account: credit is in one place only. */
export const doorKeys = sqliteTable(
  'door_keys',
  {
    /** Id of its purse. */
    id: text('id').primaryKey(),
    /** Public key of who made it and has its money back. */
    owner: text('owner').notNull(),
    name: text('name').notNull(),
    /** SHA-256 of the secret, hex. The secret itself is random and nowhere. */
    secretHash: text('secret_hash').notNull(),
    /** JSON list of slugs; null for every agent. */
    agents: text('agents'),
    createdAt_s: integer('created_at_s').notNull(),
    expiresAt_s: integer('expires_at_s'),
    revokedAt_s: integer('revoked_at_s'),
    /** Unix s, to the hour: telling it finer would write a row for every request. */
    usedAt_s: integer('used_at_s'),
  },
  (table) => [index('door_keys_owner').on(table.owner), index('door_keys_secret_hash').on(table.secretHash)],
);

/** What an `Idempotency-Key` of a purse stands for. */
export const doorRequests = sqliteTable(
  'door_requests',
  {
    /** Public key of the purse. */
    client: text('client').notNull(),
    /** HMAC of the caller's key, hex. */
    key: text('key').notNull(),
    /** HMAC of what was asked for, hex. */
    fingerprint: text('fingerprint').notNull(),
    /** Id of the request. */
    jobId: text('job_id').notNull(),
    /** The signed request as JSON; what it asks for is encrypted in it. */
    eventJson: text('event_json').notNull(),
    createdAt_ms: integer('created_at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.client, table.key] }),
    index('door_requests_created_at').on(table.createdAt_ms),
  ],
);
