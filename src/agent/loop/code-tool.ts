/** Code as a tool: the agent writes a program, the sandbox runs it, the agent reads what it printed. */
import type { Executor } from './executor.ts';
import type { Tool } from './tool.ts';

/**
 * @param languages what the sandbox runs, at least one
 * @param session programs of one session share their variables
 */
export function codeTool(executor: Executor, languages: readonly string[], session: string): Tool {
  return {
    name: 'run_code',
    description:
      'Runs a program in a sandbox without network. Variables stay for later calls. You read what it prints, and the value of its last expression.',
    input: {
      type: 'object',
      properties: { language: { enum: languages }, code: { type: 'string', minLength: 1 } },
      required: ['language', 'code'],
    },
    // The next program may use the variables of this one.
    parallel: false,
    async run({ language, code }, { key, signal }) {
      const { printed, outcome } = await executor.run(
        { language: String(language), code: String(code), key, session },
        signal,
      );
      const end = outcome.ok ? `value: ${JSON.stringify(outcome.value)}` : `failed: ${outcome.error}`;
      return printed === '' ? end : `${printed}${printed.endsWith('\n') ? '' : '\n'}${end}`;
    },
  };
}
