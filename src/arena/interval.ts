/** How sure one can be of a share that was counted (Wilson's interval), and how surprising a count is (binomial). */

/** Two-sided 95 %. */
export const Z_95 = 1.959963984540054;

/** The bounds of the true share, in 0..1; 0 and 1 when nothing was counted. */
export function wilson(
  passed: number,
  tried: number,
  z = Z_95,
): { readonly lower: number; readonly upper: number } {
  if (tried === 0) return { lower: 0, upper: 1 };
  const share = passed / tried;
  const square = z * z;
  const centre = share + square / (2 * tried);
  const spread = z * Math.sqrt((share * (1 - share)) / tried + square / (4 * tried * tried));
  const scale = 1 + square / tried;
  return { lower: Math.max(0, (centre - spread) / scale), upper: Math.min(1, (centre + spread) / scale) };
}

/** The chance of at least `passed` of `tried` when each passes with chance `p`, in 0..1. */
export function binomialTail(passed: number, tried: number, p: number): number {
  if (passed <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let total = 0;
  // By logarithms: the terms of a few thousand attempts are below the smallest double.
  let term = tried * Math.log(1 - p);
  for (let k = 0; k <= tried; k += 1) {
    if (k >= passed) total += Math.exp(term);
    term += Math.log(tried - k) - Math.log(k + 1) + Math.log(p) - Math.log(1 - p);
  }
  return Math.min(1, total);
}
