/** The counter of a metered module (scripts/sandbox/meter.ts), seen from outside. */

/** What the counter holds after the guest's stack was spent. */
const STACK_SPENT = -(2n ** 63n);
/** Enough for the engine's own work between two runs. */
const ENOUGH = 2n ** 62n;

export class Fuel {
  readonly #counter: WebAssembly.Global;
  /** What was left when the host took it. */
  #drained = 0n;

  /** @throws Error when the module is not metered */
  constructor(exports: WebAssembly.Exports) {
    const counter = exports.__fuel;
    if (!(counter instanceof WebAssembly.Global)) throw new Error('this module is not metered');
    this.#counter = counter;
  }

  get left(): bigint {
    return BigInt(this.#counter.value);
  }

  fill(units: number): void {
    this.#drained = 0n;
    this.#counter.value = BigInt(units);
  }

  /** For the engine's own work, which is no guest's to pay. */
  release(): void {
    this.#counter.value = ENOUGH;
  }

  /** Takes it all: whatever runs next in the module traps, even if it caught what ended the guest. */
  drain(): void {
    if (this.left < 0n) return;
    this.#drained = this.left;
    this.#counter.value = -1n;
  }

  /** Charges work that the host does for the guest. */
  take(units: number): void {
    this.#counter.value = this.left - BigInt(units);
  }

  get spent(): boolean {
    return this.left < 0n;
  }

  get stackSpent(): boolean {
    // Each try to go on takes another unit, and the counter wraps.
    return this.left === STACK_SPENT || this.left > ENOUGH;
  }

  /** Units used of a budget, the whole of it once it is spent. */
  usedOf(units: number): number {
    return units - Number(this.spent || this.stackSpent ? this.#drained : this.left);
  }
}
