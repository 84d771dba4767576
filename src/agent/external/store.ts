/** What the object of a session keeps of its external jobs: one row each. */
import * as z from 'zod';
import { first, migrate, type Sql } from '../../store/sql.ts';
import type { HireWay } from '../hire/desk.ts';

const SCHEMA = [
  ['CREATE TABLE external_jobs (job TEXT PRIMARY KEY, run TEXT NOT NULL, ended_at INTEGER) WITHOUT ROWID'],
];

const runSchema = z.object({
  /** How the agent is asked; null once the job has ended, because it holds the prompt. */
  way: z
    .object({
      dialect: z.enum(['agent', 'nip90']),
      kind: z.number(),
      request: z.record(z.string(), z.json()),
      tags: z.array(z.array(z.string())),
      sealed: z.boolean(),
    })
    .nullable(),
  /** Public key of who is hired, hex. */
  agent: z.string(),
  relays: z.array(z.string()).readonly(),
  /** The most that is paid, decimal msats. */
  most_msats: z.string(),
  /** What the job costs when it is delivered, msats. */
  price_msats: z.number(),
  /** When nobody waits any longer, Unix ms. */
  until_ms: z.number(),
  /** `late`, `calledOff`: to be ended as soon as the hire has said what it cost. */
  phase: z.enum(['hired', 'late', 'calledOff', 'ended']),
  /** What its client was told last. */
  told: z.string(),
});
export type ExternalRun = Omit<Readonly<z.infer<typeof runSchema>>, 'way'> & {
  readonly way: HireWay | null;
};

export class ExternalStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, SCHEMA, 'external');
  }

  load(job: string): ExternalRun | null {
    const row = first(this.#sql, 'SELECT run FROM external_jobs WHERE job = ?', job);
    return row === undefined ? null : runSchema.parse(JSON.parse(String(row.run)));
  }

  /** Within the caller's transaction. */
  save(job: string, run: ExternalRun, now_ms: number): void {
    this.#sql.run(
      `INSERT INTO external_jobs (job, run, ended_at) VALUES (?, ?, ?)
       ON CONFLICT (job) DO UPDATE SET run = excluded.run, ended_at = excluded.ended_at`,
      job,
      JSON.stringify(run),
      run.phase === 'ended' ? now_ms : null,
    );
  }

  erase(job: string): void {
    this.#sql.run('DELETE FROM external_jobs WHERE job = ?', job);
  }

  /** Forgets what ended before then; whether anything is left. */
  prune(before_ms: number): boolean {
    this.#sql.run('DELETE FROM external_jobs WHERE ended_at < ?', before_ms);
    return first(this.#sql, 'SELECT 1 AS one FROM external_jobs LIMIT 1') !== undefined;
  }
}
