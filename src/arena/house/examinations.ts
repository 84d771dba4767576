/** Who is to be examined in what, and what came of it. */
import { ARENA_EXAM_RETRY_MS, ARENA_QUALIFIED_MS } from '../../limits.ts';
import type { QualificationRecord } from '../../store/arena-record.ts';
import { first, type Sql } from '../../store/sql.ts';
import { sameModels } from '../qualification.ts';
import type { Mode } from '../settings.ts';
import type { ModelAgent } from './model-seat.ts';

export class Examinations {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(agent: string, mode: Mode): QualificationRecord | null {
    const row = first(this.#sql, 'SELECT * FROM qualifications WHERE agent = ? AND mode = ?', agent, mode);
    if (row === undefined) return null;
    const models: readonly string[] = JSON.parse(String(row.models));
    return { agent, mode, qualified: row.qualified === 1, at_ms: Number(row.at_ms), models };
  }

  /** Whether an agent is to be examined: never was, with other models, too long ago, or failed some time ago. */
  isDue({ agent, models }: ModelAgent, mode: Mode, now_ms: number): boolean {
    const last = this.find(agent, mode);
    if (last === null || !sameModels(last.models, models)) return true;
    return now_ms - last.at_ms >= (last.qualified ? ARENA_QUALIFIED_MS : ARENA_EXAM_RETRY_MS);
  }

  /** Call it within a transaction. */
  put({ agent, mode, qualified, at_ms, models }: QualificationRecord): void {
    this.#sql.run(
      `INSERT INTO qualifications VALUES (?, ?, ?, ?, ?) ON CONFLICT (agent, mode) DO UPDATE SET
       qualified = excluded.qualified, at_ms = excluded.at_ms, models = excluded.models`,
      agent,
      mode,
      qualified ? 1 : 0,
      at_ms,
      JSON.stringify(models),
    );
  }
}
