/** What rounds leave behind in the house: open groups, ratings, pairs, the course of the frontier. */
import { ARENA_STRETCH_ROUNDS } from '../../limits.ts';
import type { ArenaFrontierRecord, ArenaGroupRecord, ArenaNews } from '../../store/arena.ts';
import type { RatingRecord } from '../../store/arena-record.ts';
import { first, type Sql } from '../../store/sql.ts';
import { type PairCount, suspiciousPairs } from '../collusion.ts';
import { isFrontier } from '../qualification.ts';
import { advantagesIn, closeGroup, isDue, type Rating, type Result } from '../rating.ts';
import type { RoundRecord } from '../round.ts';
import type { Mode, Role } from '../settings.ts';

/** What closing groups leaves for the record. */
export type Closed = Pick<ArenaNews, 'advantages' | 'groups' | 'ratings'>;

/** A result of an open group, with the place of its response in the record. */
export interface OpenResult extends Result {
  readonly round: number;
  readonly at: number;
}

type Stretch = Omit<ArenaFrontierRecord, 'mode'>;

export class Scores {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The group into which the next results of a mode and role go. */
  groupOf(mode: Mode, role: Role): string {
    const row = first(this.#sql, 'SELECT number FROM open_groups WHERE mode = ? AND role = ?', mode, role);
    return groupName(mode, role, Number(row?.number ?? 0));
  }

  /** Adds results to their group, and closes it when it is due. Call it within a transaction. */
  add(mode: Mode, role: Role, results: readonly OpenResult[], now_ms: number): Closed {
    const row = first(this.#sql, 'SELECT * FROM open_groups WHERE mode = ? AND role = ?', mode, role);
    const number = Number(row?.number ?? 0);
    const before: readonly OpenResult[] = JSON.parse(String(row?.results ?? '[]'));
    const all = [...before, ...results];
    const opened_ms = before.length === 0 ? now_ms : Number(row?.opened_ms);
    const group = { mode, role, opened_ms, results: all };
    if (!isDue(group, now_ms)) {
      if (results.length > 0) this.#putGroup(mode, role, number, opened_ms, all);
      return { advantages: [], groups: [], ratings: [] };
    }
    this.#putGroup(mode, role, number + 1, now_ms, []);
    const advantages = advantagesIn(all);
    const ratings = closeGroup(group, this.ratings(mode, role));
    const changed = [...new Set(all.map(({ agent }) => agent))].sort();
    return {
      advantages: all.map(({ round, at }, i) => ({ round, at, advantage: advantages[i] ?? 0 })),
      groups: [groupRecord(groupName(mode, role, number), group, now_ms)],
      ratings: changed.flatMap((agent) => {
        const rating = ratings.get(agent);
        if (rating === undefined) return [];
        this.#putRating(mode, role, agent, rating);
        return [{ agent, mode, role, ...rating, updatedAt_ms: now_ms } satisfies RatingRecord];
      }),
    };
  }

  ratings(mode: Mode, role: Role): ReadonlyMap<string, Rating> {
    const rows = this.#sql.all('SELECT * FROM ratings WHERE mode = ? AND role = ?', mode, role);
    return new Map(
      rows.map((row) => {
        const rating = {
          count: Number(row.count),
          sumAdvantage: Number(row.sum_advantage),
          ema: Number(row.ema),
          passed: Number(row.passed),
        };
        return [String(row.agent), rating];
      }),
    );
  }

  /** Counts what each solver made of a task that every attempt was made at, and who is too good together. Call it within a transaction. */
  countPairs({ mode, proposer, stored, attempts }: RoundRecord): void {
    if (stored === null || stored.learnability === null) return;
    for (const [solver, own] of Map.groupBy(attempts, ({ agent }) => agent)) {
      const passed = own.some(({ right }) => right) ? 1 : 0;
      this.#sql.run(
        `INSERT INTO pairs VALUES (?, ?, ?, 1, ?, 0)
         ON CONFLICT (mode, proposer, solver) DO UPDATE SET tasks = tasks + 1, passed = passed + excluded.passed`,
        mode,
        proposer,
        solver,
        passed,
      );
    }
    this.#suspect(mode);
  }

  /** Solvers that are suspected together with a proposer. */
  suspects(mode: Mode, proposer: string): ReadonlySet<string> {
    const rows = this.#sql.all(
      'SELECT solver FROM pairs WHERE mode = ? AND proposer = ? AND suspected = 1',
      mode,
      proposer,
    );
    return new Set(rows.map(({ solver }) => String(solver)));
  }

