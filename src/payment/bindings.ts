/** What each payment hash stands for: one purpose, for good (LIGHTNING §7.5, invariant 9). */
import { first, type Sql } from '../store/sql.ts';

export class Bindings {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.run(
      'CREATE TABLE IF NOT EXISTS binding (hash TEXT PRIMARY KEY, purpose TEXT NOT NULL) WITHOUT ROWID',
    );
  }

  /**
   * Binds a hash to a purpose. Repeat-safe.
   *
   * @param paymentHash hex
   * @param purpose for example `job:<id>`
   * @returns false when it stands for something else already
   */
  bind(paymentHash: string, purpose: string): boolean {
    this.#sql.run('INSERT OR IGNORE INTO binding (hash, purpose) VALUES (?, ?)', paymentHash, purpose);
    return this.isBound(paymentHash, purpose);
  }

  /** Whether a hash stands for a purpose. Changes nothing. */
  isBound(paymentHash: string, purpose: string): boolean {
    const row = first<{ purpose: string }>(
      this.#sql,
      'SELECT purpose FROM binding WHERE hash = ?',
      paymentHash,
    );
    return row?.purpose === purpose;
  }
}
