/** A check as data: what `contract.verify` says, once it is known to be one. */
import type { Json } from '../errors.ts';
import type { Equality } from './codec.ts';
import type { Language } from './executor.ts';

export const MODES = ['deduction', 'abduction', 'induction', 'tests', 'verifier', 'schema'] as const;
export type CheckMode = (typeof MODES)[number];

/** A call and what it returns, both canonical. */
export interface Example {
  readonly input: string;
  readonly output: string;
}

interface Common {
  /** Told to whoever answers; never read by the check. */
  readonly message: string | null;
  /** SHA-256 that the hidden part opens (see `hidden.ts`); null when nothing is hidden. */
  readonly commitment: string | null;
  readonly timeout_ms: number;
}

interface Programmed extends Common {
  readonly language: Language;
  readonly equality: Equality;
}

/** Program and input are given; the answer is the output. */
export interface DeductionCheck extends Programmed {
  readonly mode: 'deduction';
  readonly program: string;
  readonly input: string;
  /** What the client says the answer is; null where it does not. */
  readonly output: string | null;
}

/** Program and output are given; the answer is any input that gives it. */
export interface AbductionCheck extends Programmed {
  readonly mode: 'abduction';
  readonly program: string;
  readonly output: string;
  /** An answer that passes, in the clear; null where none is given. */
  readonly input: string | null;
}

/** Calls and their outputs are given; the answer is a program that also reproduces those that are hidden. */
export interface ProgramCheck extends Programmed {
  readonly mode: 'induction' | 'tests';
  readonly examples: readonly Example[];
  /** The share of all tests that has to pass, above 0 up to 1. */
  readonly threshold: number;
}

/** A function of the job's data and the answer says whether it is right, or how good it is. */
export interface VerifierCheck extends Programmed {
  readonly mode: 'verifier';
  /** Null when it is in the hidden part. */
  readonly program: string | null;
  /** What the verifier gets beside the answer. */
  readonly job: Json;
  /** A number the verifier returns has to reach it; `True` always does. */
  readonly threshold: number;
}

/** The answer is JSON that a schema takes. */
export interface SchemaCheck extends Common {
  readonly mode: 'schema';
  readonly schema: Json;
}

export type Check = DeductionCheck | AbductionCheck | ProgramCheck | VerifierCheck | SchemaCheck;

/** What the public part commits to. */
export interface Hidden {
  readonly tests: readonly Example[];
  /** The verifier, where it is not public. */
  readonly verifier: string | null;
  /** An answer that passes, which proves that there is one; null where none is given. */
  readonly reference: string | null;
}

/** Everything there is to know of a check. Only the executor's side ever holds one. */
export interface OpenCheck {
  readonly check: Check;
  readonly hidden: Hidden;
}

/** What an answer to it has to be. */
export function answerKind(check: Check): 'output' | 'input' | 'program' | 'json' {
  switch (check.mode) {
    case 'deduction':
      return 'output';
    case 'abduction':
      return 'input';
    case 'induction':
    case 'tests':
      return 'program';
    case 'verifier':
    case 'schema':
      return 'json';
  }
}
