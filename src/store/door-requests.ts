/** Requests of purses remembered by their `Idempotency-Key`, so that sending one again is the same job. */
import { and, eq, lt, sql } from 'drizzle-orm';
import * as z from 'zod';
import { IDEMPOTENCY_KEEP_MS } from '../limits.ts';
import { type NostrEvent, parseEvent } from '../nostr/event.ts';
import type { Db } from './db.ts';
import { doorRequests } from './door-schema.ts';

/** What a key stands for. */
export interface KeptRequest {
  readonly fingerprint: string;
  readonly event: NostrEvent;
}

const eventShape = z.string().transform((text) => {
  const event = parseEvent(JSON.parse(text));
  if (typeof event === 'string') throw new Error(`a remembered request is damaged: ${event}`);
  return event;
});

/**
 * Remembers a request under a key, unless something younger than IDEMPOTENCY_KEEP_MS stands there already that is not the
 * request with the id `instead`. One statement decides, so of several at a time one is remembered.
 *
 * @returns what stands there now
 */
export async function rememberRequest(
  db: Db,
  client: string,
  key: string,
  { fingerprint, event }: KeptRequest,
  instead: string | null,
  now_ms: number,
): Promise<KeptRequest> {
  const kept = { fingerprint, jobId: event.id, eventJson: JSON.stringify(event), createdAt_ms: now_ms };
  const old = lt(doorRequests.createdAt_ms, now_ms - IDEMPOTENCY_KEEP_MS);
  await db
    .insert(doorRequests)
    .values({ client, key, ...kept })
    .onConflictDoUpdate({
      target: [doorRequests.client, doorRequests.key],
      set: kept,
      setWhere: sql`${old} OR ${doorRequests.jobId} = ${instead ?? ''}`,
    });
  const [row] = await db
    .select({ fingerprint: doorRequests.fingerprint, eventJson: doorRequests.eventJson })
    .from(doorRequests)
    .where(and(eq(doorRequests.client, client), eq(doorRequests.key, key)));
  if (row === undefined) throw new Error('a request that was just remembered is gone');
  return { fingerprint: row.fingerprint, event: eventShape.parse(row.eventJson) };
}

/** Id of the job that is remembered under a key; null for none. */
export async function recallRequest(db: Db, client: string, key: string): Promise<string | null> {
  const [row] = await db
    .select({ jobId: doorRequests.jobId })
    .from(doorRequests)
    .where(and(eq(doorRequests.client, client), eq(doorRequests.key, key)));
  return row?.jobId ?? null;
}

/** Forgets what nobody may repeat any more. */
export async function forgetRequests(db: Db, now_ms: number): Promise<void> {
  await db.delete(doorRequests).where(lt(doorRequests.createdAt_ms, now_ms - IDEMPOTENCY_KEEP_MS));
}
