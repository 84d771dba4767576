/** Part of the build: CPython boots once from its archive, takes in the harness, and its memory becomes the snapshot. */
import { bootPyodide, type Glue, type Pyodide } from './glue.ts';
import { PYTHON_HARNESS } from './harness.ts';
import { packSnapshot } from './image.ts';
import { PythonHost } from './imports.ts';

/** @param library the archive of Python's standard library */
export async function makeSnapshot(
  module: WebAssembly.Module,
  glue: Glue,
  library: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pyodide = await bootWithHarness(module, glue, library);
  return packSnapshot(pyodide.makeMemorySnapshot());
}

/** CPython as a snapshot finds it: its modules imported, the harness taken in. */
export async function bootWithHarness(
  module: WebAssembly.Module,
  glue: Glue,
  library: Uint8Array<ArrayBuffer>,
): Promise<Pyodide> {
  const host = new PythonHost();
  const needed = WebAssembly.Module.imports(module);
  const pyodide = await bootPyodide({
    glue,
    module,
    library,
    instantiate: async (imports) => {
      const instance = await WebAssembly.instantiate(module, host.guarded(needed, imports));
      const { memory } = instance.exports;
      if (memory instanceof WebAssembly.Memory) host.memory = memory;
      return instance;
    },
  });
  pyodide.runPython(PYTHON_HARNESS);
  return pyodide;
}
