/** Keys the operator keeps out of the embedded relay at run time, in its own storage: rules for events cannot wait for D1. */
import type { Sql } from '../store/sql.ts';

export class BlockedAuthors {
  readonly #sql: Sql;
  readonly #configured: ReadonlySet<string>;
  #keys: ReadonlySet<string>;

  /** @param configured those of BLOCKED_PUBKEYS, which stay whatever is set at run time */
  constructor(sql: Sql, configured: ReadonlySet<string>) {
    this.#sql = sql;
    this.#configured = configured;
    this.#keys = this.#stored();
  }

  has(pubkey: string): boolean {
    return this.#configured.has(pubkey) || this.#keys.has(pubkey);
  }

  /** These and no others are kept out from now on, besides the configured ones. Only what differs is written. */
  replace(pubkeys: readonly string[]): void {
    const wanted = new Set(pubkeys);
    this.#sql.transaction(() => {
      for (const key of this.#keys)
        if (!wanted.has(key)) this.#sql.run('DELETE FROM blocked WHERE pubkey = ?', key);
      for (const key of wanted)
        if (!this.#keys.has(key)) this.#sql.run('INSERT INTO blocked (pubkey) VALUES (?)', key);
    });
    this.#keys = this.#stored();
  }

  #stored(): ReadonlySet<string> {
    return new Set(
      this.#sql.all<{ pubkey: string }>('SELECT pubkey FROM blocked').map(({ pubkey }) => pubkey),
    );
  }
}
