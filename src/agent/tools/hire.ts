/**
 * Hiring another agent on Nostr. The model says what it wants done and what it is worth; posting, paying and waiting
 * are the port's, which holds keys and money and never pays more than it was told.
 */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES, TOOL_TASK_CHARS } from '../../limits.ts';
import { formatSats, type Msats, msatsFromSats } from '../../payment/msats.ts';
import { cutToBytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface HireWish {
  /** The agent's public key or its NIP-19 name, as the model wrote it. */
  readonly agent: string;
  readonly task: string;
  /** Invoices above this are not paid. */
  readonly most_msats: Msats;
}

export type HireOutcome =
  | { readonly type: 'result'; readonly by: string; readonly content: string; readonly cost_msats: Msats }
  /** It came to nothing; what was paid all the same is the cost. */
  | { readonly type: 'failed'; readonly reason: string; readonly cost_msats: Msats };

export interface HirePort {
  /**
   * Posts the job of that key, once, pays for it at most `most_msats`, and gives the outcome when it is there.
   *
   * @throws whatever pauses the run while nothing is known: an unknown payment is never a failed one
   */
  hire(key: string, wish: HireWish): Promise<HireOutcome>;
}

/** The run's money for hires (hire-budget.ts), in one place for all its calls. */
export interface HireBudget {
  /** Sets so much aside under the key; the amount set aside, or null where it is over what remains. */
  setAside(key: string, most_msats: Msats): Promise<Msats | null>;
  settle(key: string, cost_msats: Msats): Promise<void>;
  remaining(): Promise<Msats>;
}

export function hireAgent(port: HirePort, budget: HireBudget): TextTool {
  return defineTool({
    name: 'hire_agent',
    description:
      'Has another agent on Nostr do a task for money, within the budget of this job, and waits for the result. The other agent sees the task only, so it has to be complete.',
    shape: {
      task: z.string().trim().min(1).max(TOOL_TASK_CHARS),
      max_sats: z.number().int().min(0).describe('The most it may cost, sats.'),
      // Whoever is first to answer an open request would be paid, whatever the answer is: that is not offered.
      agent: z.string().trim().min(1).max(200).describe('Its npub.'),
    },
    parallel: true,
    timeLimit_ms: null,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ task, max_sats, agent }, { key }) {
      const wish_msats = msatsFromSats(max_sats);
      const most_msats = wish_msats === null ? null : await budget.setAside(key, wish_msats);
      if (most_msats === null) {
        const left = formatSats(await budget.remaining());
        throw new JobError('INSUFFICIENT_FUNDS', `that is over the budget: ${left} sats remain for hiring`);
      }
      const outcome = await port.hire(key, { agent, task, most_msats });
      await budget.settle(key, outcome.cost_msats);
      const cost = `${formatSats(outcome.cost_msats)} sats`;
      if (outcome.type === 'failed') {
        return `The other agent delivered nothing (cost: ${cost}).\n${dataBlock('the failed job', cutToBytes(outcome.reason, 1_000))}`;
      }
      const shown = cutToBytes(outcome.content, LOOP_TOOL_OUTPUT_MAX_BYTES - 800);
      return `The other agent delivered (cost: ${cost}).\n${dataBlock(`the agent ${outcome.by}`, shown)}`;
    },
  });
}
