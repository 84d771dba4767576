/** Tokens, counted per model. */
import type { Usage } from '../../protocol/model.ts';

export type UsageByModel = { readonly [model: string]: Usage };

export const NO_USAGE: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

export function plus(a: Usage, b: Usage): Usage {
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
  };
}

/** Both counts together. */
export function merged(a: UsageByModel, b: UsageByModel): UsageByModel {
  const sum = new Map(Object.entries(a));
  for (const [model, usage] of Object.entries(b)) sum.set(model, plus(sum.get(model) ?? NO_USAGE, usage));
  return Object.fromEntries(sum);
}

export function totalOf(usage: UsageByModel): Usage {
  return Object.values(usage).reduce(plus, NO_USAGE);
}
