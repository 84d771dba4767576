/** What a model is asked that sits as proposer. */
import type { Language } from '../../checks/executor.ts';
import { ARENA_MAX_MESSAGE_CHARS, ARENA_MAX_OUTPUT_CHARS, CHECK_MAX_PROGRAM_CHARS } from '../../limits.ts';
import type { ChatTurn } from '../export/rollout.ts';
import type { Reference } from '../seat.ts';
import type { ArenaSettings } from '../settings.ts';
import type { Order } from '../try-out.ts';
import { block, LANGUAGE_WORDS, turns } from './words.ts';

export function proposePrompt(
  order: Order,
  references: readonly Reference[],
  settings: ArenaSettings,
): readonly ChatTurn[] {
  return order.mode === 'induction'
    ? inductionPrompt(order.subject, references, settings)
    : programPrompt(order.mode, order.language, references, settings);
}

const ASKED: Readonly<Record<'deduction' | 'abduction', string>> = {
  deduction:
    'Others will be shown the program and the input, and have to work out the output without running anything.',
  abduction:
    'Others will be shown the program and its output, and have to find an input that gives that output. Any such input counts.',
};
const HARD: Readonly<Record<'deduction' | 'abduction', string>> = {
  deduction: 'its output is hard to foresee and takes several steps of reasoning',
  abduction: 'an input is hard to recover from the output and takes several steps of reasoning',
};

function programPrompt(
  mode: 'deduction' | 'abduction',
  language: Language,
  references: readonly Reference[],
  settings: ArenaSettings,
): readonly ChatTurn[] {
  const words = LANGUAGE_WORDS[language];
  return turns(
    [
      `Make a new task: a ${words.name} program and one input for it. ${ASKED[mode]}`,
      codeRules(language, settings),
      inputRules(language),
      [
        'The answer has two blocks, the program first:',
        block(language, EXAMPLES[language].program),
        block('input', EXAMPLES[language].input),
      ].join('\n'),
      [
        'How it is judged:',
        '- the program has to run on the input and give the same output every time;',
        `- the best task is one of which ${HARD[mode]}, and which some of those who try can still solve. A task that all or none solve is worth nothing;`,
        '- it has to differ from the tasks below in what it does, not in names or comments.',
      ].join('\n'),
      'First plan the task: what makes it hard, and which steps lead to its solution. Then write it.',
      referencesText(references),
    ],
    settings.wrapper,
  );
}

const EXAMPLES: Readonly<Record<Language, { readonly program: string; readonly input: string }>> = {
  python: {
    program:
      'def f(name, info):\n    result = {}\n    for i, c in enumerate(name):\n        result[c] = info.get(c, 0) + i\n    return sorted(result.items())',
    input: "'abca', {'a': 2}",
  },
  javascript: {
    program:
      'function f(name, info) {\n  const result = {};\n  [...name].forEach((c, i) => {\n    result[c] = (info[c] ?? 0) + i;\n  });\n  return result;\n}',
    input: '["abca", {"a": 2}]',
  },
};

function codeRules(language: Language, settings: ArenaSettings): string {
  const words = LANGUAGE_WORDS[language];
  const imports =
    language === 'python'
      ? `- imports stand at the top, from the standard library only, and none of: ${settings.bannedModules.join(', ')};`
      : '- nothing is imported;';
  return [
    'Rules for the program:',
    `- exactly one function, \`${words.entry}\`, with at least one parameter; it ends by returning a value;`,
    '- the same output for the same input: no randomness, no time, no input or output, no printing, no state outside of it;',
    '- it carries some state through several changes rather than computing one expression;',
    imports,
    `- at most ${CHECK_MAX_PROGRAM_CHARS} characters, done in well under 10 seconds, with an output of at most ${ARENA_MAX_OUTPUT_CHARS} characters;`,
    '- the output is plain data, such as numbers, strings, lists and dictionaries.',
  ].join('\n');
}

function inputRules(language: Language): string {
  return `Rules for the input: it is written ${LANGUAGE_WORDS[language].input}. It has to fit the parameters of \`f\`.`;
}

function referencesText(references: readonly Reference[]): string {
  if (references.length === 0) return '';
  const shown = references.map(({ task, solveRate }, i) => {
    const rate = solveRate === null ? '' : ` Solved by ${Math.round(100 * solveRate)} % of those who tried.`;
    const rest =
      task.mode === 'induction'
        ? task.given.map(({ input, output }) => `${block('input', input)}\n${block('output', output)}`)
        : [block('input', task.input), block('output', task.output)];
    return [`Task ${i + 1}.${rate}`, block(task.language, task.program), ...rest].join('\n');
  });
  return `Tasks that exist already:\n\n${shown.join('\n\n')}`;
}

function inductionPrompt(
  { language, program }: { readonly language: Language; readonly program: string },
  references: readonly Reference[],
  settings: ArenaSettings,
): readonly ChatTurn[] {
  const count = settings.inductionInputs;
  return turns(
    [
      `Here is a ${LANGUAGE_WORDS[language].name} program. Others will not be shown it. They get half of your inputs with their outputs and your message, and have to write a program that does the same on all of them.`,
      block(language, program),
      `Write ${count} different inputs and one message.`,
      inputRules(language),
      [
        'Rules:',
        `- all ${count} inputs run; the inputs together show all that the program does, so that it can be found from the first half;`,
        `- the message gives a hint and does not give the program away; at most ${ARENA_MAX_MESSAGE_CHARS} characters;`,
        '- the best task is one that some of those who try solve. A task that all or none solve is worth nothing.',
      ].join('\n'),
      [
        `The answer has ${count} input blocks, each with one input, and a message block:`,
        block('input', EXAMPLES[language].input),
        block('message', 'Counts something about the letters.'),
      ].join('\n'),
      'First plan which inputs tell the cases of the program apart. Then write them.',
      references.length === 0 ? '' : referencesText(references),
    ],
    settings.wrapper,
  );
}
