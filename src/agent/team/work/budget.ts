/** What one piece of a team's work may use, in tokens and in money. Calls under way at a time do not get the same twice. */

import { type Msats, msats } from '../../../payment/msats.ts';
import type { Usage as ModelUsage } from '../../../protocol/model.ts';
import type { AgentPrices } from '../../../protocol/prices.ts';
import type { Budget } from '../../loop/budget.ts';
import type { Role } from '../config.ts';
import { tokenCost } from '../definition.ts';
import type { Usage } from '../records.ts';

const TOKENS_PER_PRICE = 1_000;

/**
 * What of a step's limit is for agents of others, and what is for its tokens; neither is spent on the other.
 *
 * @param limits its role's, priced (definition.ts)
 */
export function sharesOf(
  limit: Usage,
  { hires_msats }: Pick<Role['limits'], 'hires_msats'>,
): { readonly hires: Msats; readonly tokens: Usage } {
  const hires = Math.min(hires_msats, limit.msats);
  return { hires: msats(hires), tokens: { ...limit, msats: limit.msats - hires } };
}

export interface StepBudget extends Budget {
  /**
   * Keeps so many tokens back, at the dearer price, so that a last answer can be asked for; 0 lets go of them. Never more
   * than half of what there is, in tokens and in money: without a first answer there is no last.
   */
  keep(tokens: number): void;
}

/**
 * @param spent what the journal has used already
 */
export function stepBudget(limit: Usage, spent: ModelUsage, prices: AgentPrices): StepBudget {
  const aside = new Map<string, { readonly tokens: number; readonly msats: number }>();
  let tokens = spent.total_tokens;
  let cost_msats = tokenCost(prices, spent);
  let kept = 0;
  const each_msats =
    Math.max(prices.per1kInputTokens_msats, prices.per1kOutputTokens_msats) / TOKENS_PER_PRICE;
  const free = () => {
    const left = {
      tokens: limit.tokens - tokens - kept,
      msats: limit.msats - cost_msats - Math.ceil(kept * each_msats),
    };
    for (const one of aside.values()) {
      left.tokens -= one.tokens;
      left.msats -= one.msats;
    }
    return left;
  };
  return {
    keep(count) {
      kept = Math.floor(
        Math.min(count, limit.tokens / 2, each_msats === 0 ? count : limit.msats / 2 / each_msats),
      );
    },
    async reserve({ key, prompt_tokens, completion_tokens }) {
      const left = free();
      const asked = tokenCost(prices, { prompt_tokens, completion_tokens: 0 });
      const byMoney =
        prices.per1kOutputTokens_msats === 0
          ? completion_tokens
          : Math.floor(((left.msats - asked) * TOKENS_PER_PRICE) / prices.per1kOutputTokens_msats);
      const affordable = left.msats >= asked ? byMoney : 0;
      const granted = Math.max(0, Math.min(completion_tokens, left.tokens - prompt_tokens, affordable));
      if (granted > 0) {
        const cost = tokenCost(prices, { prompt_tokens, completion_tokens: granted });
        aside.set(key, { tokens: prompt_tokens + granted, msats: cost });
      }
      return granted;
    },
    async settle(key, _model, used) {
      aside.delete(key);
      tokens += used.total_tokens;
      cost_msats += tokenCost(prices, used);
    },
  };
}
