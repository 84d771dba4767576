/** Writing and reading the record of the arena. Its object is the only writer; all writes may come twice. */
import { and, desc, eq, getTableColumns, gte, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import * as z from 'zod';
import { ARENA_STRETCH_ROUNDS, D1_MAX_PARAMETERS } from '../limits.ts';
import {
  ARENA_MODES,
  type ArenaMode,
  type ArenaRole,
  type QualificationRecord,
  type RatingRecord,
  type RatingSums,
} from './arena-record.ts';
import { chunks, type Db } from './db.ts';
import { arenaAttempts, arenaFrontier, arenaGroups, arenaTasks, qualifications, ratings } from './schema.ts';

export type ArenaTaskRecord = typeof arenaTasks.$inferInsert;
/** A task as it is read. */
export type ArenaTaskRow = typeof arenaTasks.$inferSelect;
export type ArenaAttemptRecord = typeof arenaAttempts.$inferInsert;
export type ArenaGroupRecord = typeof arenaGroups.$inferInsert;
export type ArenaFrontierRecord = typeof arenaFrontier.$inferInsert;

/** What is new in the arena; every part may be empty. */
export interface ArenaNews {
  readonly tasks: readonly ArenaTaskRecord[];
  readonly attempts: readonly ArenaAttemptRecord[];
  /** What became of responses that were recorded before: their group was closed. */
  readonly advantages: readonly { readonly round: number; readonly at: number; readonly advantage: number }[];
  readonly groups: readonly ArenaGroupRecord[];
  readonly ratings: readonly RatingRecord[];
  readonly qualifications: readonly QualificationRecord[];
  readonly frontier: readonly ArenaFrontierRecord[];
}

/**
 * Records the news, in one transaction. Repeat-safe: rows of rounds and groups never change once their advantage is known,
 * and sums of fewer results than the recorded ones change nothing.
 */
export async function recordArena(db: Db, news: ArenaNews): Promise<void> {
  const parts = <T>(rows: readonly T[], columns: object) =>
    chunks(rows, Math.floor(D1_MAX_PARAMETERS / Object.keys(columns).length));
  const task = getTableColumns(arenaTasks);
  const attempt = getTableColumns(arenaAttempts);
  const group = getTableColumns(arenaGroups);
  const rating = getTableColumns(ratings);
  const qualification = getTableColumns(qualifications);
  const frontier = getTableColumns(arenaFrontier);
  const statements = [
    ...parts(news.tasks, task).map((rows) => db.insert(arenaTasks).values(rows).onConflictDoNothing()),
    ...parts(news.attempts, attempt).map((rows) =>
      db.insert(arenaAttempts).values(rows).onConflictDoNothing(),
    ),
    ...news.advantages.map(({ round, at, advantage }) =>
      db
        .update(arenaAttempts)
        .set({ advantage })
        .where(and(eq(attempt.round, round), eq(attempt.at, at), isNull(attempt.advantage))),
    ),
    ...parts(news.groups, group).map((rows) => db.insert(arenaGroups).values(rows).onConflictDoNothing()),
    ...parts(news.ratings, rating).map((rows) =>
      db
        .insert(ratings)
        .values(rows)
        .onConflictDoUpdate({
          target: [rating.agent, rating.mode, rating.role],
          set: fromExcluded({
            count: rating.count,
            sumAdvantage: rating.sumAdvantage,
            ema: rating.ema,
            passed: rating.passed,
            updatedAt_ms: rating.updatedAt_ms,
          }),
          setWhere: sql`excluded.count > ${rating.count}`,
        }),
    ),
    ...parts(news.qualifications, qualification).map((rows) =>
      db
        .insert(qualifications)
        .values(rows.map((row) => ({ ...row, models: JSON.stringify(row.models) })))
        .onConflictDoUpdate({
          target: [qualification.agent, qualification.mode],
          set: fromExcluded({
            qualified: qualification.qualified,
            at_ms: qualification.at_ms,
            models: qualification.models,
          }),
          setWhere: sql`excluded.at_ms > ${qualification.at_ms}`,
        }),
    ),
    ...parts(news.frontier, frontier).map((rows) =>
      db
        .insert(arenaFrontier)
        .values(rows)
        .onConflictDoUpdate({
          target: [frontier.stretch, frontier.mode],
          set: fromExcluded({
            rounds: frontier.rounds,
            tasks: frontier.tasks,
            attempts: frontier.attempts,
            solved: frontier.solved,
            learnability: frontier.learnability,
            frontier: frontier.frontier,
            frontierChars: frontier.frontierChars,
          }),
          setWhere: sql`excluded.rounds > ${frontier.rounds}`,
        }),
    ),
  ];
  const [head, ...tail] = statements;
  if (head !== undefined) await db.batch([head, ...tail]);
}

/** `column = excluded.column` for each column given: the values of the row that could not be inserted. */
function fromExcluded(columns: Readonly<Record<string, SQLiteColumn>>): Record<string, SQL> {
  return Object.fromEntries(
    Object.entries(columns).map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
  );
}

/** The ratings of a mode and role by agent, baselines included. An agent without one has no entry. */
export async function ratingsOf(
  db: Db,
  mode: ArenaMode,
  role: ArenaRole = 'solve',
): Promise<ReadonlyMap<string, RatingSums>> {
  const rows = await db
    .select()
    .from(ratings)
    .where(and(eq(ratings.mode, mode), eq(ratings.role, role)));
  return new Map(rows.map((row) => [row.agent, sumsOf(row)]));
}

/** All ratings of one agent. */
export async function ratingsOfAgent(db: Db, agent: string): Promise<readonly RatingRecord[]> {
  return db.select().from(ratings).where(eq(ratings.agent, agent)).orderBy(ratings.mode, ratings.role);
}

/** All ratings. */
export async function allRatings(db: Db): Promise<readonly RatingRecord[]> {
  return db.select().from(ratings).orderBy(ratings.mode, ratings.role, ratings.agent);
}

function sumsOf({ count, sumAdvantage, ema, passed }: RatingRecord): RatingSums {
  return { count, sumAdvantage, ema, passed };
}

const modelList = z.array(z.string());

/** The newest verdict on every agent that was examined in a mode. Whether it still holds is `isQualified`'s to say. */
export async function qualificationsOf(
  db: Db,
  mode: ArenaMode,
): Promise<ReadonlyMap<string, QualificationRecord>> {
  const rows = await db.select().from(qualifications).where(eq(qualifications.mode, mode));
  return new Map(rows.map((row) => [row.agent, { ...row, models: modelList.parse(JSON.parse(row.models)) }]));
}

/** The newest verdicts in all modes. */
export async function allQualifications(db: Db): Promise<readonly QualificationRecord[]> {
  const rows = await db.select().from(qualifications).orderBy(qualifications.agent, qualifications.mode);
  return rows.map((row) => ({ ...row, models: modelList.parse(JSON.parse(row.models)) }));
}

/** The last stretches of the frontier, the oldest first. */
export async function frontierOf(db: Db, stretches: number): Promise<readonly ArenaFrontierRecord[]> {
  const newest = await db
    .select({ stretch: arenaFrontier.stretch })
    .from(arenaFrontier)
    .orderBy(desc(arenaFrontier.stretch))
    .limit(1)
    .get();
  if (newest === undefined) return [];
  return db
    .select()
    .from(arenaFrontier)
    .where(gte(arenaFrontier.stretch, newest.stretch - stretches + 1))
    .orderBy(arenaFrontier.stretch, arenaFrontier.mode);
}

/** Rounds played, by the last stretches of every mode. */
export function roundsPlayed(frontier: readonly ArenaFrontierRecord[]): number {
  return ARENA_MODES.reduce((total, mode) => {
    const last = frontier.findLast((one) => one.mode === mode);
    return total + (last === undefined ? 0 : last.stretch * ARENA_STRETCH_ROUNDS + last.rounds);
  }, 0);
}

const exampleList = z.array(z.object({ input: z.string(), output: z.string() }));

/** Calls as a task's row holds them; none of a task that has none. */
export function examplesOf(stored: string | null): z.infer<typeof exampleList> {
  return stored === null ? [] : exampleList.parse(JSON.parse(stored));
}

/** The newest task, or the newest up to a round. */
export async function newestTask(
  db: Db,
  upto: number = Number.MAX_SAFE_INTEGER,
): Promise<ArenaTaskRow | undefined> {
  return db
    .select()
    .from(arenaTasks)
    .where(lte(arenaTasks.round, upto))
    .orderBy(desc(arenaTasks.round))
    .limit(1)
    .get();
}
