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

type Form = (text: string) => string | undefined;

/** Forms beside a block, the first that is found counts. Each takes time in proportion to the text. */
const FORMS: Readonly<Record<'output' | 'input', readonly Form[]>> = {
  input: [
    matching(/# Input:[ \t]*([^\n]+)/),
    calling('input'),
    between('<input>', '</input>'),
    matching(/\bthe input is:?[ \t]+([^\n]+?)\.?$/im),
  ],
  output: [
    matching(/# Output:[ \t]*([^\n]+)/),
    between('<output>', '</output>'),
    matching(/\bthe output is:?[ \t]+([^\n]+?)\.?$/im),
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
    const found = form(text);
    if (found !== undefined) return found.trim();
  }
  return undefined;
}

function matching(pattern: RegExp): Form {
  return (text) => pattern.exec(text)?.[1];
}

/** `name(…)` up to the last bracket of its line. */
function calling(name: string): Form {
  const opening = new RegExp(`\\b${name}\\(`);
  return (text) => {
    for (const line of text.split('\n')) {
      const start = line.search(opening) + name.length + 1;
      const end = line.lastIndexOf(')');
      if (start > name.length && end >= start) return line.slice(start, end);
    }
    return undefined;
  };
}

function between(open: string, close: string): Form {
  return (text) => {
    const start = text.indexOf(open);
    const end = start < 0 ? -1 : text.indexOf(close, start + open.length);
    return end < 0 ? undefined : text.slice(start + open.length, end);
  };
}
