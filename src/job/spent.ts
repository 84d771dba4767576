/** What work costs that ended without a result. */
import type { JobOutput } from '../protocol/model.ts';

/** It has no output, but its meter. @param passedOn_msats what of it others were paid */
export function spentOnly(msats: number, passedOn_msats: number): JobOutput {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const breakdown = [{ item: 'until it ended', cost_msats: msats }];
  return {
    content: '',
    finishReason: 'stop',
    model: '',
    usage,
    metered: { msats, breakdown, passedOn_msats },
  };
}
