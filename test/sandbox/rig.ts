/** The engines as the build makes them, under Node. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSandbox, loadGlue, SANDBOX_FOLDER } from '../../scripts/sandbox/build.ts';
import { javascriptEngine } from '../../src/sandbox/javascript/engine.ts';
import { type Engine, type RunOutcome, type RunRequest, runRequest } from '../../src/sandbox/port.ts';
import { type PythonParts, pythonEngine } from '../../src/sandbox/python/engine.ts';

const compile = (name: string) => new WebAssembly.Module(readFileSync(join(SANDBOX_FOLDER, name)));

export async function builtJavaScript(): Promise<Engine> {
  const { javascript } = await buildSandbox();
  return javascriptEngine(compile('quickjs.wasm'), javascript);
}

export async function builtPython(): Promise<Engine> {
  return pythonEngine(await pythonParts());
}

export async function pythonParts(): Promise<PythonParts> {
  const { python } = await buildSandbox();
  const snapshot = new Uint8Array(readFileSync(join(SANDBOX_FOLDER, 'python.snapshot.bin'))).buffer;
  return { module: compile('python.wasm'), glue: await loadGlue(), snapshot, version: python };
}

/** `f()` unless the request says otherwise. */
export function runWith(
  engine: Engine,
  request: Partial<RunRequest> & { code: string },
): Promise<RunOutcome> {
  return engine.run(runRequest.parse({ language: 'python', input: { values: [] }, ...request }));
}
