/**
 * How far the stored events were handed on to somebody: one saved number instead of a row per event. Everything up
 * to the mark was handed on; what lies above is handed on again after a crash, so receivers must be repeat-safe.
 */
import { first, type Sql } from '../store/sql.ts';

/** A low-water mark over sequence numbers. */
export class Mark {
  readonly #sql: Sql;
  readonly #name: string;
  /** Begun and not ended; insertion order is ascending, so the first is the lowest. */
  readonly #open = new Set<number>();
  #highest: number;
  #saved: number;

  /** @param name whose mark it is */
  constructor(sql: Sql, name: string) {
    this.#sql = sql;
    this.#name = name;
    this.#saved = first<{ seq: number }>(sql, 'SELECT seq FROM mark WHERE name = ?', name)?.seq ?? 0;
    this.#highest = this.#saved;
  }

  /** Up to here everything was handed on. */
  get value(): number {
    for (const lowest of this.#open) return lowest - 1;
    return this.#highest;
  }

  /** Up to here events were seen, whether they are handed on already or not. */
  get highest(): number {
    return this.#highest;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Whether storage lags behind. */
  get unsaved(): boolean {
    return this.value > this.#saved;
  }

  /** An event that nobody has to be given. Numbers must come in ascending order. */
  pass(seq: number): void {
    if (seq > this.#highest) this.#highest = seq;
  }

  /** An event that is being handed on. Numbers must come in ascending order. */
  begin(seq: number): void {
    this.pass(seq);
    this.#open.add(seq);
  }

  /** It was handed on. */
  end(seq: number): void {
    this.#open.delete(seq);
  }

  /** Writes the mark down, if it moved: one row. */
  save(): void {
    const { value } = this;
    if (value <= this.#saved) return;
    this.#sql.run(
      'INSERT INTO mark (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq',
      this.#name,
      value,
    );
    this.#saved = value;
  }
}
