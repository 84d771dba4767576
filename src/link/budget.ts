/** A token bucket: so much a second, and a burst after a pause. Limits what one relay can cost. */
export class Budget {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at_ms: number;

  /**
   * @param perSecond refill, units a second
   * @param burst most units that can be saved up; the bucket starts full
   * @param now_ms Unix ms
   */
  constructor(perSecond: number, burst: number, now_ms: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at_ms = now_ms;
  }

  /** Takes `units` if they are there. A clock that jumps back refills nothing and breaks nothing. */
  take(units: number, now_ms: number): boolean {
    const elapsed_ms = Math.max(0, now_ms - this.#at_ms);
    this.#at_ms = now_ms;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed_ms * this.#perSecond) / 1_000);
    if (this.#tokens < units) return false;
    this.#tokens -= units;
    return true;
  }
}
