/** The port to whatever runs programs. Its engines are the sandbox's; tests have a scripted one. */

export type Language = 'python' | 'javascript';

/** One call of a program's `f`. */
export interface Execution {
  readonly language: Language;
  readonly program: string;
  /** The arguments in one spelling: as between the brackets of a call in Python, a JSON array in JavaScript. Data, never code. */
  readonly input: string;
  /** The most it may cost, units of fuel. */
  readonly fuel: number;
}

/** How an execution can end without a value. Every one of them is the same on every run. */
export const FAILURES = [
  /** The text is no program, or not one with an `f`. */
  'syntax',
  /** Refused before it ran: an import or a construct that is not allowed. */
  'refused',
  /** It raised. */
  'exception',
  'fuel',
  'memory',
  /** The output is longer than is taken. It is never cut. */
  'output',
  /** The value has no literal: an object, a function, a NaN in JSON. */
  'value',
  /** Fresh instances disagree. */
  'nondeterministic',
] as const;

export type ExecutionFailure = (typeof FAILURES)[number];

export type Outcome =
  /** `output` is the value's canonical text, made in the instance and read again outside of it. */
  | (Ran & { readonly ok: true; readonly output: string })
  /** `error` is short: an exception's type and message, the limit that was hit. */
  | (Ran & { readonly ok: false; readonly failure: ExecutionFailure; readonly error: string });

interface Ran {
  /** Units of work. */
  readonly fuel: number;
  /** Names the engine and its build; stands in every receipt. */
  readonly executor: string;
}

export interface Executor {
  /**
   * Runs each execution in fresh state, one not seeing anything of another.
   *
   * @returns one outcome per execution, in their order. What a program does wrong is an outcome, never an exception.
   * @throws JobError SERVICE_UNAVAILABLE when there is no engine to be had: nothing was learnt about the programs
   */
  run(executions: readonly Execution[], signal: AbortSignal): Promise<readonly Outcome[]>;
}
