/** What a job costs. Until an agent has prices every job is free, and says so (PROTOCOL §2: free ones say 0). */
import type { Cost, Usage } from '../protocol/model.ts';

/** The cost of a job of an agent without prices. @param fuel what its programs used, units */
export function freeOf(usage: Usage, fuel = 0): Cost {
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens,
    price_msats: 0,
    breakdown: fuel === 0 ? [] : [{ item: 'fuel', units: fuel, cost_msats: 0 }],
  };
}
