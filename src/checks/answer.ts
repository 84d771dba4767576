/**
 * Takes the answer out of a result, as Absolute Zero Reasoner takes it out of a solver's text: the last fenced block of
 * its kind, else one of the forms models fall back to, else the whole text. What is taken is text, to be read as data.
 */
import { CHECK_MAX_ANSWER_CHARS } from '../limits.ts';
import type { Language } from './executor.ts';
import { fencesOf } from './fences.ts';

export type AnswerKind = 'output' | 'input' | 'program' | 'json';

const PROGRAM_TAGS: Readonly<Record<Language, readonly string[]>> = {
  python: ['python', 'py', 'python3'],
  javascript: ['javascript', 'js'],
};
/** Where a value is asked for, models tag its block with the language as often. */
const VALUE_TAGS: readonly string[] = [
  '',
  'text',
  'plaintext',
  'json',
  ...Object.values(PROGRAM_TAGS).flat(),
];

/** Forms beside a block, the first that is found counts. */
const FORMS: Readonly<Record<'output' | 'input', readonly RegExp[]>> = {
  input: [
    /# Input:[ \t]*([^\n]+)/,
    /\binput\(([^\n]*)\)/,
    /<input>([\s\S]*?)<\/input>/,
    /\bthe input is:?[ \t]+([^\n]+?)\.?$/im,
  ],
  output: [
    /# Output:[ \t]*([^\n]+)/,
    /<output>([\s\S]*?)<\/output>/,
    /\bthe output is:?[ \t]+([^\n]+?)\.?$/im,
  ],
};

/** @param language of the program that is asked for; nothing else depends on it */
export function takeAnswer(result: string, kind: AnswerKind, language: Language): string {
  const text = result.slice(0, CHECK_MAX_ANSWER_CHARS);
  const fences = fencesOf(text);
  const last = (tags: readonly string[]) => fences.findLast(({ tag }) => tags.includes(tag))?.body.trim();
  const whole = text.trim();
  switch (kind) {
    case 'program':
      return last(PROGRAM_TAGS[language]) ?? last(['']) ?? whole;
    case 'json':
      return last(['json']) ?? last(['']) ?? whole;
    case 'output':
    case 'input':
      return last([kind]) ?? last(VALUE_TAGS) ?? formOf(text, kind) ?? whole;
  }
}

function formOf(text: string, kind: 'output' | 'input'): string | undefined {
  for (const form of FORMS[kind]) {
    const found = form.exec(text)?.[1];
    if (found !== undefined) return found.trim();
  }
  return undefined;
}
