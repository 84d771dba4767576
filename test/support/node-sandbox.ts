/** The sandbox' own engines under Node, behind its port. */
import {
  type Language,
  type RunOutcome,
  type RunRequest,
  runRequest,
  type Sandbox,
} from '../../src/sandbox/port.ts';
import { builtJavaScript, builtPython } from '../sandbox/rig.ts';

/** Boots Python with the first program in it. */
export async function nodeSandbox(): Promise<Sandbox> {
  const engines = { python: await builtPython(), javascript: await builtJavaScript() };
  return { run: (request) => engines[request.language].run(runRequest.parse(request)) };
}

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
