/** An agent's record over time, in stretches: what its charts are drawn from. Every question reads a bounded number of rows. */
import { and, desc, eq, gte, sql } from 'drizzle-orm';
import type { Db } from './db.ts';
import { type JobOutcome, withPassedOn } from './jobs.ts';
import { jobs, ledger, passedOn } from './schema.ts';

/** What clients paid for an agent's jobs of one stretch of time, msats. */
export interface Earned {
  /** Number of the stretch since 1970. */
  readonly stretch: number;
  /** Owners' part and operator's part together. */
  readonly earned_msats: number;
  /** Owners' part. */
  readonly owners_msats: number;
}

/**
 * The outcomes of an agent's jobs that were taken in since a time, newest first, also of those that are not over. Jobs that
 * went on to another agent count as failed.
 *
 * @param limit rows of each table that are read at the most
 */
export async function outcomesSince(
  db: Db,
  agent: string,
  since_ms: number,
  limit: number,
): Promise<readonly JobOutcome[]> {
  const [own, passed] = await db.batch([
    db
      .select({
        agent: jobs.agent,
        phase: jobs.phase,
        openedAt_ms: jobs.openedAt_ms,
        closedAt_ms: jobs.closedAt_ms,
        attempts: jobs.attempts,
        error: jobs.error,
      })
      .from(jobs)
      .where(and(eq(jobs.agent, agent), gte(jobs.openedAt_ms, since_ms)))
      .orderBy(desc(jobs.openedAt_ms), desc(jobs.id))
      .limit(limit),
    db
      .select({ at_ms: passedOn.at_ms })
      .from(passedOn)
      .where(and(eq(passedOn.agent, agent), gte(passedOn.at_ms, since_ms)))
      .orderBy(desc(passedOn.at_ms))
      .limit(limit),
  ]);
  return withPassedOn(agent, own, passed, limit);
}

/**
 * What the newest jobs among them earned, by the stretch in which a job was taken in. Tips, which belong to no job, are not in
 * it.
 */
export async function earnedSince(
  db: Db,
  agent: string,
  since_ms: number,
  stretch_ms: number,
  limit: number,
): Promise<readonly Earned[]> {
  const newest = db
    .select({ id: jobs.id, openedAt_ms: jobs.openedAt_ms })
    .from(jobs)
    .where(and(eq(jobs.agent, agent), gte(jobs.openedAt_ms, since_ms)))
    .orderBy(desc(jobs.openedAt_ms), desc(jobs.id))
    .limit(limit)
    .as('newest');
  // A bound number may be a REAL, which would divide without rounding.
  const stretch = sql<number>`CAST(${newest.openedAt_ms} / ${stretch_ms} AS INTEGER)`;
  const isOwners = sql`${ledger.account} LIKE 'transit:%'`;
  return db
    .select({
      stretch: stretch.as('stretch'),
      earned_msats: sql<number>`-sum(${ledger.amount_msats})`,
      owners_msats: sql<number>`-sum(CASE WHEN ${isOwners} THEN ${ledger.amount_msats} ELSE 0 END)`,
    })
    .from(newest)
    .innerJoin(ledger, eq(ledger.key, sql`'end:' || ${agent} || ':' || ${newest.id}`))
    .where(sql`(${ledger.account} = 'revenue' OR ${isOwners})`)
    .groupBy(sql`stretch`);
}
