/** The engines as the build makes them, under Node, and one short way to run a program in them. */
import { type Engine, type RunOutcome, type RunRequest, runRequest } from '../../src/sandbox/port.ts';

export { builtJavaScript, builtPython, pythonParts } from '../../scripts/sandbox/engines.ts';

/** `f()` unless the request says otherwise. */
export function runWith(
  engine: Engine,
  request: Partial<RunRequest> & { code: string },
): Promise<RunOutcome> {
  return engine.run(runRequest.parse({ language: 'python', input: { values: [] }, ...request }));
}
