/** The part of the configuration that says what the operator takes: for programs, and of what owned agents earn. */
import * as z from 'zod';

/** Where somebody can be paid: the usual budget of a program comes to a sat. In sats for a million units of fuel. */
const USUAL_SATS = 0.02;
const MOST_SATS = 1_000;
const MSATS_PER_SAT = 1_000;
/** Fees are counted in millionths, so that fractions of a percent are whole numbers. */
const FEE_PARTS_PER_PERCENT = 10_000;

/** The variables, for the one schema of the environment (config.ts). */
export const PRICE_VARIABLES = {
  FEE_PERCENT: z.coerce
    .number('must be a percentage')
    .refine((percent) => isPercent(percent), 'must be a percentage from 0 to 100 with at most four decimals')
    .default(10),
  FUEL_PRICE_SATS: z.coerce
    .number('must be a number of sats')
    .refine(isPrice, `must be from 0 to ${MOST_SATS} sats with at most three decimals`)
    .optional(),
};

/** Msats for a million units. Without a wallet nobody can be paid, and locally the only client is the developer. */
export function fuelPriceOf(env: {
  readonly FUEL_PRICE_SATS?: number | undefined;
  readonly LOCAL: boolean;
  readonly NWC_URI?: unknown;
}): number {
  const usual = env.LOCAL || env.NWC_URI === undefined ? 0 : USUAL_SATS;
  return Math.round((env.FUEL_PRICE_SATS ?? usual) * MSATS_PER_SAT);
}

function isPrice(sats: number): boolean {
  const msats = sats * MSATS_PER_SAT;
  return sats >= 0 && sats <= MOST_SATS && Math.abs(msats - Math.round(msats)) < 1e-6;
}

/** Millionths. */
export function feePartsOf(env: { readonly FEE_PERCENT: number }): number {
  return Math.round(env.FEE_PERCENT * FEE_PARTS_PER_PERCENT);
}

function isPercent(percent: number): boolean {
  const parts = percent * FEE_PARTS_PER_PERCENT;
  return percent >= 0 && percent <= 100 && Math.abs(parts - Math.round(parts)) < 1e-6;
}
