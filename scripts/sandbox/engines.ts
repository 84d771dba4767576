/** The sandbox in this very process, for commands: the same engines as the Worker's, without its walls. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { javascriptEngine } from '../../src/sandbox/javascript/engine.ts';
import { runRequest, type Sandbox } from '../../src/sandbox/port.ts';
import { pythonEngine } from '../../src/sandbox/python/engine.ts';
import { buildSandbox, loadGlue, SANDBOX_FOLDER } from './build.ts';

/** Builds what is not built yet. */
export async function nodeSandbox(): Promise<Sandbox> {
  const versions = await buildSandbox();
  const compile = (name: string) => new WebAssembly.Module(readFileSync(join(SANDBOX_FOLDER, name)));
  const engines = {
    javascript: javascriptEngine(compile('quickjs.wasm'), versions.javascript),
    python: pythonEngine({
      module: compile('python.wasm'),
      glue: await loadGlue(),
      snapshot: new Uint8Array(readFileSync(join(SANDBOX_FOLDER, 'python.snapshot.bin'))).buffer,
      version: versions.python,
    }),
  };
  return { run: (request) => engines[request.language].run(runRequest.parse(request)) };
}
