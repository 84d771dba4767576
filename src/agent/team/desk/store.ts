/**
 * What the object of a session keeps of its team runs: the state in one row per run, the record entry by entry, and
 * the texts of versions by themselves, so that a record can be walked without them.
 */
import { SESSION_RECORD_PAGE } from '../../../limits.ts';
import { first, migrate, type Sql } from '../../../store/sql.ts';
import type { TraceEntry } from '../trace.ts';
import type { TeamRun } from '../types.ts';
import type { Desk } from './state.ts';

const SCHEMA = [
  [
    `CREATE TABLE team_runs (
      job TEXT PRIMARY KEY, run TEXT NOT NULL, desk TEXT NOT NULL, ended_at INTEGER
    ) WITHOUT ROWID`,
    `CREATE TABLE team_record (
      job TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, hash TEXT NOT NULL, fact TEXT NOT NULL,
      PRIMARY KEY (job, seq)
    ) WITHOUT ROWID`,
    `CREATE TABLE team_texts (
      job TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (job, version)
    ) WITHOUT ROWID`,
  ],
];

/** A run with what the desk keeps beside it. */
export interface StoredRun {
  readonly run: TeamRun;
  readonly desk: Desk;
}

export class TeamStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, SCHEMA, 'team');
  }

  load(job: string): StoredRun | null {
    const row = first(this.#sql, 'SELECT run, desk FROM team_runs WHERE job = ?', job);
    if (row === undefined) return null;
    // Written by `save` below and by nothing else; the schema version guards its shape.
    const run: TeamRun = JSON.parse(String(row.run));
    const desk: Desk = JSON.parse(String(row.desk));
    return { run, desk };
  }

  /** Within the caller's transaction. @param ended_ms null while the run lives */
  save(job: string, { run, desk }: StoredRun, entries: readonly TraceEntry[], ended_ms: number | null): void {
    this.#sql.run(
      `INSERT INTO team_runs (job, run, desk, ended_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (job) DO UPDATE SET run = excluded.run, desk = excluded.desk, ended_at = excluded.ended_at`,
      job,
      JSON.stringify(run),
      JSON.stringify(desk),
      ended_ms,
    );
    for (const { seq, at_ms, hash, fact } of entries) {
      const kept = fact.type === 'version' ? { ...fact, text: '' } : fact;
      this.#sql.run(
        'INSERT INTO team_record (job, seq, at, hash, fact) VALUES (?, ?, ?, ?, ?)',
        job,
        seq,
        at_ms,
        hash,
        JSON.stringify(kept),
      );
      if (fact.type === 'version') {
        this.#sql.run(
          'INSERT INTO team_texts (job, version, sha256, text) VALUES (?, ?, ?, ?)',
          job,
          fact.version.id,
          fact.version.sha256,
          fact.text,
        );
      }
    }
  }

  /** What the desk keeps, alone. */
  saveDesk(job: string, desk: Desk): void {
    this.#sql.run('UPDATE team_runs SET desk = ? WHERE job = ?', JSON.stringify(desk), job);
  }

  /** Whether there was a run in this conversation. */
  isUsed(): boolean {
    return first(this.#sql, 'SELECT 1 AS one FROM team_runs LIMIT 1') !== undefined;
  }

  /** A page of the record behind an entry, with its texts; null for a run that is not here. */
  page(job: string, after: number): { readonly entries: TraceEntry[]; readonly more: boolean } | null {
    if (first(this.#sql, 'SELECT 1 AS one FROM team_runs WHERE job = ?', job) === undefined) return null;
    const rows = this.#sql.all(
      'SELECT seq, at, hash, fact FROM team_record WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?',
      job,
      after,
      SESSION_RECORD_PAGE + 1,
    );
    const entries = rows.slice(0, SESSION_RECORD_PAGE).map((row): TraceEntry => {
      const fact: TraceEntry['fact'] = JSON.parse(String(row.fact));
      const whole = fact.type === 'version' ? { ...fact, text: this.text(job, fact.version.id) ?? '' } : fact;
      return { seq: Number(row.seq), at_ms: Number(row.at), hash: String(row.hash), fact: whole };
    });
    return { entries, more: rows.length > SESSION_RECORD_PAGE };
  }

  /** All of it without texts. */
  record(job: string): TraceEntry[] {
    return this.#sql
      .all('SELECT seq, at, hash, fact FROM team_record WHERE job = ? ORDER BY seq', job)
      .map((row) => ({
        seq: Number(row.seq),
        at_ms: Number(row.at),
        hash: String(row.hash),
        fact: JSON.parse(String(row.fact)),
      }));
  }

  text(job: string, version: string): string | null {
    const row = first(this.#sql, 'SELECT text FROM team_texts WHERE job = ? AND version = ?', job, version);
    return row === undefined ? null : String(row.text);
  }

  textByHash(job: string, sha256: string): string | null {
    const row = first(this.#sql, 'SELECT text FROM team_texts WHERE job = ? AND sha256 = ?', job, sha256);
    return row === undefined ? null : String(row.text);
  }

  erase(job: string): void {
    for (const table of ['team_runs', 'team_record', 'team_texts']) {
      this.#sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
    }
  }

  /** Drops runs that ended before then; whether any run is left. */
  prune(before_ms: number): boolean {
    for (const { job } of this.#sql.all('SELECT job FROM team_runs WHERE ended_at < ?', before_ms)) {
      this.erase(String(job));
    }
    return first(this.#sql, 'SELECT 1 AS one FROM team_runs LIMIT 1') !== undefined;
  }
}
