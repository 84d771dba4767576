/** All a drive of a run needs from outside. */

import type { CountTokens } from '../window/tokenizer.ts';
import type { Budget } from './budget.ts';
import type { LoopClock } from './clock.ts';
import type { Entry } from './entry.ts';
import type { ToolModelClient } from './model.ts';
import type { StepStore } from './step-store.ts';

/** What can be watched of a run under way. Only entries are for good; text may be said again after a failed try. */
export type LoopEvent =
  | { readonly type: 'delta'; readonly key: string; readonly attempt: number; readonly text: string }
  | { readonly type: 'retry'; readonly key: string; readonly attempt: number; readonly delay_ms: number }
  | { readonly type: 'entry'; readonly run: string; readonly seq: number; readonly entry: Entry };

export interface Note {
  /** Unique within the run: a note is taken once. */
  readonly id: string;
  /** Who says it, one line. */
  readonly from: string;
  readonly text: string;
}

export interface LoopPorts {
  readonly model: ToolModelClient;
  readonly store: StepStore;
  readonly clock: LoopClock;
  readonly budget: Budget;
  readonly count: CountTokens;
  /** Uniform in [0, 1), for the pauses between tries. */
  random(): number;
  /** Faults of ours (and of tools), which the model learns nothing of. */
  log(error: unknown): void;
  watch?(event: LoopEvent): void | Promise<void>;
  /** What the owner has said so far; asked before each step, and each note is taken once. */
  notes?(run: string): Promise<readonly Note[]>;
}
