/**
 * Tries a check out before anybody pays for it: it has to run, to say the same in fresh instances, to take its own
 * reference, and to refuse what nobody had to think for.
 */
import { CHECK_GIVEAWAY_CHARS } from '../limits.ts';
import type { DeductionCheck, OpenCheck } from './check.ts';
import { CODECS } from './codec.ts';
import type { Executor } from './executor.ts';
import { fuelOf, planOf, planOfAnswer } from './plan.ts';
import { judgeAll, runFresh } from './run.ts';
import { trivialAnswers } from './trivial.ts';

export type Validation =
  /** `fuel`: what trying it out took. */
  | { readonly ok: true; readonly fuel: number }
  | { readonly ok: false; readonly problem: ValidationProblem; readonly message: string };

export type ValidationProblem =
  /** The check's program does not come to a value, or to one that equals nothing (NaN). */
  | 'program-fails'
  /** The reference does not pass. */
  | 'reference-fails'
  /** An empty answer, a null or an echo of what is public passes. */
  | 'trivial-answer-passes'
  /** The expected output stands in the program. */
  | 'answer-in-program';

/** @throws JobError SERVICE_UNAVAILABLE when there is no executor; nothing was learnt about the check then */
export async function validateCheck(
  open: OpenCheck,
  executor: Executor,
  signal: AbortSignal,
): Promise<Validation> {
  const { check } = open;
  if (check.mode === 'deduction') {
    const derived = await derivedReference(check, executor, signal);
    if (!derived.ok) return derived;
    const tried = await tryOut(open, [derived.output, ...given(check.output)], executor, signal);
    return tried.ok ? { ok: true, fuel: tried.fuel + derived.fuel } : tried;
  }
  // Without a reference nobody knows whether it can be passed; the client's money goes back when it cannot.
  const shown = check.mode === 'abduction' ? given(check.input) : [];
  return tryOut(open, [...shown, ...given(open.hidden.reference)], executor, signal);
}

function given(reference: string | null): readonly string[] {
  return reference === null ? [] : [reference];
}

type Derived =
  | { readonly ok: true; readonly output: string; readonly fuel: number }
  | Extract<Validation, { ok: false }>;

/** A deduction holds its own answer: what the program returns. */
async function derivedReference(
  check: DeductionCheck,
  executor: Executor,
  signal: AbortSignal,
): Promise<Derived> {
  const { language, program, input } = check;
  const [outcome] = await runFresh(executor, [{ language, program, input, fuel: fuelOf(check) }], signal);
  if (outcome === undefined || !outcome.ok) {
    const why = outcome === undefined ? 'no outcome' : `${outcome.failure}: ${outcome.error}`;
    return refused('program-fails', `the program ends with ${why}`);
  }
  const value = CODECS[language].readOutput(outcome.output);
  if (!value.ok || value.value.key === null) {
    return refused('program-fails', 'the program returns what no answer can equal');
  }
  const expected = value.value.canonical;
  if (expected.length >= CHECK_GIVEAWAY_CHARS && program.includes(expected)) {
    return refused('answer-in-program', 'the expected output stands in the program');
  }
  // An infinity has no literal, so no answer could be written that equals it.
  const written = CODECS[language].readValue(expected);
  return written.ok
    ? { ok: true, output: expected, fuel: outcome.fuel }
    : refused('program-fails', 'the output has no literal');
}

async function tryOut(
  open: OpenCheck,
  references: readonly string[],
  executor: Executor,
  signal: AbortSignal,
): Promise<Validation> {
  const trivial = trivialAnswers(open.check);
  const plans = [
    ...trivial.map((answer) => planOfAnswer(open, answer)),
    ...references.map((reference) => referencePlan(open, reference)),
  ];
  const { verdicts, fuel } = await judgeAll(executor, plans, signal);
  const failing = verdicts.slice(trivial.length).find(({ passed }) => !passed);
  if (failing !== undefined)
    return refused('reference-fails', `the reference does not pass: ${failing.detail}`);
  const passing = trivial.findIndex((_, i) => verdicts[i]?.passed === true);
  if (passing >= 0) {
    return refused('trivial-answer-passes', `this answer passes: ${trivial[passing]?.slice(0, 80) ?? ''}`);
  }
  return { ok: true, fuel };
}

/** A reference in the clear is the bare value, as is a derived one; a hidden one is a result like an agent's. */
function referencePlan(open: OpenCheck, reference: string) {
  return reference === open.hidden.reference ? planOf(open, reference) : planOfAnswer(open, reference);
}

function refused(problem: ValidationProblem, message: string): Extract<Validation, { ok: false }> {
  return { ok: false, problem, message };
}
