/** A step: the stretch of work an agent does on a job in one go. */
import { JobError } from '../errors.ts';
import type { ChatMessage, JobOutput, Request } from '../protocol/model.ts';
import type { Assignment } from './assignment.ts';
import type { Live } from './live.ts';
import { costOf, type JobMoney, needsCheckout } from './money.ts';
import type { Failed } from './ports.ts';
import type { Job, JobInput } from './types.ts';

export type { Failed } from './ports.ts';

/** What a worker outside the session needs to do a step. */
export interface Step {
  readonly assignment: Assignment;
  /** The request, for what the worker tells the client itself (stream deltas). */
  readonly request: Request;
  /** Where the client listens. */
  readonly targets: readonly string[];
  /** Whether the client may see of the output what there is so far: not where its money comes first (decision 6). */
  readonly previews: boolean;
}

/** What may mend by itself: a model or a service was busy or away for a moment. */
const PASSING = new Set(['MODEL_ERROR', 'SERVICE_UNAVAILABLE', 'RATE_LIMIT_EXCEEDED']);

/** What a thrown error means for the job. What is no JobError is a fault of ours: logged, and kept from the client. */
export function failureOf(error: unknown, log: (error: unknown) => void): Failed {
  if (error instanceof JobError) return { failure: error.failure, retry: PASSING.has(error.code) };
  log(error);
  return { failure: { code: 'AGENT_ERROR', message: 'The agent failed' }, retry: true };
}

/** The work on a job, with the results it waited for among its messages. @throws Error for a job without body */
export function assignmentOf(live: Live, history: readonly ChatMessage[]): Assignment {
  const { request, body, record } = live;
  if (body === null) throw new Error(`job ${record.job.id} has no body to work on`);
  const messages = [...body.messages, ...Object.values(record.inputs), ...refusalsOf(record.job)];
  const inputs = body.inputs.filter((input) => input.type !== 'job');
  return { envelope: request.envelope, body: { ...body, messages, inputs }, history };
}

/** What an agent is told of its answers that did not pass: never more than that, where a hidden test may be behind it. */
function refusalsOf({ refused }: Job): ChatMessage[] {
  const last = refused.at(-1);
  if (last === undefined) return [];
  const why = last.code === 'unreadable' ? `could not be read (${last.detail})` : 'is wrong';
  const content = `An earlier answer of yours (number ${refused.length}) did not pass: it ${why}. Give another answer.`;
  return [{ role: 'user', content }];
}

/** The step that somebody outside the session begins. */
export function stepOf(
  { request, verified, record: { targets, money } }: Live,
  assignment: Assignment,
): Step {
  // Who could read an answer before it is judged could call the job off and keep both.
  const previews = money === null || (verified === null && !needsCheckout(money));
  return { assignment, request, targets, previews };
}

/** What the conversation keeps of a job: the question with its inputs, and the answer. */
export function turnOf(live: Live, output: JobOutput): ChatMessage[] {
  const question = [...(live.body?.messages ?? []), ...Object.values(live.record.inputs)];
  const { content, toolCalls } = output;
  return [
    ...question,
    { role: 'assistant', content, ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }) },
  ];
}

/** How an attempt ended, as an input of the machine. */
export function endingOf(
  attempt: number,
  outcome: JobOutput | Failed,
  { money, prove }: { readonly money: JobMoney | null; readonly prove: boolean },
): JobInput<'output' | 'stepFailed'> {
  if (!('failure' in outcome)) {
    const checkout = money !== null && needsCheckout(money);
    // What was told in short is the session's: the output goes on to the client.
    const { condensed: _, ...output } = outcome;
    return {
      type: 'output',
      attempt,
      output,
      cost: costOf(money, output),
      prove,
      checkout,
    };
  }
  // Member by member: what crossed RPC carries a `type` of its own, and spread over the input it turned every
  // failure of a runner into an input that means nothing.
  const { failure, retry } = outcome;
  return { type: 'stepFailed', attempt, failure, retry };
}
