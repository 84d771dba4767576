/** What one run has hired, in SQLite: its jobs, and what of its budget they take. */
import { add, type Msats, msatsSchema, toJson, ZERO_MSATS } from '../../payment/msats.ts';
import { first, migrate, type Sql, type SqlRow } from '../../store/sql.ts';
import { type HireBooks, remaining, setAside, settle } from '../tools/hire-budget.ts';
import { committed, type HireJob, hireJobSchema } from './job.ts';

const SCHEMA = [
  [
    // `look_at` is null once a job is done.
    'CREATE TABLE hired (key TEXT PRIMARY KEY, look_at INTEGER, job TEXT NOT NULL) WITHOUT ROWID',
    'CREATE TABLE hire_money (key TEXT PRIMARY KEY, msats TEXT NOT NULL, open INTEGER NOT NULL) WITHOUT ROWID',
  ],
  ['CREATE TABLE hire_closed (id INTEGER PRIMARY KEY CHECK (id = 1))'],
];

export class HireStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    migrate(sql, SCHEMA, 'hire');
    this.#sql = sql;
  }

  find(key: string): HireJob | null {
    const row = first(this.#sql, 'SELECT job FROM hired WHERE key = ?', key);
    return row === undefined ? null : jobOf(row);
  }

  save(job: HireJob): void {
    this.#sql.run(
      `INSERT INTO hired (key, look_at, job) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET look_at = excluded.look_at, job = excluded.job`,
      job.key,
      job.phase === 'done' ? null : job.lookAt_ms,
      toJson(job),
    );
  }

  /** Those to be looked at by then, the longest due first. */
  due(now_ms: number): HireJob[] {
    return this.#sql
      .all('SELECT job FROM hired WHERE look_at <= ? ORDER BY look_at', now_ms)
      .map((row) => jobOf(row));
  }

  /** When the next one is due, Unix ms; null when all are done. */
  nextAt_ms(): number | null {
    const at = first(this.#sql, 'SELECT MIN(look_at) AS at FROM hired')?.at;
    return typeof at === 'number' ? at : null;
  }

  /** Whether nobody is hired any more. */
  get closed(): boolean {
    return first(this.#sql, 'SELECT 1 AS one FROM hire_closed') !== undefined;
  }

  /** Stores that, with what it makes of the jobs that are under way. */
  close(how: (job: HireJob) => HireJob): void {
    this.#sql.transaction(() => {
      this.#sql.run('INSERT OR IGNORE INTO hire_closed (id) VALUES (1)');
      for (const row of this.#sql.all('SELECT job FROM hired WHERE look_at IS NOT NULL'))
        this.save(how(jobOf(row)));
    });
  }

  /** Lets go of what has ended. @returns whether nothing is left */
  forget(): boolean {
    this.#sql.run('DELETE FROM hired WHERE look_at IS NULL');
    return this.nextAt_ms() === null;
  }

  // ── Money ──

  setAside(limit: Msats, key: string, most: Msats): Msats | null {
    const set = setAside(this.#books(limit), key, most);
    if (set === null) return null;
    this.#sql.run(
      'INSERT OR IGNORE INTO hire_money (key, msats, open) VALUES (?, ?, 1)',
      key,
      set.most_msats.toString(),
    );
    return set.most_msats;
  }

  settle(limit: Msats, key: string, cost: Msats): void {
    const before = this.#books(limit);
    if (settle(before, key, cost) === before) return;
    this.#sql.run('UPDATE hire_money SET msats = ?, open = 0 WHERE key = ?', cost.toString(), key);
  }

  remaining(limit: Msats): Msats {
    return remaining(this.#books(limit));
  }

  /** What all hires of the run have cost so far, also those whose money is on its way or whose work is not done. */
  spent(): Msats {
    const rows = this.#sql.all('SELECT key, msats, open FROM hire_money');
    return add(
      ...rows.map((row) =>
        row.open === 1 ? this.#committed(String(row.key)) : msatsSchema.parse(row.msats),
      ),
    );
  }

  #committed(key: string): Msats {
    const job = this.find(key);
    return job === null ? ZERO_MSATS : committed(job);
  }

  #books(limit_msats: Msats): HireBooks {
    const rows = this.#sql.all('SELECT key, msats, open FROM hire_money');
    const hires = rows.map(
      (row) => [String(row.key), { msats: msatsSchema.parse(row.msats), open: row.open === 1 }] as const,
    );
    return { limit_msats, hires: new Map(hires) };
  }
}

function jobOf(row: SqlRow): HireJob {
  return hireJobSchema.parse(JSON.parse(String(row.job)));
}
