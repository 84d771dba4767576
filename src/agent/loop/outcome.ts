/** How a drive of a run ends. Only `done` is an end of the run: after all others it goes on from its journal. */
import type { JobFailure, Json } from '../../errors.ts';
import type { Account } from './account.ts';
import type { Refusal } from './entry.ts';
import type { UsageByModel } from './usage.ts';

/** Why a run waits. */
export type Pause =
  /** The model failed, and more tries now are no use. */
  | {
      readonly reason: 'model';
      readonly failure: JobFailure;
      /** Whether it may mend by itself. */
      readonly passing: boolean;
      /** When it is worth another try, Unix ms; null where nobody said. */
      readonly retryAt_ms: number | null;
    }
  /** The next call of the model does not fit what may be spent. */
  | { readonly reason: 'budget'; readonly wanted_tokens: number }
  /** A tool waits for somebody, for example the client's answer to a question. */
  | { readonly reason: 'waiting'; readonly what: string }
  /** The signal of the drive aborted. */
  | { readonly reason: 'cancelled' };

export type Outcome = { readonly account: Account } & (
  | {
      readonly state: 'done';
      readonly how: 'final_answer' | 'step_limit';
      readonly answer: Json;
      /** What the checks held against an answer given at the step limit. */
      readonly problem: Refusal | null;
    }
  | { readonly state: 'paused'; readonly pause: Pause }
);

/** Thrown by a tool that cannot go on now: its call stays open, and is made again when the run goes on. */
export class RunPaused extends Error {
  override readonly name = 'RunPaused';
  readonly pause: Pause;
  /** What the tool's own models used so far. */
  readonly usage: UsageByModel;

  constructor(pause: Pause, usage: UsageByModel = {}) {
    super(`the run waits: ${pause.reason}`);
    this.pause = pause;
    this.usage = usage;
  }
}

/** Thrown by a managed agent whose journal or budget failed: no fault of a tool, and nothing a model could mend. */
export class RunBroken extends Error {
  override readonly name = 'RunBroken';

  constructor(cause: unknown) {
    super('a managed run broke off', { cause });
  }
}
