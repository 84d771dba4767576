/** The sandbox' engines in this process, as an executor: the same modules that the Worker runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Executor, Language } from '../../src/checks/executor.ts';
import { sandboxExecutor } from '../../src/sandbox/executor.ts';
import { javascriptEngine } from '../../src/sandbox/javascript/engine.ts';
import { type Engine, runRequest } from '../../src/sandbox/port.ts';
import { pythonEngine } from '../../src/sandbox/python/engine.ts';
import { buildSandbox, loadGlue, SANDBOX_FOLDER } from '../sandbox/build.ts';

/** Builds what is not built, which takes a while the first time. */
export async function localExecutor(language: Language): Promise<Executor> {
  const versions = await buildSandbox();
  const engine = language === 'python' ? await python(versions.python) : javascript(versions.javascript);
  return sandboxExecutor({ run: (request) => engine.run(runRequest.parse(request)) });
}

function javascript(version: string): Engine {
  return javascriptEngine(compiled('quickjs.wasm'), version);
}

async function python(version: string): Promise<Engine> {
  const snapshot = new Uint8Array(readFileSync(join(SANDBOX_FOLDER, 'python.snapshot.bin'))).buffer;
  return pythonEngine({ module: compiled('python.wasm'), glue: await loadGlue(), snapshot, version });
}

function compiled(name: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(join(SANDBOX_FOLDER, name)));
}
