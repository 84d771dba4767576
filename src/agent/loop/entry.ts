/**
 * What the journal of a run holds. An entry is written once its work is done, and before the next work begins; so a
 * run that was killed goes on behind its last entry. All values are plain JSON.
 */
import type { Json } from '../../errors.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import type { ModelCall } from './model.ts';
import type { UsageByModel } from './usage.ts';

/** Why a call did not do what was asked, as the model is told. */
export const REFUSALS = [
  'UNKNOWN_TOOL',
  'BAD_JSON',
  'BAD_ARGUMENTS',
  'ARGUMENTS_TOO_LARGE',
  'TOO_MANY_CALLS',
  'SECRET_IN_TEXT',
  'FINAL_ANSWER_NOT_ALONE',
  'ANSWER_TOO_LARGE',
  'ANSWER_REFUSED',
  'ANSWER_CUT',
  'TOOL_FAILED',
  'TOOL_TIMEOUT',
] as const;

export interface Refusal {
  readonly code: (typeof REFUSALS)[number];
  readonly message: string;
}

/** What came of one tool call. */
export type Observation =
  | {
      readonly ok: true;
      readonly text: string;
      /** Length of the whole text, bytes, where only its beginning was kept. */
      readonly whole_bytes?: number;
      readonly usage?: UsageByModel;
    }
  | ({ readonly ok: false } & Refusal);

/** Something said before the task: an earlier turn of the conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** What all answers of a model have. */
export interface Answered {
  readonly text: string;
  /** `length` also where we stopped reading. */
  readonly finishReason: JobOutput['finishReason'];
  readonly model: string;
  readonly usage: Usage;
  /** What the question was estimated at, tokens: later estimates learn from the difference. */
  readonly estimate_tokens: number;
}

export interface TaskEntry {
  readonly type: 'task';
  /** Who set it, one line. */
  readonly from: string;
  readonly text: string;
  readonly history: readonly Turn[];
}

export interface PlanEntry extends Answered {
  readonly type: 'plan';
  /** The step it was made before, counting from 1. */
  readonly step: number;
}

export interface ModelEntry extends Answered {
  readonly type: 'model';
  /** Counting from 1. */
  readonly step: number;
  /** The answer of a run out of steps, for which it had no tools. */
  readonly last: boolean;
  readonly calls: readonly ModelCall[];
}

export interface ResultEntry {
  readonly type: 'result';
  readonly step: number;
  /** Place of the call within the model's answer, counting from 0. */
  readonly call: number;
  readonly observation: Observation;
}

/** A word of the owner that came while the run was under way. */
export interface NoteEntry {
  readonly type: 'note';
  readonly id: string;
  readonly from: string;
  readonly text: string;
}

export interface EndEntry {
  readonly type: 'end';
  readonly how: 'final_answer' | 'step_limit';
  readonly answer: Json;
  /** What the checks held against the last answer of a run out of steps. */
  readonly problem: Refusal | null;
}

export type Entry = TaskEntry | PlanEntry | ModelEntry | ResultEntry | NoteEntry | EndEntry;
