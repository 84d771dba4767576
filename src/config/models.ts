/** What an operator says of the models: further ones, what may be asked of them, what they read and what they cost. */
import * as z from 'zod';
import {
  MODEL_CONTEXT_DEFAULT_TOKENS,
  MODEL_CONTEXT_MAX_TOKENS,
  MODEL_CONTEXT_MIN_TOKENS,
} from '../limits.ts';

/** What a million tokens cost the operator, in whole millisats or millionths of a US dollar, so that sums are exact. */
export interface ModelPrice {
  readonly unit: 'msats' | 'microUsd';
  readonly input: bigint;
  readonly output: bigint;
}

export type PriceTable = ReadonlyMap<string, ModelPrice>;

export interface ModelsConfig {
  /** Models asked in this order when the first cannot be, at the same provider (MODEL_FALLBACKS). */
  readonly fallbacks: readonly string[];
  /** What the provider allows of each model; null where no limit is known. */
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** What each of the models reads, question and answer together, tokens. */
  readonly contextTokens: number;
  /** By the model's name (MODEL_PRICES). */
  readonly prices: PriceTable;
}

/** What is done with a conversation longer than the context: the oldest left out, or told in short. */
export type ContextStrategy = 'truncate' | 'summarize';

const text = z.string().trim();
const names = text.transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const perMinute = (what: string) =>
  z.coerce
    .number(`must be a number of ${what}`)
    .int(`must be a whole number of ${what}`)
    .min(1, 'must be at least 1');

export const modelVariables = {
  MODEL: text.min(1).optional(),
  MODEL_FALLBACKS: names
    .refine((models) => new Set(models).size === models.length, 'must not name a model twice')
    .default([]),
  MODEL_RPM: perMinute('requests').optional(),
  MODEL_TPM: perMinute('tokens').optional(),
  MODEL_CONTEXT_TOKENS: z.coerce
    .number('must be a number of tokens')
    .int('must be a whole number of tokens')
    .min(MODEL_CONTEXT_MIN_TOKENS, `must be at least ${MODEL_CONTEXT_MIN_TOKENS}`)
    .max(MODEL_CONTEXT_MAX_TOKENS, `must be at most ${MODEL_CONTEXT_MAX_TOKENS}`)
    .default(MODEL_CONTEXT_DEFAULT_TOKENS),
  MODEL_PRICES: names
    .transform(parsePrices)
    .refine(
      (prices) => prices !== null,
      'must be a comma-separated list of model=input/output with usd or sats behind, for a million tokens',
    )
    .optional(),
  CHAT_CONTEXT: z.enum(['truncate', 'summarize'], 'must be truncate or summarize').default('truncate'),
};

type ModelVariables = z.infer<z.ZodObject<typeof modelVariables>>;

/** @returns what was read, or what is wrong with it, beginning with a variable's name */
export function modelsConfig(env: ModelVariables): ModelsConfig | string {
  if (env.MODEL !== undefined && env.MODEL_FALLBACKS.includes(env.MODEL)) {
    return 'MODEL_FALLBACKS must not name MODEL again';
  }
  if (env.MODEL_TPM !== undefined && env.MODEL_TPM < env.MODEL_CONTEXT_TOKENS) {
    return 'MODEL_TPM must be at least MODEL_CONTEXT_TOKENS: a question of that length could never be asked';
  }
  return {
    fallbacks: env.MODEL_FALLBACKS,
    requestsPerMinute: env.MODEL_RPM ?? null,
    tokensPerMinute: env.MODEL_TPM ?? null,
    contextTokens: env.MODEL_CONTEXT_TOKENS,
    prices: env.MODEL_PRICES ?? new Map(),
  };
}

/** `name=input/output` and the unit. Names of models have slashes, colons and at signs, so the last `=` counts. */
const PRICED = /^(.+)=(\d{1,9}(?:\.\d{1,6})?)\/(\d{1,9}(?:\.\d{1,6})?) ?(usd|sats)$/i;
const DECIMALS = { usd: 6, sats: 3 };

function parsePrices(items: readonly string[]): PriceTable | null {
  const prices = new Map<string, ModelPrice>();
  for (const item of items) {
    const [, name = '', input = '', output = '', unit = ''] = PRICED.exec(item) ?? [];
    const dollars = unit.toLowerCase() === 'usd';
    const parts = [input, output].map((amount) => exactly(amount, dollars ? DECIMALS.usd : DECIMALS.sats));
    const [inParts, outParts] = parts;
    if (name === '' || prices.has(name) || inParts == null || outParts == null) return null;
    prices.set(name, { unit: dollars ? 'microUsd' : 'msats', input: inParts, output: outParts });
  }
  return prices;
}

/** A decimal number in whole parts; null where it has more decimals than there are parts. */
function exactly(amount: string, decimals: number): bigint | null {
  const [whole = '', fraction = ''] = amount.split('.');
  return fraction.length > decimals ? null : BigInt(whole + fraction.padEnd(decimals, '0'));
}