  #suspect(mode: Mode): void {
    const rows = this.#sql.all('SELECT * FROM pairs WHERE mode = ?', mode);
    const counts = rows.map((row): PairCount => {
      const { proposer, solver, tasks, passed } = row;
      return {
        proposer: String(proposer),
        solver: String(solver),
        passed: Number(passed),
        tasks: Number(tasks),
      };
    });
    for (const { proposer, solver } of suspiciousPairs(counts)) {
      this.#sql.run(
        'UPDATE pairs SET suspected = 1 WHERE mode = ? AND proposer = ? AND solver = ? AND suspected = 0',
        mode,
        proposer,
        solver,
      );
    }
  }

  /** Adds a round to the course of the frontier. Call it within a transaction. */
  addToCourse({ mode, stored }: RoundRecord, attempts: number): ArenaFrontierRecord {
    const row = first(this.#sql, 'SELECT stretch FROM stretches WHERE mode = ?', mode);
    const last: Stretch | null = row === undefined ? null : JSON.parse(String(row.stretch));
    const before =
      last === null || last.rounds >= ARENA_STRETCH_ROUNDS
        ? { ...EMPTY_STRETCH, stretch: last === null ? 0 : last.stretch + 1 }
        : last;
    const measured = stored !== null && stored.learnability !== null ? stored : null;
    const lies = measured !== null && isFrontier(measured.tally, attempts);
    const after = {
      stretch: before.stretch,
      rounds: before.rounds + 1,
      tasks: before.tasks + (measured === null ? 0 : 1),
      attempts: before.attempts + (measured?.tally.done ?? 0),
      solved: before.solved + (measured?.tally.solved ?? 0),
      learnability: before.learnability + (measured?.learnability ?? 0),
      frontier: before.frontier + (lies ? 1 : 0),
      frontierChars: before.frontierChars + (lies ? measured.task.program.length : 0),
    };
    this.#sql.run(
      'INSERT INTO stretches VALUES (?, ?) ON CONFLICT (mode) DO UPDATE SET stretch = excluded.stretch',
      mode,
      JSON.stringify(after),
    );
    return { ...after, mode };
  }

  #putGroup(mode: Mode, role: Role, number: number, opened_ms: number, results: readonly OpenResult[]): void {
    this.#sql.run(
      `INSERT INTO open_groups VALUES (?, ?, ?, ?, ?) ON CONFLICT (mode, role) DO UPDATE SET
       number = excluded.number, opened_ms = excluded.opened_ms, results = excluded.results`,
      mode,
      role,
      number,
      opened_ms,
      JSON.stringify(results),
    );
  }

  #putRating(mode: Mode, role: Role, agent: string, rating: Rating): void {
    this.#sql.run(
      `INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mode, role, agent) DO UPDATE SET
       count = excluded.count, sum_advantage = excluded.sum_advantage, ema = excluded.ema, passed = excluded.passed`,
      mode,
      role,
      agent,
      rating.count,
      rating.sumAdvantage,
      rating.ema,
      rating.passed,
    );
  }
}

const EMPTY_STRETCH = {
  rounds: 0,
  tasks: 0,
  attempts: 0,
  solved: 0,
  learnability: 0,
  frontier: 0,
  frontierChars: 0,
};

function groupName(mode: Mode, role: Role, number: number): string {
  return `${mode}/${role}/${number}`;
}

function groupRecord(
  id: string,
  { mode, role, opened_ms, results }: Parameters<typeof isDue>[0],
  closedAt_ms: number,
): ArenaGroupRecord {
  const rewards = results.map(({ reward }) => reward);
  const mean = rewards.reduce((total, one) => total + one, 0) / rewards.length;
  const variance =
    rewards.length < 2
      ? 0
      : rewards.reduce((total, one) => total + (one - mean) ** 2, 0) / (rewards.length - 1);
  return { id, mode, role, openedAt_ms: opened_ms, closedAt_ms, results: rewards.length, mean, variance };
}
