/** Writing and reading the record of jobs. */
import { and, desc, eq, getTableColumns, gte, isNotNull, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { JobErrorCode } from '../errors.ts';
import { D1_MAX_PARAMETERS, HTTP_PAGE_SCAN } from '../limits.ts';
import type { Position } from './cursor.ts';
import { chunks, type Db } from './db.ts';
import type { JobRecord, RecordedPhase } from './job-record.ts';
import { jobs, passedOn } from './schema.ts';

const COLUMNS = getTableColumns(jobs);
const RECORDS_PER_STATEMENT = Math.floor(D1_MAX_PARAMETERS / Object.keys(COLUMNS).length);

/** What may change in a job's life. The rest is settled when it opens; leaving it out also spares index writes. */
const CHANGING = {
  revision: COLUMNS.revision,
  phase: COLUMNS.phase,
  error: COLUMNS.error,
  startedAt_ms: COLUMNS.startedAt_ms,
  closedAt_ms: COLUMNS.closedAt_ms,
  resultEventId: COLUMNS.resultEventId,
  attempts: COLUMNS.attempts,
};

/** What an agent's first word on a job that went on to it changes besides. */
const TAKEN_OVER = {
  ...CHANGING,
  turn: COLUMNS.turn,
  agent: COLUMNS.agent,
  session: COLUMNS.session,
  openedAt_ms: COLUMNS.openedAt_ms,
};

/** `column = excluded.column` for each column given: the values of the row that could not be inserted. */
function fromExcluded(columns: Readonly<Record<string, SQLiteColumn>>): Record<string, SQL> {
  return Object.fromEntries(
    Object.entries(columns).map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
  );
}

/**
 * Brings the record up to the given states, in one transaction. Repeat-safe, in any order: a state of the same or
 * a lower revision than the recorded one changes nothing, nor does what an agent says of a job that went on to another.
 */
export async function upsertJobs(db: Db, records: readonly JobRecord[]): Promise<void> {
  const isFirst = ({ turn }: JobRecord) => turn === 0;
  const [head, ...tail] = [
    ...chunks(records.filter(isFirst), RECORDS_PER_STATEMENT).map((part) => upsert(db, part, CHANGING)),
    ...chunks(
      records.filter((record) => !isFirst(record)),
      RECORDS_PER_STATEMENT,
    ).map((part) => upsert(db, part, TAKEN_OVER)),
  ];
  if (head !== undefined) await db.batch([head, ...tail]);
}

function upsert(db: Db, part: JobRecord[], changed: Readonly<Record<string, SQLiteColumn>>) {
  return db
    .insert(jobs)
    .values(part)
    .onConflictDoUpdate({
      target: jobs.id,
      set: fromExcluded(changed),
      setWhere: sql`(excluded.turn, excluded.revision) > (${jobs.turn}, ${jobs.revision})`,
    });
}

/** One job, public or not, or undefined. */
export async function findJob(db: Db, id: string): Promise<JobRecord | undefined> {
  return db.select().from(jobs).where(eq(jobs.id, id)).get();
}

/**
 * The one job whose id begins so, public or not; undefined when there is none, or more than one: whoever makes two ids
 * begin alike spoils both of theirs.
 *
 * @param prefix lower-case hex, 16 characters or more
 */
export async function findJobByPrefix(db: Db, prefix: string): Promise<JobRecord | undefined> {
  // `g` follows every hex digit, so this is a range of the primary key.
  const range = and(gte(jobs.id, prefix), lt(jobs.id, `${prefix}g`));
  const found = await db.select().from(jobs).where(range).limit(2);
  return found.length === 1 ? found[0] : undefined;
}

export interface JobFilter {
  readonly agent?: string | undefined;
  readonly client?: string | undefined;
  readonly phase?: RecordedPhase | undefined;
}

export interface JobPage {
  /** Newest first. May be fewer than asked for, even none, although there is a `next`. */
  readonly jobs: readonly JobRecord[];
  /** Where the next page begins, or null at the end. */
  readonly next: Position | null;
}

/**
 * A page of the public jobs after a position, newest first. Gift-wrapped jobs are left out: that they exist is
 * their clients' business.
 *
 * An index serves the order and the client or else the agent. Everything else filters a stretch of `scan` jobs of
 * that index, so that a filter that matches nothing costs no more than one that matches everything. Jobs are ordered
 * by what never changes, so a walk over all pages meets every job that was there when it began exactly once.
 */
export async function listJobs(
  db: Db,
  filter: JobFilter,
  after: Position | null,
  limit: number,
  scan: number = HTTP_PAGE_SCAN,
): Promise<JobPage> {
  const within = and(
    filter.client !== undefined
      ? eq(jobs.client, filter.client)
      : filter.agent !== undefined
        ? eq(jobs.agent, filter.agent)
        : undefined,
    after === null ? undefined : sql`(${jobs.openedAt_ms}, ${jobs.id}) < (${after.openedAt_ms}, ${after.id})`,
  );
  const order = [desc(jobs.openedAt_ms), desc(jobs.id)];
  const stretch = db
    .select()
    .from(jobs)
    .where(within)
    .orderBy(...order)
    .limit(scan)
    .as('stretch');
  // One batch, so one moment: a job opened between the two reads would move the end of the stretch.
  const [found, [end]] = await db.batch([
    db
      .select()
      .from(stretch)
      .where(
        and(
          ne(stretch.sealing, 'giftwrap'),
          filter.agent === undefined ? undefined : eq(stretch.agent, filter.agent),
          filter.phase === undefined ? undefined : eq(stretch.phase, filter.phase),
        ),
      )
      .orderBy(desc(stretch.openedAt_ms), desc(stretch.id))
      .limit(limit + 1),
    db
      .select({ openedAt_ms: jobs.openedAt_ms, id: jobs.id })
      .from(jobs)
      .where(within)
      .orderBy(...order)
      .limit(1)
      .offset(scan - 1),
  ]);
  const page = found.slice(0, limit);
  return { jobs: page, next: positionOf(found.length > limit ? page.at(-1) : end) };
}

function positionOf(job: Position | undefined): Position | null {
  return job === undefined ? null : { openedAt_ms: job.openedAt_ms, id: job.id };
}

/** What the figures of an agent or of the whole marketplace are counted from. */
export interface JobOutcome {
  readonly agent: string;
  readonly phase: RecordedPhase;
  readonly openedAt_ms: number;
  readonly closedAt_ms: number | null;
  /** 0: nobody worked on it. */
  readonly attempts: number;
  /** Why it was rejected, expired or failed. */
  readonly error: JobErrorCode | null;
}

const OUTCOME = {
  agent: jobs.agent,
  phase: jobs.phase,
  openedAt_ms: jobs.openedAt_ms,
  closedAt_ms: jobs.closedAt_ms,
  attempts: jobs.attempts,
  error: jobs.error,
};

/**
 * The outcomes of an agent's newest jobs that have ended, gift-wrapped ones included: figures name no client. Jobs that
 * went on to another agent count as its failures.
 */
export async function agentOutcomes(db: Db, agent: string, limit: number): Promise<JobOutcome[]> {
  const newest = db
    .select(OUTCOME)
    .from(jobs)
    .where(eq(jobs.agent, agent))
    .orderBy(desc(jobs.openedAt_ms), desc(jobs.id))
    .limit(limit)
    .as('newest');
  const [ended, passed] = await db.batch([
    db.select().from(newest).where(isNotNull(newest.closedAt_ms)),
    db
      .select({ at_ms: passedOn.at_ms })
      .from(passedOn)
      .where(eq(passedOn.agent, agent))
      .orderBy(desc(passedOn.at_ms))
      .limit(limit),
  ]);
  return withPassedOn(agent, ended, passed, limit);
}

/** An agent's own outcomes with the jobs it had to pass on, which count as failed: the newest, at most `limit`. */
export function withPassedOn(
  agent: string,
  own: readonly JobOutcome[],
  passed: readonly { readonly at_ms: number }[],
  limit: number,
): JobOutcome[] {
  const failed = passed.map(
    ({ at_ms }): JobOutcome => ({
      agent,
      phase: 'failed',
      openedAt_ms: at_ms,
      closedAt_ms: at_ms,
      attempts: 1,
      error: 'VERIFICATION_FAILED',
    }),
  );
  return [...own, ...failed].sort((a, b) => b.openedAt_ms - a.openedAt_ms).slice(0, limit);
}

/** The outcomes of the newest jobs opened since a time, at most `limit`. */
export async function recentOutcomes(db: Db, since_ms: number, limit: number): Promise<JobOutcome[]> {
  return db
    .select(OUTCOME)
    .from(jobs)
    .where(gte(jobs.openedAt_ms, since_ms))
    .orderBy(desc(jobs.openedAt_ms), desc(jobs.id))
    .limit(limit);
}

/** Whether the database answers. @throws whatever the platform throws when it does not */
export async function pingDb(db: Db): Promise<void> {
  await db.run(sql`SELECT 1`);
}
