/** What a job costs. Until an agent has prices every job is free, and says so (PROTOCOL §2: free ones say 0). */
import type { Cost, Usage } from '../protocol/model.ts';

/** The cost of a job of an agent without prices. */
export function freeOf(usage: Usage): Cost {
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens,
    price_msats: 0,
    breakdown: [],
  };
}
