/** A budget in tokens, kept in memory. Calls under way at the same time do not get the same tokens twice. */
import type { Budget } from './budget.ts';

export interface TokenBudget extends Budget {
  /** Keeps so many tokens back, so that a last answer can be asked for; 0 lets go of them. */
  keep(tokens: number): void;
}

/**
 * @param limit_tokens all a run and its managed agents may use
 * @param spent_tokens what they used already, by their journal
 */
export function tokenBudget(limit_tokens: number, spent_tokens = 0): TokenBudget {
  const aside = new Map<string, number>();
  let spent = spent_tokens;
  let kept = 0;
  return {
    keep(tokens) {
      kept = tokens;
    },
    async reserve({ key, prompt_tokens, completion_tokens }) {
      let free = limit_tokens - spent - kept;
      for (const tokens of aside.values()) free -= tokens;
      const granted = Math.max(0, Math.min(completion_tokens, free - prompt_tokens));
      if (granted > 0) aside.set(key, prompt_tokens + granted);
      return granted;
    },
    async settle(key, _model, usage) {
      aside.delete(key);
      spent += usage.total_tokens;
    },
  };
}

/** For runs whose limit is another: their steps, or what they cost is nobody's. */
export const noBudget: Budget = {
  reserve: async ({ completion_tokens }) => completion_tokens,
  settle: async () => undefined,
};
