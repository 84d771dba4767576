/**
 * The loop as a runtime of one job. The journal is named by the job, so another attempt at a job goes on where the one
 * before it stopped.
 */
import { JobError } from '../../errors.ts';
import type { JobOutput } from '../../protocol/model.ts';
import { stopped } from '../chat/failures.ts';
import { textOf } from '../messages.ts';
import type { Runtime, RuntimeContext, Task } from '../runtime.ts';
import type { CountTokens } from '../window/tokenizer.ts';
import { defineLoop, type LoopDefinition } from './definition.ts';
import type { Turn } from './entry.ts';
import { answerText } from './final-answer.ts';
import type { Outcome } from './outcome.ts';
import type { LoopEvent, LoopPorts } from './ports.ts';
import { type LoopTask, runLoop } from './run.ts';

/** What does one job: made anew for each, because budget and managed agents are the job's own. */
export interface LoopAgent {
  readonly definition: LoopDefinition;
  readonly ports: LoopPorts;
  /** Lets go of what its budget keeps back for a last answer. Absent: a job that is over its budget has none. */
  lastWords?(): void;
  /** Lets go of what its tools hold; called once, however the attempt ends. */
  close?(): Promise<void>;
}

export function loopRuntime(
  agentFor: (task: Task, context: RuntimeContext) => LoopAgent | Promise<LoopAgent>,
): Runtime {
  return {
    slow: true,
    async run(task, context) {
      const { agent, body } = task;
      if (body.tools !== null && !(Array.isArray(body.tools) && body.tools.length === 0)) {
        throw new JobError('INVALID_PARAMETER', `${agent.slug} has its own tools`, { path: '$.tools' });
      }
      const made = await agentFor(task, context);
      try {
        return await runTask(made, task, context);
      } finally {
        await made.close?.();
      }
    },
  };
}

async function runTask(
  { definition, ports, lastWords }: LoopAgent,
  task: Task,
  context: RuntimeContext,
): Promise<JobOutput> {
  const run = task.envelope.id;
  // Words of the model are no output before they are checked, so steps are told and no deltas are sent.
  const watch = async (event: LoopEvent): Promise<void> => {
    if (event.type === 'entry' && event.run === run && event.entry.type === 'model') {
      const { step } = event.entry;
      await context.progress(Math.min(step, definition.maxSteps), definition.maxSteps, `step ${step}`);
    }
    await ports.watch?.(event);
  };
  const set = loopTask(task, definition, ports.count);
  const drive = (limits: LoopDefinition) => runLoop(limits, run, set, { ...ports, watch }, context.signal);
  let outcome = await drive(definition);
  const isPoor = outcome.state === 'paused' && outcome.pause.reason === 'budget';
  if (isPoor && lastWords !== undefined && outcome.account.steps > 0) {
    // What was found so far was paid for: its steps are over, and it answers with what it has.
    lastWords();
    outcome = await drive(defineLoop({ ...definition.options, maxSteps: outcome.account.steps }));
  }
  return outputOf(outcome, definition.options.model, context.signal);
}

/** What of the context earlier turns of the session may have: the job and what its tools bring need the rest. */
const HISTORY_SHARE = 0.25;

/** The job in the words of the client, referenced inputs as the blocks they already are. */
function loopTask({ body, history }: Task, { options }: LoopDefinition, count: CountTokens): LoopTask {
  const turns = history.flatMap((message): Turn[] => {
    const { role } = message;
    return role === 'user' || role === 'assistant' ? [{ role, text: textOf(message) }] : [];
  });
  return {
    from: 'the client',
    text: body.messages.map(textOf).join('\n\n'),
    history: newestTurns(turns, options.maxContextTokens * HISTORY_SHARE, count),
  };
}

/** The newest turns that fit, beginning with something the client said: an answer without its question misleads. */
function newestTurns(turns: readonly Turn[], limit_tokens: number, count: CountTokens): readonly Turn[] {
  let start = turns.length;
  for (let tokens = 0; start > 0; start--) {
    tokens += count(turns[start - 1]?.text ?? '');
    if (tokens > limit_tokens) break;
  }
  const kept = turns.slice(start);
  const opening = kept.findIndex(({ role }) => role === 'user');
  return opening < 0 ? [] : kept.slice(opening);
}

/** @throws JobError for a run that waits: an attempt at a job cannot. Its journal stays for the next attempt */
function outputOf(outcome: Outcome, model: string, signal: AbortSignal): JobOutput {
  if (outcome.state === 'done') {
    const { how, answer, problem, account } = outcome;
    if (problem !== null && problem.code !== 'ANSWER_CUT') {
      throw new JobError('VERIFICATION_FAILED', `the answer failed its checks: ${problem.message}`);
    }
    const finishReason = how === 'final_answer' ? 'stop' : 'length';
    return { content: answerText(answer), finishReason, model, usage: account.total };
  }
  const { pause } = outcome;
  switch (pause.reason) {
    case 'model': {
      const { code, message, details } = pause.failure;
      throw new JobError(code, message, details);
    }
    case 'budget':
      throw new JobError('INSUFFICIENT_FUNDS', 'the next step does not fit what may be spent on the job');
    case 'waiting':
      throw new JobError('SERVICE_UNAVAILABLE', 'the job waits for somebody, and a single job cannot wait');
    case 'cancelled':
      throw stopped(signal);
  }
}
