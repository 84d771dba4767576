/**
 * What models cost us. Prices are whole numbers, so that sums are exact: msats, or millionths of a US dollar, for a
 * million tokens. Costs are rounded up once, at the end, so that they never come out below what is paid.
 */
import type { ModelPrice, PriceTable } from '../../config/models.ts';
import type { Msats } from '../../payment/msats.ts';
import { msats } from '../../payment/msats.ts';
import type { Usage } from '../../protocol/model.ts';

export type { ModelPrice, PriceTable };

const TOKENS_PER_PRICE = 1_000_000n;
const MICRO_USD_PER_USD = 1_000_000n;

/** Usage per model, as runs keep it. */
export type ModelUsage = { readonly [model: string]: Usage };

export interface UsageCost {
  readonly total_msats: Msats;
  /** By model, each rounded up by itself, so they may sum up to a little more. */
  readonly byModel: ReadonlyMap<string, Msats>;
  /** Models whose price is not known: the total lacks them. */
  readonly unpriced: readonly string[];
}

/**
 * The cost of what was used.
 *
 * @param msatsPerUsd the rate for prices in dollars; null where none is known, then those models are unpriced
 */
export function costOf(usage: ModelUsage, prices: PriceTable, msatsPerUsd: bigint | null): UsageCost {
  const byModel = new Map<string, Msats>();
  const unpriced: string[] = [];
  // A fraction with one denominator for all.
  let total = 0n;
  for (const [model, used] of Object.entries(usage)) {
    const price = prices.get(model);
    const parts = price === undefined ? null : partsOf(price, used, msatsPerUsd);
    if (parts === null) {
      unpriced.push(model);
      continue;
    }
    total += parts;
    byModel.set(model, msats(up(parts)));
  }
  return { total_msats: msats(up(total)), byModel, unpriced };
}

/** The most a request can cost: its question, and an answer as long as it may be. Null where the price is unknown. */
export function ceilingOf(
  price: ModelPrice,
  tokens: { readonly prompt: number; readonly answer: number },
  msatsPerUsd: bigint | null,
): Msats | null {
  const usage = {
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.answer,
    total_tokens: tokens.prompt + tokens.answer,
  };
  const parts = partsOf(price, usage, msatsPerUsd);
  return parts === null ? null : msats(up(parts));
}

/** What was used, in the currency of its price: for figures, since a number of JavaScript rounds. */
export function amountOf(
  { unit, input, output }: ModelPrice,
  usage: Usage,
): { readonly currency: 'sats' | 'usd'; readonly amount: number } {
  const parts = BigInt(usage.prompt_tokens) * input + BigInt(usage.completion_tokens) * output;
  const amount = Number(parts) / Number(TOKENS_PER_PRICE);
  return unit === 'msats'
    ? { currency: 'sats', amount: amount / 1_000 }
    : { currency: 'usd', amount: amount / Number(MICRO_USD_PER_USD) };
}

const PARTS_PER_MSAT = TOKENS_PER_PRICE * MICRO_USD_PER_USD;

function partsOf(price: ModelPrice, usage: Usage, msatsPerUsd: bigint | null): bigint | null {
  const amount = BigInt(usage.prompt_tokens) * price.input + BigInt(usage.completion_tokens) * price.output;
  if (price.unit === 'msats') return amount * MICRO_USD_PER_USD;
  return msatsPerUsd === null ? null : amount * msatsPerUsd;
}

function up(parts: bigint): bigint {
  return (parts + PARTS_PER_MSAT - 1n) / PARTS_PER_MSAT;
}
