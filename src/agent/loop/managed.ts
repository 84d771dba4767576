/** An agent as a tool of another: a run of its own, below the name of the call, with its own limits. */
import { clip } from '../../protocol/size.ts';
import { defineLoop, type LoopOptions } from './definition.ts';
import { answerText } from './final-answer.ts';
import { RunBroken, RunPaused } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import { runLoop } from './run.ts';
import type { Tool } from './tool.ts';

/** Said to every managed agent before its own instructions. */
const MANAGED = [
  'You work for a manager, who sees your final answer and nothing else of your work.',
  'Give the outcome first in short, then in detail, then whatever else the manager should know.',
].join(' ');

export interface Managed {
  readonly name: string;
  /** What it is good for, for the manager to read. */
  readonly description: string;
  readonly options: LoopOptions;
}

/**
 * @param ports the same as the manager's: one journal, one budget, one clock. Its model may be another. Words of the
 *   owner are for the manager, who passes on what matters
 */
export function managedAgent({ name, description, options }: Managed, ports: LoopPorts): Tool {
  const definition = defineLoop({ ...options, instructions: `${MANAGED}\n\n${options.instructions}` });
  const { notes: _, ...own } = ports;
  return {
    name,
    description,
    input: {
      type: 'object',
      properties: {
        task: { type: 'string', minLength: 1, description: 'What to do, with everything needed to do it.' },
      },
      required: ['task'],
    },
    parallel: true,
    // Its steps, its tools and the budget bound it.
    timeLimit_ms: null,
    async run(input, { key, signal }) {
      const text = typeof input.task === 'string' ? input.task : '';
      const task = { from: 'the manager', text, history: [] };
      const outcome = await runLoop(definition, key, task, own, signal).catch((error: unknown) => {
        throw new RunBroken(error);
      });
      const { usage } = outcome.account;
      if (outcome.state === 'paused') throw new RunPaused(outcome.pause, usage);
      const unfinished = outcome.how === 'step_limit' ? 'Its steps were used up before it was done. ' : '';
      const objected = outcome.problem === null ? '' : `${clip(outcome.problem.message, 200)}. `;
      return { text: `${name} answers: ${unfinished}${objected}\n${answerText(outcome.answer)}`, usage };
    },
  };
}
