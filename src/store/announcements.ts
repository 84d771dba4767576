/** What each agent has announced, so that it is announced again only when it says something new. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import { alreadyVerified, parseEvent, type VerifiedEvent } from '../nostr/event.ts';
import type { Db } from './db.ts';
import { agents, announced, announcements } from './schema.ts';

export interface Announcement {
  /** Slug of the agent. */
  readonly agent: string;
  /** Kind of the event; an agent has one announcement of each kind. */
  readonly kind: number;
  /** SHA-256 over everything in the event that matters (not `created_at`), hex. */
  readonly fingerprint: string;
  readonly event: VerifiedEvent;
  readonly publishedAt_ms: number;
}

/**
 * The newest announcement of each kind of an agent.
 *
 * @throws Error when a stored event cannot be read: only this module writes them, so the database was tampered with
 */
export async function findAnnouncements(db: Db, agent: string): Promise<Announcement[]> {
  const rows = await db.select().from(announcements).where(eq(announcements.agent, agent));
  return rows.map(({ eventJson, eventId, ...row }) => {
    const event = parseEvent(JSON.parse(eventJson));
    if (typeof event === 'string') throw new Error(`announcement ${eventId} cannot be read: ${event}`);
    return { ...row, event: alreadyVerified(event) };
  });
}

/** Remembers an announcement in place of the agent's former one of that kind; one with a newer event stays. */
export async function putAnnouncement(db: Db, announcement: Announcement): Promise<void> {
  const { event, ...row } = announcement;
  await db
    .insert(announcements)
    .values({ ...row, eventId: event.id, eventJson: JSON.stringify(event) })
    .onConflictDoUpdate({
      target: [announcements.agent, announcements.kind],
      set: {
        fingerprint: sql`excluded.fingerprint`,
        eventId: sql`excluded.event_id`,
        eventJson: sql`excluded.event_json`,
        publishedAt_ms: sql`excluded.published_at_ms`,
      },
      setWhere: sql`excluded.published_at_ms >= ${announcements.publishedAt_ms}`,
    });
}

/** Forgets what an agent has announced, and its card: it is gone, and who takes its name has to say everything anew. */
export async function forgetAnnounced(db: Db, slug: string, pubkey: string): Promise<void> {
  await db.batch([
    db
      .delete(announcements)
      .where(
        and(
          eq(announcements.agent, slug),
          sql`json_extract(${announcements.eventJson}, '$.pubkey') = ${pubkey}`,
        ),
      ),
    db.delete(agents).where(and(eq(agents.slug, slug), eq(agents.pubkey, pubkey))),
  ]);
}

/** Which of these events a relay has taken. At most 99 ids (the platform's parameter limit). */
export async function announcedTo(db: Db, relay: string, eventIds: readonly string[]): Promise<Set<string>> {
  const rows = await db
    .select({ eventId: announced.eventId })
    .from(announced)
    .where(and(eq(announced.relay, relay), inArray(announced.eventId, [...eventIds])));
  return new Set(rows.map((row) => row.eventId));
}

/** Remembers that a relay has taken these events. Repeat-safe. */
export async function markAnnounced(
  db: Db,
  relay: string,
  eventIds: readonly string[],
  takenAt_ms: number,
): Promise<void> {
  if (eventIds.length === 0) return;
  await db
    .insert(announced)
    .values(eventIds.map((eventId) => ({ relay, eventId, takenAt_ms })))
    .onConflictDoNothing();
}
