/** Answers nobody had to think for: nothing, null, and what stands in the check already. */
import { canonicalJson } from '../values/canonical-json.ts';
import type { Check } from './check.ts';
import type { Language } from './executor.ts';

/** Empty JSON values; a check that takes one of them takes too much. */
const EMPTY_JSON: readonly string[] = ['', 'null', '""', '[]', '{}'];

const NULL: Readonly<Record<Language, string>> = { python: 'None', javascript: 'null' };

export function trivialAnswers(check: Check): readonly string[] {
  switch (check.mode) {
    case 'deduction':
      return ['', NULL[check.language], ...echoes(check.language, check.input)];
    case 'abduction':
      return ['', ...nullArguments(check.language), argumentOf(check.language, check.output)];
    case 'induction':
    case 'tests':
      return ['', ...programs(check.language, check.examples[0]?.output ?? NULL[check.language])];
    case 'verifier':
      return [...EMPTY_JSON, 'true', canonicalJson(check.job)];
    case 'schema':
      return EMPTY_JSON;
  }
}

/** The input as a value: as the one argument it may be, and as all of them. */
function echoes(language: Language, input: string): readonly string[] {
  return language === 'python' ? [input] : [input, input.slice(1, -1)];
}

function nullArguments(language: Language): readonly string[] {
  return language === 'python' ? ['None'] : ['[]', '[null]'];
}

function argumentOf(language: Language, value: string): string {
  return language === 'python' ? value : `[${value}]`;
}

/** Programs that return nothing, their first argument, or always what an example shows. */
function programs(language: Language, shown: string): readonly string[] {
  if (language === 'python') {
    return [
      'def f(*args):\n    return None',
      'def f(*args):\n    return args[0] if args else None',
      `def f(*args):\n    return ${shown}`,
    ];
  }
  return [
    'function f() { return null; }',
    'function f(first) { return first; }',
    `function f() { return ${shown}; }`,
  ];
}
