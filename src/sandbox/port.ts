/** What a sandbox is to the rest of the house: programs and data in, coded verdicts out. Nothing here runs anything. */
import * as z from 'zod';
import {
  SANDBOX_FUEL,
  SANDBOX_MAX_ARGUMENTS,
  SANDBOX_MAX_CODE_CHARS,
  SANDBOX_MAX_FUEL,
  SANDBOX_MAX_INPUT_CHARS,
} from '../limits.ts';

export const LANGUAGES = ['python', 'javascript'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * How a run ended.
 * `value`: with a value. `error`: the guest raised. `fuel`: its budget was spent. `memory`: it wanted more than there is.
 * `stack`: it went too deep. `output`: it printed or returned too much. `not-data`: what it returned is no plain data.
 * `blocked`: it called what is not there (network, processes, the host). `channel`: it wrote where only the harness may.
 * `unstable`: two runs gave two values. `syntax`: it does not parse. `refused`: the static check says no.
 * `crash`: the engine trapped in a way we have no name for.
 */
export const VERDICTS = [
  'value',
  'error',
  'fuel',
  'memory',
  'stack',
  'output',
  'not-data',
  'blocked',
  'channel',
  'unstable',
  'syntax',
  'refused',
  'crash',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A run as it is asked for. */
export const runRequest = z.strictObject({
  language: z.enum(LANGUAGES),
  /** Defines a function `f`. */
  code: z.string().max(SANDBOX_MAX_CODE_CHARS),
  /**
   * The arguments of `f`. `values`: their canonical text (src/values/typed-json.ts), one each, parsed as data.
   * `expression`: the text between the parentheses of the call, which may do what the program may; never take it from
   * who is being examined.
   */
  input: z.union([
    z.strictObject({
      values: z.array(z.string().max(SANDBOX_MAX_INPUT_CHARS)).max(SANDBOX_MAX_ARGUMENTS).readonly(),
    }),
    z.strictObject({ expression: z.string().max(SANDBOX_MAX_INPUT_CHARS) }),
  ]),
  /** Units of work, see scripts/sandbox/meter.ts. */
  fuel: z.int().min(1).max(SANDBOX_MAX_FUEL).default(SANDBOX_FUEL),
  /** Calls of `f` with fresh arguments one after the other in one state; different values end as `unstable`. */
  calls: z.int().min(1).max(2).default(1),
  /** Programs the static check refuses are not run. */
  checked: z.boolean().default(true),
});
export type RunRequest = z.input<typeof runRequest>;
export type ParsedRun = z.output<typeof runRequest>;

/** How it went; `value` is canonical text and is there exactly when the verdict is `value`. */
export const runOutcome = z.strictObject({
  executor: z.string(),
  verdict: z.enum(VERDICTS),
  value: z.string().optional(),
  /** The same with its entries in the guest's order, where that is another: for who reads it, never to be compared. */
  shown: z.string().optional(),
  /** For the program's author: the exception, or what was refused. */
  message: z.string().optional(),
  /** What it printed. */
  stdout: z.string(),
  /** Spent, units; the same for the same run on the same executor. */
  fuel: z.int(),
});
export type RunOutcome = z.output<typeof runOutcome>;

/** Runs programs, each in a state nobody used before it. */
export interface Sandbox {
  /** @throws JobError `SERVICE_UNAVAILABLE` where the sandbox itself broke; never for what a program did */
  run(request: RunRequest): Promise<RunOutcome>;
}

/** One engine inside the sandbox: what `Sandbox.run` is made of. */
export interface Engine {
  /** Language, its version, and the hash of everything the engine is built from. */
  readonly version: string;
  run(request: ParsedRun): Promise<RunOutcome>;
}
