/** Which jobs of a client with an agent are under way. */
import { and, desc, eq, inArray } from 'drizzle-orm';
import { WORDS_SCAN_JOBS } from '../limits.ts';
import type { Db } from './db.ts';
import { jobs } from './schema.ts';

export interface RunUnderWay {
  readonly id: string;
  /** Name of the session that holds it. */
  readonly session: string;
  readonly openedAt_ms: number;
}

/**
 * A client's unfinished jobs with an agent, newest first, gift-wrapped ones included.
 *
 * An index by phase would cost two written rows for every job there is, for the sake of the few that take words; so a
 * bounded stretch of the client's own jobs is read instead.
 *
 * @param agent slug
 */
export async function runsUnderWay(
  db: Db,
  agent: string,
  client: string,
  limit: number,
  scan: number = WORDS_SCAN_JOBS,
): Promise<RunUnderWay[]> {
  const stretch = db
    .select()
    .from(jobs)
    .where(eq(jobs.client, client))
    .orderBy(desc(jobs.openedAt_ms), desc(jobs.id))
    .limit(scan)
    .as('stretch');
  return db
    .select({ id: stretch.id, session: stretch.session, openedAt_ms: stretch.openedAt_ms })
    .from(stretch)
    .where(and(eq(stretch.agent, agent), inArray(stretch.phase, ['waiting', 'running'])))
    .orderBy(desc(stretch.openedAt_ms), desc(stretch.id))
    .limit(limit);
}
