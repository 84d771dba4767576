/**
 * What is run to judge an answer, as data. An answer is read into values here and goes into the call as canonical text
 * made from them, or as a program of its own: a text of a stranger never stands inside anybody else's code.
 */
import type { Json } from '../errors.ts';
import { CHECK_FUEL_PER_MS, CHECK_MAX_PROGRAM_CHARS } from '../limits.ts';
import { readJson } from '../values/json-value.ts';
import { takeAnswer } from './answer.ts';
import {
  answerKind,
  type Check,
  type OpenCheck,
  type ProgramCheck,
  type SchemaCheck,
  type VerifierCheck,
} from './check.ts';
import { CODECS, type Comparable, type Equality } from './codec.ts';
import type { Execution, Language } from './executor.ts';
import { passesSchema } from './schema-check.ts';
import { settled, type Verdict } from './verdict.ts';

/** What has to be true of the outcome of an execution. */
export type Expectation =
  | {
      readonly type: 'equal';
      readonly to: Comparable;
      readonly equality: Equality;
      readonly of: 'answer' | 'check';
    }
  | { readonly type: 'verifier'; readonly threshold: number };

export type Plan =
  /** Nothing has to be run. */
  | { readonly type: 'settled'; readonly verdict: Verdict }
  | {
      readonly type: 'run';
      readonly language: Language;
      readonly executions: readonly Execution[];
      /** One for each execution. */
      readonly expectations: readonly Expectation[];
      /** The share of them that has to be met. */
      readonly threshold: number;
    };

/** @param result the agent's whole text */
export function planOf(open: OpenCheck, result: string): Plan {
  const { check } = open;
  const language = check.mode === 'schema' ? 'javascript' : check.language;
  return planOfAnswer(open, takeAnswer(result, answerKind(check), language));
}

/** The same for an answer that was taken out of its text already. */
export function planOfAnswer(open: OpenCheck, answer: string): Plan {
  const { check } = open;
  switch (check.mode) {
    case 'deduction': {
      const value = CODECS[check.language].readValue(answer);
      if (!value.ok) return unreadable(value.problem);
      const expectation = { type: 'equal', to: value.value, equality: check.equality, of: 'check' } as const;
      return run(check, [[check.program, check.input, expectation]]);
    }
    case 'abduction': {
      const input = CODECS[check.language].readArguments(answer);
      if (!input.ok) return unreadable(input.problem);
      const to = known(check.language, check.output);
      const expectation = { type: 'equal', to, equality: check.equality, of: 'answer' } as const;
      return run(check, [[check.program, input.value, expectation]]);
    }
    case 'induction':
    case 'tests':
      return planOfProgram(check, open, answer);
    case 'verifier':
      return planOfVerifier(check, open, answer);
    case 'schema': {
      const value = readJson(answer);
      if (!value.ok) return unreadable(value.problem);
      return { type: 'settled', verdict: passesSchema(check.schema, value.value) };
    }
  }
}

/** Judged by the hidden tests; by the shown ones only where none is hidden, because those can be written into the answer. */
function planOfProgram(check: ProgramCheck, { hidden }: OpenCheck, program: string): Plan {
  if (program === '') return unreadable('there is no program');
  if (program.length > CHECK_MAX_PROGRAM_CHARS) {
    return unreadable(`the program has more than ${CHECK_MAX_PROGRAM_CHARS} characters`);
  }
  const tests = hidden.tests.length > 0 ? hidden.tests : check.examples;
  const calls = tests.map(({ input, output }): Call => {
    const to = known(check.language, output);
    return [program, input, { type: 'equal', to, equality: check.equality, of: 'answer' }];
  });
  return run(check, calls, check.threshold);
}

function planOfVerifier(check: VerifierCheck, { hidden }: OpenCheck, answer: string): Plan {
  const value = readJson(answer);
  if (!value.ok) return unreadable(value.problem);
  const program = check.program ?? hidden.verifier;
  if (program === null)
    return { type: 'settled', verdict: settled('broken', 'the hidden part holds no verifier') };
  const input = CODECS[check.language].argumentsOf([check.job, value.value] satisfies readonly Json[]);
  return run(check, [[program, input, { type: 'verifier', threshold: check.threshold }]]);
}

/** A contract limits time, and work is what can be limited the same way everywhere. */
export function fuelOf({ timeout_ms }: Check): number {
  return timeout_ms * CHECK_FUEL_PER_MS;
}

type Call = readonly [program: string, input: string, expectation: Expectation];

function run(check: Exclude<Check, SchemaCheck>, calls: readonly Call[], threshold = 1): Plan {
  const { language } = check;
  const fuel = fuelOf(check);
  return {
    type: 'run',
    language,
    executions: calls.map(([program, input]) => ({ language, program, input, fuel })),
    expectations: calls.map(([, , expectation]) => expectation),
    threshold,
  };
}

function unreadable(problem: string): Plan {
  return { type: 'settled', verdict: settled('unreadable', problem) };
}

/** A value of the check, which was read when it was parsed. */
function known(language: Language, text: string): Comparable {
  const read = CODECS[language].readOutput(text);
  if (!read.ok) throw new Error(`a canonical value does not read back: ${read.problem}`);
  return read.value;
}
