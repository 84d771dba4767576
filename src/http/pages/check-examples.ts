/** A check of every mode to start from (docs/verified-jobs.md). `test/http/pages.test.ts` has each of them read as a check. */
import type { Json } from '../../errors.ts';

export interface CheckExample {
  readonly mode: string;
  /** What it proves, for the choice in the form. */
  readonly label: string;
  /** What stands under `verify`. */
  readonly verify: { readonly [key: string]: Json };
}

export const CHECK_EXAMPLES: readonly CheckExample[] = [
  {
    mode: 'deduction',
    label: 'Deduction: the output of a program',
    verify: {
      language: 'python',
      mode: 'deduction',
      program: 'def f(a):\n    return a[::-1]',
      input: '[1, 2]',
    },
  },
  {
    mode: 'abduction',
    label: 'Abduction: an input that gives an output',
    verify: {
      language: 'python',
      mode: 'abduction',
      program: 'def f(n):\n    return n * n + 1',
      output: '50',
    },
  },
  {
    mode: 'induction',
    label: 'Induction: a program that fits examples',
    verify: {
      language: 'python',
      mode: 'induction',
      examples: [
        { input: '1', output: '2' },
        { input: '5', output: '10' },
      ],
    },
  },
  {
    mode: 'tests',
    label: 'Tests: a program that passes them',
    verify: {
      language: 'python',
      mode: 'tests',
      tests: [
        { input: '"level"', output: 'True' },
        { input: '"errand"', output: 'False' },
      ],
    },
  },
  {
    mode: 'verifier',
    label: 'Verifier: a program of yours judges the answer',
    verify: {
      language: 'python',
      mode: 'verifier',
      program: 'def f(job, answer):\n    return sum(answer) == job["sum"] and len(answer) == 3',
      job: { sum: 30 },
    },
  },
  {
    mode: 'schema',
    label: 'Schema: JSON of a certain shape',
    verify: {
      mode: 'schema',
      schema: {
        type: 'object',
        required: ['title', 'points'],
        properties: {
          title: { type: 'string' },
          points: { type: 'array', minItems: 3, items: { type: 'string' } },
        },
      },
    },
  },
];
