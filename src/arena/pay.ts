/** What proposers are paid: a pool, shared by how much could be learnt from each task. */

/**
 * Shares in msats, whole, in the order of the tasks. They never add up to more than the pool; what rounding leaves goes
 * to the largest remainders, the earlier task first.
 *
 * @param learnable of each task; null for one whose attempts were not all made
 */
export function sharesOf(pool_msats: bigint, learnable: readonly (number | null)[]): readonly bigint[] {
  const weights = learnable.map((value) => Math.max(0, value ?? 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return weights.map(() => 0n);
  // Millionths: rewards are eighths, and sums of them exact.
  const parts = weights.map((weight) => BigInt(Math.round((weight / total) * 1_000_000)));
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  const shares = parts.map((part) => (pool_msats * part) / whole);
  let left = pool_msats - shares.reduce((sum, share) => sum + share, 0n);
  const order = parts
    .map((part, i) => ({ i, rest: (pool_msats * part) % whole }))
    .sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1));
  for (const { i, rest } of order) {
    if (left === 0n || rest === 0n) break;
    shares[i] = (shares[i] ?? 0n) + 1n;
    left -= 1n;
  }
  return shares;
}
