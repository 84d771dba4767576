/** What a model is asked that sits as solver: the public side of a task, and nothing that is not in its question. */
import type { ChatTurn } from '../export/rollout.ts';
import type { ArenaSettings } from '../settings.ts';
import type { Question } from '../task.ts';
import { block, LANGUAGE_WORDS, turns } from './words.ts';

export function solvePrompt(question: Question, settings: ArenaSettings): readonly ChatTurn[] {
  const words = LANGUAGE_WORDS[question.language];
  switch (question.mode) {
    case 'deduction':
      return turns(
        [
          `Here are a ${words.name} program and an input. What does \`f\` return for it? Work it out step by step; nothing can be run.`,
          block(question.language, question.program),
          block('input', question.input),
          `The answer is one block with the output as a literal:\n${block('output', OUTPUTS[question.language])}`,
        ],
        settings.wrapper,
      );
    case 'abduction':
      return turns(
        [
          `Here are a ${words.name} program and an output. Find an input for which \`f\` returns exactly that output. Any such input is right.`,
          block(question.language, question.program),
          block('output', question.output),
          `The answer is one block with the input, written ${words.input}:\n${block('input', INPUTS[question.language])}`,
        ],
        settings.wrapper,
      );
    case 'induction':
      return turns(
        [
          `Here are inputs and outputs of a ${words.name} function that you are not shown, and a message about it. Write a function \`f\` that does the same. It is judged by other inputs than these, so find what it does rather than listing cases.`,
          ...question.examples.map(
            ({ input, output }) => `${block('input', input)}\n${block('output', output)}`,
          ),
          block('message', question.message),
          `The answer is one block with the whole program, whose function is \`${words.entry}\`:\n${block(question.language, PROGRAMS[question.language])}`,
        ],
        settings.wrapper,
      );
  }
}

const OUTPUTS = { python: "{'a': [1, 2]}", javascript: '{"a": [1, 2]}' } as const;
const INPUTS = { python: "'abca', {'a': 2}", javascript: '["abca", {"a": 2}]' } as const;
const PROGRAMS = {
  python: 'def f(a):\n    return a',
  javascript: 'function f(a) {\n  return a;\n}',
} as const;
