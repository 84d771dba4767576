/** A task of the arena, its public side, and the check that judges answers to it. */
import type { Example, OpenCheck } from '../checks/check.ts';
import { CODECS } from '../checks/codec.ts';
import type { Language } from '../checks/executor.ts';
import { CHECK_DEFAULT_TIMEOUT_MS } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';
import { canonicalJson } from '../values/canonical-json.ts';
import { normalizedProgram } from './normalize.ts';
import type { Mode } from './settings.ts';

interface Common {
  readonly language: Language;
  readonly program: string;
}

/** A program, an input and the output it gives, all canonical. */
export interface TripletTask extends Common {
  readonly mode: 'deduction' | 'abduction';
  readonly input: string;
  readonly output: string;
}

/** A program known by what it does: the first half of the calls is shown, the second judges. */
export interface InductionTask extends Common {
  readonly mode: 'induction';
  readonly given: readonly Example[];
  readonly hidden: readonly Example[];
  readonly message: string;
}

export type Task = TripletTask | InductionTask;

/** What a solver sees of it: never more than it needs. */
export type Question =
  | {
      readonly mode: 'deduction';
      readonly language: Language;
      readonly program: string;
      readonly input: string;
    }
  | {
      readonly mode: 'abduction';
      readonly language: Language;
      readonly program: string;
      readonly output: string;
    }
  | {
      readonly mode: 'induction';
      readonly language: Language;
      readonly examples: readonly Example[];
      readonly message: string;
    };

export function questionOf(task: Task): Question {
  const { mode, language } = task;
  switch (mode) {
    case 'deduction':
      return { mode, language, program: task.program, input: task.input };
    case 'abduction':
      return { mode, language, program: task.program, output: task.output };
    case 'induction':
      return { mode, language, examples: task.given, message: task.message };
  }
}

/** The check of `src/checks` that judges answers: the arena pays by the same rules as a verified job. */
export function checkOf(task: Task): OpenCheck {
  const { language, program } = task;
  const base = {
    language,
    equality: 'language',
    message: null,
    commitment: null,
    timeout_ms: CHECK_DEFAULT_TIMEOUT_MS,
  } as const;
  const hidden = { tests: [], verifier: null, reference: null };
  switch (task.mode) {
    case 'deduction':
      return { check: { ...base, mode: 'deduction', program, input: task.input, output: null }, hidden };
    case 'abduction':
      return { check: { ...base, mode: 'abduction', program, output: task.output, input: null }, hidden };
    case 'induction': {
      const check = { ...base, mode: 'induction', examples: task.given, threshold: 1 } as const;
      return { check, hidden: { ...hidden, tests: task.hidden } };
    }
  }
}

/**
 * The same for tasks that differ in names, comments and white space alone. Of an induction only the program counts:
 * other inputs do not make it another thing to find out.
 */
export function taskId(task: Task): string {
  const program = programId(task);
  const rest: Readonly<Record<Mode, readonly string[]>> = {
    deduction: task.mode === 'deduction' ? [CODECS[task.language].identityOf(task.input)] : [],
    abduction: task.mode === 'abduction' ? [task.output] : [],
    induction: [],
  };
  return sha256Hex(canonicalJson([task.mode, program, ...rest[task.mode]]));
}

/** The same for programs that differ in names, comments and white space alone. */
export function programId({ program, language }: Task): string {
  return sha256Hex(canonicalJson([language, normalizedProgram(program, language)]));
}
