/** The sandbox in this very process, for commands and tests: the same engines as the Worker's, without its walls. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { javascriptEngine } from '../../src/sandbox/javascript/engine.ts';
import { type Engine, runRequest, type Sandbox } from '../../src/sandbox/port.ts';
import { type PythonParts, pythonEngine } from '../../src/sandbox/python/engine.ts';
import { buildSandbox, loadGlue, SANDBOX_FOLDER } from './build.ts';

const compile = (name: string) => new WebAssembly.Module(readFileSync(join(SANDBOX_FOLDER, name)));

/** Builds what is not built yet, as all of these do. */
export async function builtJavaScript(): Promise<Engine> {
  const { javascript } = await buildSandbox();
  return javascriptEngine(compile('quickjs.wasm'), javascript);
}

/** Boots with its first program. */
export async function builtPython(): Promise<Engine> {
  return pythonEngine(await pythonParts());
}

export async function pythonParts(): Promise<PythonParts> {
  const { python } = await buildSandbox();
  const snapshot = new Uint8Array(readFileSync(join(SANDBOX_FOLDER, 'python.snapshot.bin'))).buffer;
  return { module: compile('python.wasm'), glue: await loadGlue(), snapshot, version: python };
}

export async function nodeSandbox(): Promise<Sandbox> {
  const engines = { python: await builtPython(), javascript: await builtJavaScript() };
  return { run: (request) => engines[request.language].run(runRequest.parse(request)) };
}
