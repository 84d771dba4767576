/**
 * The Worker that runs strangers' programs: without keys, storage or routes, reachable by a service binding only. What it
 * runs is built by scripts/sandbox.
 */
import { WorkerEntrypoint } from 'cloudflare:workers';
import * as z from 'zod';
import createPyodideModule from '../dist/sandbox/pyodide.asm.mjs';
import { loadPyodide } from '../dist/sandbox/pyodide.mjs';
import pythonSnapshot from '../dist/sandbox/python.snapshot.bin';
import python from '../dist/sandbox/python.wasm';
import quickjs from '../dist/sandbox/quickjs.wasm';
import versions from '../dist/sandbox/versions.txt';
import { javascriptEngine } from '../src/sandbox/javascript/engine.ts';
import { type Engine, type Language, type RunOutcome, runRequest } from '../src/sandbox/port.ts';
import { pythonEngine } from '../src/sandbox/python/engine.ts';

const built = z.object({ javascript: z.string(), python: z.string() }).parse(
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .parse(versions),
);

const ENGINES: Readonly<Record<Language, Engine>> = {
  javascript: javascriptEngine(quickjs, built.javascript),
  python: pythonEngine({
    module: python,
    glue: { createPyodideModule, loadPyodide },
    snapshot: pythonSnapshot,
    version: built.python,
  }),
};

// No program reaches these; what cannot be reached at all cannot be reached by a fault of an engine's either.
for (const name of ['fetch', 'WebSocket', 'EventSource', 'caches']) Reflect.set(globalThis, name, undefined);

export default class Sandbox extends WorkerEntrypoint {
  /** @param request a `RunRequest`; parsed here, as a caller may be of another version */
  async run(request: unknown): Promise<RunOutcome> {
    const parsed = runRequest.parse(request);
    return ENGINES[parsed.language].run(parsed);
  }
}
