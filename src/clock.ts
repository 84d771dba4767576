/** Time as an argument: production passes `Date.now`, tests pass their own. */

/** Unix ms. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
