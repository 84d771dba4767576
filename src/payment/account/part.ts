/**
 * What an account object does by itself, in parts: tell the record, pass earnings on, publish receipts, pay out. Each
 * keeps its own rows and knows when it next has something to do; the object wakes for the earliest of them.
 */
export interface AccountPart {
  /** Unix ms; null while there is nothing to do. */
  nextAt_ms(): number | null;
  /**
   * Begins what is due. Whatever waits for others goes on after this returns (the object's `defer`), and what failed
   * has a later time. Repeat-safe; never throws.
   */
  tick(): void;
}

/** The earliest time of several, or null. */
export function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
