/**
 * How many jobs a client may have of an agent in an hour. The client's account holds the count; sessions take
 * leave for several jobs at once, so that not every job costs a call and a written row.
 */
import { QUOTA_LEAVE_MAX, QUOTA_WINDOW_MS } from '../limits.ts';
import { ACCOUNT_SCHEMA } from '../store/account-schema.ts';
import { first, migrate, type Sql } from '../store/sql.ts';

export interface Leave {
  /** Jobs that may be opened. */
  readonly granted: number;
  /** Unix ms at which unused leave ends and a new window begins. */
  readonly until_ms: number;
}

/** The counts of one client (kept in its account object). */
export class Quotas {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    migrate(sql, ACCOUNT_SCHEMA);
  }

  /**
   * Grants as much of `want` as the limit still allows in this window.
   *
   * @param limit jobs per window
   */
  take(agent: string, limit: number, want: number, now_ms: number): Leave {
    const window = Math.floor(now_ms / QUOTA_WINDOW_MS);
    const until_ms = (window + 1) * QUOTA_WINDOW_MS;
    const row = first(this.#sql, 'SELECT window, granted FROM quotas WHERE agent = ?', agent);
    const used = row !== undefined && Number(row.window) === window ? Number(row.granted) : 0;
    const granted = Math.max(0, Math.min(want, limit - used));
    if (granted > 0) {
      this.#sql.run(
        'INSERT INTO quotas (agent, window, granted) VALUES (?, ?, ?) ON CONFLICT (agent) DO UPDATE SET window = excluded.window, granted = excluded.granted',
        agent,
        window,
        used + granted,
      );
    }
    return { granted, until_ms };
  }
}

/** The leave a session holds. Asks for as much as it used before, so that little of it is ever wasted. */
export class LeaveHeld {
  readonly #ask: (want: number) => Promise<Leave>;
  #left = 0;
  #used = 0;
  #until_ms = 0;

  constructor(ask: (want: number) => Promise<Leave>) {
    this.#ask = ask;
  }

  /** Uses leave for one job. Null when it is granted, else the Unix ms at which it is worth asking again. */
  async use(now_ms: number): Promise<number | null> {
    if (now_ms >= this.#until_ms) {
      this.#left = 0;
      this.#used = 0;
    }
    if (this.#left === 0) {
      const leave = await this.#ask(Math.min(QUOTA_LEAVE_MAX, this.#used + 1));
      this.#left += leave.granted;
      this.#until_ms = leave.until_ms;
    }
    if (this.#left === 0) return this.#until_ms;
    this.#left--;
    this.#used++;
    return null;
  }
}
