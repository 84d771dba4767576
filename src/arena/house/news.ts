/** What the record (D1) has not taken yet: written with what it tells of, handed on as often as it takes. */
import { ARENA_NEWS_BATCH } from '../../limits.ts';
import type { ArenaNews } from '../../store/arena.ts';
import type { Sql } from '../../store/sql.ts';

export const NO_NEWS: ArenaNews = {
  tasks: [],
  attempts: [],
  advantages: [],
  groups: [],
  ratings: [],
  qualifications: [],
  frontier: [],
};

export interface Unrecorded {
  /** Where it ends, for `recorded`. */
  readonly upto: number;
  readonly news: ArenaNews;
}

export class News {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Call it within a transaction. */
  put(news: ArenaNews): void {
    this.#sql.run('INSERT INTO news (news) VALUES (?)', JSON.stringify(news));
  }

  /** The oldest that the record has not taken; null when it has everything. */
  next(): Unrecorded | null {
    const rows = this.#sql.all('SELECT seq, news FROM news ORDER BY seq LIMIT ?', ARENA_NEWS_BATCH);
    const last = rows.at(-1);
    if (last === undefined) return null;
    const parts = rows.map((row): ArenaNews => JSON.parse(String(row.news)));
    return { upto: Number(last.seq), news: parts.reduce(joined) };
  }

  recorded(upto: number): void {
    this.#sql.run('DELETE FROM news WHERE seq <= ?', upto);
  }
}

export function joined(a: ArenaNews, b: ArenaNews): ArenaNews {
  return {
    tasks: [...a.tasks, ...b.tasks],
    attempts: [...a.attempts, ...b.attempts],
    advantages: [...a.advantages, ...b.advantages],
    groups: [...a.groups, ...b.groups],
    ratings: [...a.ratings, ...b.ratings],
    qualifications: [...a.qualifications, ...b.qualifications],
    frontier: [...a.frontier, ...b.frontier],
  };
}
