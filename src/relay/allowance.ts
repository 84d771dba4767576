/** A token bucket that may be overdrawn: what a connection may send us or make us send. */
export class Allowance {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at_ms: number;

  /**
   * @param burst units that can be saved up; it starts full
   * @param perSecond units that come back a second
   * @param now_ms Unix ms
   */
  constructor(burst: number, perSecond: number, now_ms: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
    this.#left = burst;
    this.#at_ms = now_ms;
  }

  /** Spends `units` and says what is left, which is negative when it was overdrawn. A clock that jumps back gives nothing. */
  spend(units: number, now_ms: number): number {
    if (now_ms > this.#at_ms)
      this.#left = Math.min(this.#burst, this.#left + (now_ms - this.#at_ms) * this.#perMs);
    this.#at_ms = now_ms;
    this.#left -= units;
    return this.#left;
  }
}
