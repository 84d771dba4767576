/** Newest jobs for the operator: a bounded stretch of the record, whatever it is looked through for. */
import { desc, isNotNull, isNull, type SQL } from 'drizzle-orm';
import type { Db } from './db.ts';
import type { JobRecord } from './job-record.ts';
import { jobs } from './schema.ts';

/** Among the newest `scan` jobs those that are not over, the longest open first. */
export async function openJobs(db: Db, scan: number, limit: number): Promise<readonly JobRecord[]> {
  const found = await among(db, scan, (stretch) => isNull(stretch.closedAt_ms));
  return found.reverse().slice(0, limit);
}

/** Among the newest `scan` jobs those that ended with an error, newest first. */
export async function failedJobs(db: Db, scan: number, limit: number): Promise<readonly JobRecord[]> {
  return (await among(db, scan, (stretch) => isNotNull(stretch.error))).slice(0, limit);
}

/** The newest jobs, newest first. */
export async function newestJobs(db: Db, limit: number): Promise<readonly JobRecord[]> {
  return db.select().from(jobs).orderBy(desc(jobs.openedAt_ms), desc(jobs.id)).limit(limit);
}

async function among(
  db: Db,
  scan: number,
  wanted: (stretch: ReturnType<typeof newest>) => SQL | undefined,
): Promise<JobRecord[]> {
  const stretch = newest(db, scan);
  return db
    .select()
    .from(stretch)
    .where(wanted(stretch))
    .orderBy(desc(stretch.openedAt_ms), desc(stretch.id));
}

function newest(db: Db, scan: number) {
  return db.select().from(jobs).orderBy(desc(jobs.openedAt_ms), desc(jobs.id)).limit(scan).as('stretch');
}
