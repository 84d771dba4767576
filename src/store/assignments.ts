/** Writing and reading who has an open request. Whoever asks first decides, and everybody after gets the same answer. */
import { and, eq, sql } from 'drizzle-orm';
import * as z from 'zod';
import { JOB_ERROR_CODES } from '../errors.ts';
import type { AssignmentRecord } from './assignment-record.ts';
import type { Db } from './db.ts';
import { assignments, passedOn } from './schema.ts';

type Row = typeof assignments.$inferSelect;

/** Keeps an assignment, unless there is one of that job. @returns the one that holds */
export async function assign(db: Db, record: AssignmentRecord): Promise<AssignmentRecord> {
  const [, held] = await db.batch([
    db.insert(assignments).values(toRow(record)).onConflictDoNothing(),
    db.select().from(assignments).where(eq(assignments.jobId, record.jobId)),
  ]);
  return theOne(held);
}

/** Who has a job; undefined for one that has no row. */
export async function findAssignment(db: Db, jobId: string): Promise<AssignmentRecord | undefined> {
  const row = await db.select().from(assignments).where(eq(assignments.jobId, jobId)).get();
  return row === undefined ? undefined : toRecord(row);
}

/**
 * Puts `next` in the place of an assignment, where that still is what it was, and notes that its agent failed when
 * the job goes on. One transaction. @returns the one that holds now, which may be somebody else's
 */
export async function passOn(
  db: Db,
  before: AssignmentRecord,
  next: AssignmentRecord,
  now_ms: number,
): Promise<AssignmentRecord> {
  const { agent, session, tried, state } = toRow(next);
  const unchanged = and(
    eq(assignments.jobId, before.jobId),
    eq(assignments.agent, before.agent),
    eq(assignments.state, before.state),
  );
  const failed = db
    .select({
      agent: assignments.agent,
      at_ms: sql<number>`${now_ms}`.as('at_ms'),
      jobId: assignments.jobId,
    })
    .from(assignments)
    // Of the last one the record of the job itself says that it failed.
    .where(next.state === 'assigned' ? unchanged : sql`0`);
  const [, , held] = await db.batch([
    db.insert(passedOn).select(failed),
    db.update(assignments).set({ agent, session, tried, state }).where(unchanged),
    db.select().from(assignments).where(eq(assignments.jobId, before.jobId)),
  ]);
  return theOne(held);
}

function theOne([row]: readonly Row[]): AssignmentRecord {
  if (row === undefined) throw new Error('an assignment that was written is not there');
  return toRecord(row);
}

function toRow(record: AssignmentRecord): Row {
  const { tried, failure } = record;
  return {
    ...record,
    tried: JSON.stringify(tried),
    failure: failure === null ? null : JSON.stringify(failure),
  };
}

const triedSchema = z.array(z.string());
const failureSchema = z.object({
  code: z.enum(JOB_ERROR_CODES),
  message: z.string(),
  details: z.record(z.string(), z.json()).optional(),
});

function toRecord(row: Row): AssignmentRecord {
  return {
    ...row,
    tried: triedSchema.parse(JSON.parse(row.tried)),
    failure: row.failure === null ? null : readFailure(row.failure),
  };
}

function readFailure(text: string): AssignmentRecord['failure'] {
  const { code, message, details } = failureSchema.parse(JSON.parse(text));
  return details === undefined ? { code, message } : { code, message, details };
}
