/**
 * Money: whole millisatoshis as `bigint`, checked once and typed from then on. A fraction, a negative amount or a
 * number that was rounded somewhere cannot become an {@link Msats}. Differences and ledger postings, which may be
 * negative, are plain `bigint`.
 */
import * as z from 'zod';

declare const checked: unique symbol;
/** An amount from 0 to {@link MAX_MSATS}. */
export type Msats = bigint & { readonly [checked]: true };

/** msats in a sat. */
export const MSATS_PER_SAT = 1_000n;
/**
 * The largest amount we handle, about 90,000 bitcoin: NIP-47 and LNURL carry amounts as JSON numbers, which are
 * exact only up to here.
 */
export const MAX_MSATS = BigInt(Number.MAX_SAFE_INTEGER);

/** Decimal digits without sign, fraction or leading zero, as amounts stand in tags and in JSON of ours. */
const DIGITS = /^(0|[1-9]\d{0,15})$/;

/** Whether a whole number is an amount. */
export function isMsats(value: bigint): value is Msats {
  return value >= 0n && value <= MAX_MSATS;
}

/**
 * An amount from a number that our own code made.
 *
 * @throws RangeError when it is no whole number from 0 to MAX_MSATS; outside input goes through {@link parseMsats}
 */
export function msats(value: bigint | number): Msats {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`${value} is not a whole number of msats`);
  }
  const whole = BigInt(value);
  if (!isMsats(whole)) throw new RangeError(`${whole} is no amount of msats`);
  return whole;
}

export const ZERO_MSATS = msats(0);

/** An amount from text of outside, decimal msats; null for anything else. */
export function parseMsats(text: string): Msats | null {
  if (!DIGITS.test(text)) return null;
  const value = BigInt(text);
  return isMsats(value) ? value : null;
}

/** An amount from whole sats, as NIPs and contracts give them; null for a fraction, a negative or an absurd one. */
export function msatsFromSats(sats: unknown): Msats | null {
  if (typeof sats !== 'number' || !Number.isSafeInteger(sats)) return null;
  const value = BigInt(sats) * MSATS_PER_SAT;
  return isMsats(value) ? value : null;
}

/** Sats, exact, with up to three decimals and no trailing zeros: `21`, `0.5`, `1.005`. For people and for `cost` tags. */
export function formatSats(amount: Msats): string {
  const fraction = (amount % MSATS_PER_SAT).toString().padStart(3, '0').replace(/0+$/, '');
  const whole = (amount / MSATS_PER_SAT).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** An amount as a JSON number, where a specification wants one (NIP-47, LNURL). Exact by MAX_MSATS. */
export function toNumber(amount: Msats): number {
  return Number(amount);
}

/** Reads what {@link toJson} wrote: a decimal string. */
export const msatsSchema = z.string().transform((text, context): Msats => {
  const amount = parseMsats(text);
  if (amount !== null) return amount;
  context.addIssue({ code: 'custom', message: 'must be msats as a decimal string' });
  return z.NEVER;
});

/** JSON of a value that holds amounts: each `bigint` becomes a decimal string. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
}

/** @throws RangeError when the sum is no amount any more */
export function add(...amounts: readonly Msats[]): Msats {
  return msats(amounts.reduce((sum: bigint, amount) => sum + amount, 0n));
}

/** @throws RangeError when `less` is more than `amount`: the caller forgot to compare */
export function subtract(amount: Msats, less: Msats): Msats {
  return msats(amount - less);
}

/** An operator's share, in millionths, so that fractions of a percent are whole numbers. */
export const FEE_PARTS = 1_000_000;

/** A percentage from the configuration as millionths. @throws RangeError outside 0 to 100 or finer than a millionth */
export function feeFromPercent(percent: number): number {
  const parts = Math.round(percent * 10_000);
  if (!(percent >= 0 && percent <= 100) || Math.abs(parts - percent * 10_000) > 1e-6) {
    throw new RangeError(`${percent} is no percentage with at most four decimals`);
  }
  return parts;
}

/** What of an amount goes to the worker and what to the operator. They add up to the amount. */
export interface FeeSplit {
  readonly payout: Msats;
  readonly fee: Msats;
}

/**
 * Splits a price. The fee is rounded up, so that the payout is never more than the amount minus the exact fee.
 *
 * @param feeParts the operator's share in millionths
 */
export function splitFee(amount: Msats, feeParts: number): FeeSplit {
  if (!Number.isInteger(feeParts) || feeParts < 0 || feeParts > FEE_PARTS) {
    throw new RangeError(`${feeParts} is no share in millionths`);
  }
  const fee = ceilDivide(amount * BigInt(feeParts), BigInt(FEE_PARTS));
  return { payout: msats(amount - fee), fee: msats(fee) };
}

/**
 * Divides an amount by weights (NIP-57 Appendix G: zap splits). The parts add up to the amount; msats left over by
 * rounding go one each to the first of those with the largest remainders. Without any weight everybody gets alike.
 *
 * @param weights whole numbers, 0 for who gets nothing
 * @returns one amount per weight
 */
export function splitByWeights(amount: Msats, weights: readonly number[]): Msats[] {
  if (weights.length === 0) throw new RangeError('an amount cannot be divided among nobody');
  if (!weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0)) {
    throw new RangeError('weights are whole numbers');
  }
  const shares = weights.some((weight) => weight > 0) ? weights.map(BigInt) : weights.map(() => 1n);
  const total = shares.reduce((sum, share) => sum + share, 0n);
  const parts = shares.map((share) => (amount * share) / total);
  let left = amount - parts.reduce((sum, part) => sum + part, 0n);
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: (amount * share) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1));
  const extra = new Set<number>();
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    extra.add(index);
    left -= 1n;
  }
  return parts.map((part, index) => msats(extra.has(index) ? part + 1n : part));
}

/** Division rounded up, for prices and fees: nobody is charged a fraction of a msat. */
export function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
