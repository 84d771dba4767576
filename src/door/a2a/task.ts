/** A job as an A2A task: its states, its answer as an artifact, what is to be paid in a data part. */
import type { Artifact, Message, Part, StreamResponse, Task, TaskStatus } from '@a2a-js/sdk';
import { asksCaller, type JobView } from '../view.ts';
import type { A2aSdk } from './sdk.ts';

/** The one artifact of a task. */
export const ARTIFACT_ID = 'answer';

/** Facts that a task needs beside its job. */
export interface TaskFacts {
  readonly sdk: A2aSdk;
  /** Unix ms. */
  now(): number;
  newId(): string;
}

/** The job as a task. Without a conversation it is a context of its own. */
export function taskOf(view: JobView, facts: TaskFacts): Task {
  const { agent, cost_msats } = view;
  return {
    id: view.job,
    contextId: contextOf(view),
    status: statusOf(view, facts),
    artifacts: view.state === 'done' && view.text !== null ? [artifactOf(view.text)] : [],
    history: [],
    metadata: { agent, ...(cost_msats === null ? {} : { cost_sats: cost_msats / 1_000 }) },
  };
}

export function statusUpdate(view: JobView, facts: TaskFacts): StreamResponse {
  const value = {
    taskId: view.job,
    contextId: contextOf(view),
    status: statusOf(view, facts),
    metadata: undefined,
  };
  return { payload: { $case: 'statusUpdate', value } };
}

/** A piece of the answer, behind what was told of it or in its place. */
export function artifactUpdate(
  view: JobView,
  text: string,
  { append, last }: { append: boolean; last: boolean },
) {
  const value = {
    taskId: view.job,
    contextId: contextOf(view),
    artifact: artifactOf(text),
    append,
    lastChunk: last,
    metadata: undefined,
  };
  return { payload: { $case: 'artifactUpdate', value } } satisfies StreamResponse;
}

function contextOf({ session, job }: JobView): string {
  return session ?? job;
}

function artifactOf(text: string): Artifact {
  return {
    artifactId: ARTIFACT_ID,
    name: ARTIFACT_ID,
    description: '',
    parts: [textPart(text)],
    metadata: undefined,
    extensions: [],
  };
}

function statusOf(view: JobView, { sdk, now, newId }: TaskFacts): TaskStatus {
  const parts = partsOf(view);
  const message: Message | undefined =
    parts.length === 0
      ? undefined
      : {
          messageId: newId(),
          contextId: contextOf(view),
          taskId: view.job,
          role: sdk.Role.ROLE_AGENT,
          parts,
          metadata: undefined,
          extensions: [],
          referenceTaskIds: [],
        };
  return { state: stateOf(view, sdk), message, timestamp: new Date(now()).toISOString() };
}

function stateOf(view: JobView, { TaskState }: A2aSdk): TaskStatus['state'] {
  switch (view.state) {
    case 'accepted':
      return TaskState.TASK_STATE_SUBMITTED;
    case 'working':
      return asksCaller(view) ? TaskState.TASK_STATE_INPUT_REQUIRED : TaskState.TASK_STATE_WORKING;
    case 'payment-required':
      return TaskState.TASK_STATE_INPUT_REQUIRED;
    case 'done':
      return TaskState.TASK_STATE_COMPLETED;
    case 'cancelled':
      return TaskState.TASK_STATE_CANCELED;
    default:
      return TaskState.TASK_STATE_FAILED;
  }
}

/** What is said beside the state: words for people, the same as data for programs. */
function partsOf({ state, note, payment, error, report }: JobView): Part[] {
  const parts: Part[] = [];
  if (error !== null) parts.push(textPart(`${error.code}: ${error.message}`), dataPart({ error }));
  else if (state === 'expired') parts.push(textPart('It was not paid, or not begun, in time.'));
  else if (state !== 'done' && note !== null) parts.push(textPart(note));
  if (payment !== null) {
    const words = `Pay ${payment.amount_sats} sats; ${state === 'done' ? 'the work is done' : 'the task goes on by itself then'}.`;
    parts.push(textPart(words), dataPart({ payment }));
  }
  if (state === 'working' && report !== null) parts.push(dataPart({ report }));
  return parts;
}

function textPart(text: string): Part {
  return {
    content: { $case: 'text', value: text },
    metadata: undefined,
    filename: '',
    mediaType: 'text/plain',
  };
}

function dataPart(value: object): Part {
  return {
    content: { $case: 'data', value },
    metadata: undefined,
    filename: '',
    mediaType: 'application/json',
  };
}
