/** The port to a sandbox for code an agent wrote. Its implementations are the executors' (EXECUTORS.md). */
import type { Json } from '../../errors.ts';

export interface Execution {
  readonly language: string;
  readonly code: string;
  /** Names the execution for good, see ToolContext. */
  readonly key: string;
  /** Executions of one session share their variables. */
  readonly session: string;
}

/** What came of it. What a program does wrong is a result, not an exception. */
export interface Executed {
  /** What the program printed, also when it failed. */
  readonly printed: string;
  readonly outcome:
    | { readonly ok: true; readonly value: Json }
    /** Short, in the words of the sandbox: which error, in which line. */
    | { readonly ok: false; readonly error: string };
}

export interface Executor {
  /** @throws JobError SERVICE_UNAVAILABLE when there is no sandbox to be had; INVALID_PARAMETER for a language it has not */
  run(execution: Execution, signal: AbortSignal): Promise<Executed>;
}
