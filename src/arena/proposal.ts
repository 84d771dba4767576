/** Reads what a proposer wrote. Nothing is run: what comes out is a task to be tried. */
import type { Language } from '../checks/executor.ts';
import { fencesOf } from '../checks/fences.ts';
import { ARENA_MAX_MESSAGE_CHARS, CHECK_MAX_PROGRAM_CHARS, CHECK_MAX_VALUE_CHARS } from '../limits.ts';

/** A refusal says why, for the proposer's next try. */
export type Parsed<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly problem: string };

/** For deduction and abduction. */
export type ProgramProposal = Parsed<{ readonly program: string; readonly input: string }>;
/** For induction, about a program that is stored already. */
export type InputsProposal = Parsed<{ readonly inputs: readonly string[]; readonly message: string }>;

/** The first block is the program, whatever its tag, and the first input block the input. */
export function parseProgramProposal(answer: string, language: Language): ProgramProposal {
  const fences = fencesOf(answer);
  const [code] = fences;
  if (code === undefined) return refused('there is no code block');
  const program = asEntry(code.body.trim(), language);
  if (program === null) return refused('the program has to define exactly one function');
  const input =
    fences.slice(1).find(({ tag }) => tag === 'input')?.body ?? /^# Input:(.*)$/m.exec(answer)?.[1];
  if (input === undefined) return refused('there is no input block');
  if (program.length > CHECK_MAX_PROGRAM_CHARS) return refused('the program is too long');
  if (input.length > CHECK_MAX_VALUE_CHARS) return refused('the input is too long');
  return { ok: true, program, input: input.trim() };
}

/** The last `count` input blocks, and a message. */
export function parseInputsProposal(answer: string, count: number): InputsProposal {
  const fences = fencesOf(answer);
  const inputs = fences.filter(({ tag }) => tag === 'input').map(({ body }) => body.trim());
  const tagged = /<message>([\s\S]*?)<\/message>/.exec(answer)?.[1];
  const message = (fences.find(({ tag }) => tag === 'message')?.body ?? tagged)?.trim();
  if (inputs.length < count) return refused(`there are ${inputs.length} inputs, not ${count}`);
  if (message === undefined || message === '') return refused('there is no message');
  if (message.length > ARENA_MAX_MESSAGE_CHARS) return refused('the message is too long');
  const kept = inputs.slice(-count);
  if (kept.some((input) => input.length > CHECK_MAX_VALUE_CHARS)) return refused('an input is too long');
  return { ok: true, inputs: kept, message };
}

/** What the program imports, as it is written; Python only. */
export function importsOf(program: string): readonly string[] {
  return program
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(?:import|from)\s/.test(line));
}

const DEFINITIONS: Readonly<Record<Language, RegExp>> = {
  python: /\bdef\s+([A-Za-z_]\w*)\s*\(/g,
  javascript: /\bfunction\s+([A-Za-z_$][\w$]*)\s*\(/g,
};

/** The program with its one function called `f`; null when it has none or several, nested ones and methods included. */
function asEntry(program: string, language: Language): string | null {
  const names = [...program.matchAll(DEFINITIONS[language])].map(([, name]) => name);
  const [name] = names;
  if (name === undefined || names.length > 1) return null;
  if (name === 'f') return program;
  const call = new RegExp(String.raw`(?<![\w.$])${name.replaceAll('$', String.raw`\$`)}(?=\s*\()`, 'g');
  return program.replace(call, 'f');
}

function refused(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
