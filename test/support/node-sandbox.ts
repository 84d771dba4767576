/** The sandbox' own engines under Node, behind its port; and one that is scripted. */
import type { Language, RunOutcome, RunRequest, Sandbox } from '../../src/sandbox/port.ts';

export { nodeSandbox } from '../../scripts/sandbox/engines.ts';

/** One that says what it is told to, and keeps what it was asked. */
export interface ScriptedSandbox extends Sandbox {
  readonly asked: readonly RunRequest[];
}

export function scriptedSandbox(
  answer: (request: RunRequest) => Partial<RunOutcome> | Error,
): ScriptedSandbox {
  const asked: RunRequest[] = [];
  return {
    asked,
    async run(request) {
      asked.push(request);
      const said = answer(request);
      if (said instanceof Error) throw said;
      const executor: Readonly<Record<Language, string>> = { python: 'snake+1', javascript: 'script+1' };
      return { executor: executor[request.language], verdict: 'value', stdout: '', fuel: 7, ...said };
    },
  };
}
