/** A season in SQLite: as much of it in memory as a round needs. */
import type { Language } from '../../checks/executor.ts';
import { ARENA_EMBARGO_ROUNDS } from '../../limits.ts';
import { first, type Sql } from '../../store/sql.ts';
import { isFrontier } from '../qualification.ts';
import { pick, type Random, sample } from '../random.ts';
import { firstTasks, type Season, type StoredTask } from '../season.ts';
import { MODES, type Mode } from '../settings.ts';
import type { Task } from '../task.ts';

/** Tasks that anybody may see are of rounds up to this: seeds from the start. */
const SEED_ROUND = -ARENA_EMBARGO_ROUNDS;

export class KeptSeason implements Season {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Begins a season, unless one is under way. One whose language was changed begins anew, with the same ratings. */
  begin(language: Language, seed: number, seeds: readonly Task[], limit: number): void {
    const known = first(this.#sql, 'SELECT language, round FROM season');
    if (known?.language === language) return;
    this.#sql.transaction(() => {
      this.#sql.run('DELETE FROM tasks');
      this.#sql.run('DELETE FROM questions');
      if (known === undefined) {
        this.#sql.run('INSERT INTO season VALUES (1, ?, ?, 0, NULL, 0, 0, 0)', language, seed);
      } else this.#sql.run('UPDATE season SET language = ?, models = NULL', language);
      for (const task of firstTasks(language, seeds)) this.#put(task, SEED_ROUND, limit, false);
    });
  }

  get round(): number {
    return Number(first(this.#sql, 'SELECT round FROM season')?.round ?? 0);
  }

  /** Counts a round and stores its task. Call it within a transaction. */
  store(task: StoredTask | null, limit: number, attempts: number): void {
    const round = this.round + 1;
    if (task !== null) this.#put(task, round, limit, isFrontier(task.tally, attempts));
    this.#sql.run('UPDATE season SET round = ?, models = NULL', round);
  }

  references(mode: Mode, count: number, random: Random): readonly StoredTask[] {
    const { least, next } = this.#places(mode);
    const places = Array.from({ length: next - least }, (_, i) => least + i);
    return sample(places, count, random).flatMap((place) =>
      this.#tasks('WHERE mode = ? AND place = ?', mode, place),
    );
  }

  holds(id: string): boolean {
    return first(this.#sql, 'SELECT 1 AS held FROM tasks WHERE id = ?', id) !== undefined;
  }

  published(count: number): readonly Task[] {
    const newest = MODES.flatMap((mode) =>
      this.#sql.all<{ round: number; task: string }>(
        'SELECT round, task FROM tasks WHERE mode = ? AND round <= ? ORDER BY place DESC LIMIT ?',
        mode,
        this.round - ARENA_EMBARGO_ROUNDS,
        count,
      ),
    );
    return newest
      .sort((a, b) => b.round - a.round)
      .slice(0, count)
      .reverse()
      .map(({ task }) => storedTask(task).task);
  }

  subject(random: Random): Task | null {
    const open = this.round - ARENA_EMBARGO_ROUNDS;
    // At most one task a round, so that the young ones are among the last so many places.
    const young = this.#tasks(
      `WHERE mode IN ('deduction', 'abduction') AND round > ? AND place >=
        (SELECT max(place) - ? FROM tasks AS last WHERE last.mode = tasks.mode)
        AND NOT EXISTS (SELECT 1 FROM tasks AS other WHERE other.program_id = tasks.program_id
          AND (other.round <= ? OR other.mode = 'induction'))
        ORDER BY round, mode`,
      open,
      ARENA_EMBARGO_ROUNDS,
      open,
    );
    return pick(young, random)?.task ?? null;
  }

  /** The newest tasks of a mode that some solved and some did not. */
  frontier(mode: Mode, count: number): readonly StoredTask[] {
    return this.#tasks('WHERE mode = ? AND frontier = 1 ORDER BY place DESC LIMIT ?', mode, count);
  }

  #put(task: StoredTask, round: number, limit: number, frontier: boolean): void {
    const { mode } = task.task;
    const { next } = this.#places(mode);
    this.#sql.run('DELETE FROM tasks WHERE mode = ? AND place <= ?', mode, next - limit);
    this.#sql.run(
      'INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?)',
      mode,
      next,
      round,
      task.id,
      task.programId,
      frontier ? 1 : 0,
      JSON.stringify(task),
    );
  }

  #places(mode: Mode): { readonly least: number; readonly next: number } {
    const row = first(
      this.#sql,
      'SELECT min(place) AS least, max(place) AS last FROM tasks WHERE mode = ?',
      mode,
    );
    return row === undefined || row.last === null
      ? { least: 0, next: 0 }
      : { least: Number(row.least), next: Number(row.last) + 1 };
  }

  #tasks(where: string, ...parameters: (string | number)[]): readonly StoredTask[] {
    return this.#sql
      .all<{ task: string }>(`SELECT task FROM tasks ${where}`, ...parameters)
      .map(({ task }) => storedTask(task));
  }
}

function storedTask(text: string): StoredTask {
  const task: StoredTask = JSON.parse(text);
  return task;
}
