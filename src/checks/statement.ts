/** What whoever answers a verified job is told of its check: the public part, and the form an answer has to have. */

import { canonicalJson } from '../values/canonical-json.ts';
import type { Check, Example } from './check.ts';

/** Markdown. Nothing of a hidden part is in it. */
export function statementOf(check: Check): string {
  const said = check.message === null ? [] : [check.message];
  return [...said, ...taskOf(check)].join('\n\n');
}

function taskOf(check: Check): readonly string[] {
  switch (check.mode) {
    case 'deduction':
      return [
        `What does this ${check.language} program return for this input?`,
        fenced(check.language, check.program),
        fenced('input', check.input),
        `Answer with the value alone, ${written(check.language)}, in a fenced block of the kind \`output\`. A program compares it with what \`f\` returns.`,
      ];
    case 'abduction':
      return [
        `For which input does this ${check.language} program return this output?`,
        fenced(check.language, check.program),
        fenced('output', check.output),
        `Answer with the arguments of a call of \`f\`${check.language === 'python' ? ', as they stand between its brackets,' : ' as a JSON array'} in a fenced block of the kind \`input\`. Any input that gives the output is right.`,
      ];
    case 'induction':
    case 'tests':
      return [
        `Write a ${check.language} program that defines a function \`f\`${check.examples.length === 0 ? '' : ' with these calls and results'}.`,
        ...check.examples.map(exampleText),
        `Answer with the program in a fenced block of the kind \`${check.language}\`. It is run on ${check.commitment === null ? 'these calls' : 'calls you are not shown'}.`,
      ];
    case 'verifier':
      return [
        ...(check.job === null ? [] : [`Your answer is for this:`, fenced('json', canonicalJson(check.job))]),
        ...(check.program === null
          ? []
          : [`A program decides, by \`f(job, answer)\`:`, fenced(check.language, check.program)]),
        'Answer with JSON alone, in a fenced block of the kind `json`.',
      ];
    case 'schema':
      return [
        'Answer with JSON that this JSON Schema takes, in a fenced block of the kind `json`.',
        fenced('json', canonicalJson(check.schema)),
      ];
  }
}

function exampleText({ input, output }: Example): string {
  return `${fenced('input', input)}\n${fenced('output', output)}`;
}

function written(language: 'python' | 'javascript'): string {
  return language === 'python' ? 'as a Python literal' : 'as JSON';
}

/** A fence longer than any within. */
function fenced(kind: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${kind}\n${text}\n${fence}`;
}
