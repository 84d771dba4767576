/**
 * What a model has used, for the operator's metrics: counted in memory, and stored by whoever calls `flush` now and then,
 * because a written row for every answer would be dearer than what it tells is worth.
 */
import type { Usage } from '../../protocol/model.ts';
import { first, type Sql } from '../../store/sql.ts';
import { plus } from '../loop/usage.ts';
import { openTrafficTables } from './traffic-schema.ts';

export class KeptUsage {
  readonly #sql: Sql;
  readonly #model: string;
  #total: Usage;
  #unsaved = false;

  constructor(sql: Sql, model: string) {
    openTrafficTables(sql);
    this.#sql = sql;
    this.#model = model;
    const row = first(sql, 'SELECT input, output FROM used WHERE model = ?', model);
    const [prompt_tokens, completion_tokens] = [Number(row?.input ?? 0), Number(row?.output ?? 0)];
    this.#total = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  }

  get total(): Usage {
    return this.#total;
  }

  /** Counts an answer. Whether it is the first since the last `flush`. */
  add(usage: Usage): boolean {
    this.#total = plus(this.#total, usage);
    const first = !this.#unsaved;
    this.#unsaved = true;
    return first;
  }

  flush(): void {
    if (!this.#unsaved) return;
    const { prompt_tokens, completion_tokens } = this.#total;
    this.#sql.run(
      'INSERT OR REPLACE INTO used (model, input, output) VALUES (?, ?, ?)',
      this.#model,
      prompt_tokens,
      completion_tokens,
    );
    this.#unsaved = false;
  }
}
