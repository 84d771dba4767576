/** How often one network address may ask for what costs us something: coarse, per isolate, and forgotten with it. */
import { Budget } from '../link/budget.ts';
import { Recent } from '../link/recent.ts';

export class Sieve {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #budgets: Recent<Budget>;

  /** @param addresses most that are remembered; who is forgotten begins anew */
  constructor(perSecond: number, burst: number, addresses: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#budgets = new Recent(addresses);
  }

  /** @param address as the platform gives it; undefined (locally) is never held up */
  lets(address: string | undefined, now_ms: number): boolean {
    if (address === undefined) return true;
    const budget = this.#budgets.get(address) ?? new Budget(this.#perSecond, this.#burst, now_ms);
    this.#budgets.set(address, budget);
    return budget.take(1, now_ms);
  }
}
