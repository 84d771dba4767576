/** How an agent's play in the arena went lately. */
import { and, desc, eq, gt, isNotNull, sql } from 'drizzle-orm';
import type { ArenaMode, ArenaRole } from './arena-record.ts';
import type { Db } from './db.ts';
import { arenaAttempts } from './schema.ts';

/** Its results in a stretch of rounds. */
export interface CurvePoint {
  /** Number of the stretch, from 0. */
  readonly stretch: number;
  readonly mode: ArenaMode;
  readonly role: ArenaRole;
  readonly results: number;
  /** Solvers: share of right answers; proposers: mean learnability of their tasks. 0 to 1. */
  readonly score: number;
}

/**
 * An agent's results over the last rounds, oldest first. Attempts are ordered by round and no index is by agent, so all of
 * these rounds are read.
 */
export async function arenaCurve(
  db: Db,
  agent: string,
  rounds: number,
  stretchRounds: number,
): Promise<readonly CurvePoint[]> {
  const newest = await db
    .select({ round: arenaAttempts.round })
    .from(arenaAttempts)
    .orderBy(desc(arenaAttempts.round))
    .limit(1)
    .get();
  if (newest === undefined) return [];
  // A bound number may be a REAL, which would divide without rounding.
  const stretch = sql<number>`CAST(${arenaAttempts.round} / ${stretchRounds} AS INTEGER)`;
  return db
    .select({
      stretch: stretch.as('stretch'),
      mode: arenaAttempts.mode,
      role: arenaAttempts.role,
      results: sql<number>`count(*)`,
      score: sql<number>`round(avg(${arenaAttempts.accuracy}), 3)`,
    })
    .from(arenaAttempts)
    .where(
      and(
        gt(arenaAttempts.round, newest.round - rounds),
        eq(arenaAttempts.agent, agent),
        isNotNull(arenaAttempts.accuracy),
      ),
    )
    .groupBy(sql`stretch`, arenaAttempts.mode, arenaAttempts.role)
    .orderBy(sql`stretch`, arenaAttempts.mode, arenaAttempts.role);
}
