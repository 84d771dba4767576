/** An engine of the sandbox in this process, as an executor: the same modules that the Worker runs. */
import type { Executor, Language } from '../../src/checks/executor.ts';
import { sandboxExecutor } from '../../src/sandbox/executor.ts';
import { runRequest } from '../../src/sandbox/port.ts';
import { builtJavaScript, builtPython } from '../sandbox/engines.ts';

/** Builds what is not built, which takes a while the first time. Only the engine that is wanted is compiled. */
export async function localExecutor(language: Language): Promise<Executor> {
  const engine = await (language === 'python' ? builtPython() : builtJavaScript());
  return sandboxExecutor({ run: (request) => engine.run(runRequest.parse(request)) });
}
