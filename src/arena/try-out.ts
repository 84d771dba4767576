/**
 * Tries a proposed task out: it has to run and say the same in fresh instances. The original takes whatever its status
 * text has no "error" in, and so stores tasks with an empty answer; here only values become answers.
 */
import { CODECS } from '../checks/codec.ts';
import type { Execution, Executor, Language, Outcome } from '../checks/executor.ts';
import { runFresh } from '../checks/run.ts';
import { ARENA_MAX_OUTPUT_CHARS, SANDBOX_FUEL } from '../limits.ts';
import { bannedImport } from './banned.ts';
import { type Parsed, parseInputsProposal, parseProgramProposal } from './proposal.ts';
import type { ArenaSettings } from './settings.ts';
import type { Task } from './task.ts';

/** What an induction is about: a program of the buffer. */
export interface Subject {
  readonly language: Language;
  readonly program: string;
}

/** How a proposal is to be read. */
export type Order =
  | { readonly mode: 'deduction' | 'abduction'; readonly language: Language }
  | { readonly mode: 'induction'; readonly subject: Subject };

export interface TriedTask {
  readonly task: Task;
  /** What ran it, and its build. */
  readonly engine: string;
}

/**
 * @param answer the proposer's text without its wrapper
 * @throws JobError SERVICE_UNAVAILABLE when there is no executor
 */
export async function tryOut(
  answer: string,
  order: Order,
  executor: Executor,
  settings: ArenaSettings,
  signal: AbortSignal,
): Promise<Parsed<TriedTask>> {
  const read =
    order.mode === 'induction' ? inductionCalls(answer, order.subject, settings) : programCall(answer, order);
  if (!read.ok) return read;
  const { language, program, inputs } = read;
  const banned = bannedImport(program, language, settings.bannedModules);
  if (banned !== null) return refused(`the program imports ${banned}`);
  const canonical = inputs.map((input) => CODECS[language].readArguments(input));
  const calls: Execution[] = [];
  for (const input of canonical) {
    if (!input.ok) return refused(`an input is not a list of values: ${input.problem}`);
    calls.push({ language, program, input: input.value, fuel: SANDBOX_FUEL });
  }
  if (new Set(calls.map(({ input }) => CODECS[language].identityOf(input))).size < calls.length)
    return refused('two inputs are the same');
  const outcomes = await runFresh(executor, calls, signal);
  const outputs: string[] = [];
  for (const outcome of outcomes) {
    const output = outputOf(outcome, language);
    if (!output.ok) return output;
    outputs.push(output.text);
  }
  const engine = outcomes[0]?.executor ?? '';
  const examples = calls.map(({ input }, i) => ({ input, output: outputs[i] ?? '' }));
  if (order.mode === 'induction') {
    const half = Math.floor(examples.length / 2);
    const task = {
      mode: order.mode,
      language,
      program,
      given: examples.slice(0, half),
      hidden: examples.slice(half),
    };
    return { ok: true, task: { ...task, message: read.message }, engine };
  }
  const [example] = examples;
  if (example === undefined) return refused('there is no input');
  return { ok: true, task: { mode: order.mode, language, program, ...example }, engine };
}

type Calls = Parsed<Subject & { readonly inputs: readonly string[]; readonly message: string }>;

function programCall(answer: string, { language }: { readonly language: Language }): Calls {
  const proposal = parseProgramProposal(answer, language);
  if (!proposal.ok) return proposal;
  return { ok: true, language, program: proposal.program, inputs: [proposal.input], message: '' };
}

function inductionCalls(answer: string, subject: Subject, settings: ArenaSettings): Calls {
  const proposal = parseInputsProposal(answer, settings.inductionInputs);
  if (!proposal.ok) return proposal;
  return { ok: true, ...subject, inputs: proposal.inputs, message: proposal.message };
}

function outputOf(outcome: Outcome, language: Language): Parsed<{ readonly text: string }> {
  if (!outcome.ok) return refused(`the program ends with ${outcome.failure}: ${outcome.error}`);
  const value = CODECS[language].readOutput(outcome.output);
  if (!value.ok) return refused('the output is no value');
  const { canonical, key } = value.value;
  // What equals nothing or has no literal could never be answered.
  if (key === null || !CODECS[language].readValue(canonical).ok) return refused('the output has no literal');
  if (canonical.length > ARENA_MAX_OUTPUT_CHARS) {
    return refused(`the output has more than ${ARENA_MAX_OUTPUT_CHARS} characters`);
  }
  return { ok: true, text: canonical };
}

function refused(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
