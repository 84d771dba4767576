/**
 * Builds the engines of the sandbox from their npm packages into `dist/sandbox`, which git ignores: nothing binary is
 * committed that this cannot make again. What is there already is kept, as long as it was made from the same inputs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { SANDBOX_JAVASCRIPT_PAGES, SANDBOX_PYTHON_PAGES, SANDBOX_STACK_BYTES } from '../../src/limits.ts';
import { QUICKJS_SHA256 } from '../../src/sandbox/javascript/imports.ts';
import type { Language } from '../../src/sandbox/port.ts';
import type { Glue } from '../../src/sandbox/python/glue.ts';
import { makeSnapshot } from '../../src/sandbox/python/snapshot.ts';
import { ROOT } from '../local/state.ts';
import { driverOf } from './driver.ts';
import { patchGlue } from './glue.ts';
import { meter } from './meter.ts';

export const SANDBOX_FOLDER = join(ROOT, 'dist', 'sandbox');
const VERSIONS = 'versions.txt';
/** A hash of everything that was read; written last, so that a build that broke off is no build. */
const INPUTS = 'inputs.txt';

const versions = z.object({ javascript: z.string(), python: z.string() });
export type SandboxVersions = z.output<typeof versions>;

const require = createRequire(import.meta.url);
const QUICKJS = '@jitl/quickjs-wasmfile-release-sync';
const QUICKJS_MODULE = 'dist/emscripten-module.wasm';
const PYODIDE = 'pyodide';
/** Pyodide's glue, which is imported, and by these names. */
const GLUE = ['pyodide.asm.mjs', 'pyodide.mjs'] as const;

/** Builds what is not built. @throws WasmError where a package is not what this was written for */
export async function buildSandbox(): Promise<SandboxVersions> {
  const inputs = inputHash();
  if (read(INPUTS) === inputs) return versions.parse(JSON.parse(read(VERSIONS) ?? ''));
  mkdirSync(SANDBOX_FOLDER, { recursive: true });
  const built: SandboxVersions = { javascript: await buildJavaScript(), python: await buildPython() };
  put(VERSIONS, JSON.stringify(built));
  put(INPUTS, inputs);
  return built;
}

function read(name: string): string | undefined {
  const path = join(SANDBOX_FOLDER, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

async function buildJavaScript(): Promise<string> {
  const wasm = metered('javascript');
  put('quickjs.wasm', wasm);
  return versionOf(`quickjs-${packageVersion(QUICKJS)}`, [wasm, await driverOf('javascript')]);
}

const MODULES: Readonly<Record<Language, () => { readonly bytes: Uint8Array; readonly maxPages: number }>> = {
  javascript: () => ({
    bytes: requireQuickJs(readFileSync(packageFile(QUICKJS, QUICKJS_MODULE))),
    maxPages: SANDBOX_JAVASCRIPT_PAGES,
  }),
  python: () => ({
    bytes: readFileSync(packageFile(PYODIDE, 'pyodide.asm.wasm')),
    maxPages: SANDBOX_PYTHON_PAGES,
  }),
};

/** The package's module, metered. @param counting off only to measure what counting costs */
function metered(language: Language, counting = true): Uint8Array<ArrayBuffer> {
  const { bytes, maxPages } = MODULES[language]();
  return meter(bytes, { maxPages, stackBytes: SANDBOX_STACK_BYTES, counting }).wasm;
}

/** An engine's module with the counters in place, and nobody counting. */
export function unmeteredModule(language: Language): Promise<WebAssembly.Module> {
  return WebAssembly.compile(metered(language, false));
}

/** The archive of Python's standard library. */
export function pythonLibrary(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(packageFile(PYODIDE, 'python_stdlib.zip')));
}

/** @throws Error for any other module than the one whose imports we name */
export function requireQuickJs(module: Uint8Array): Uint8Array {
  const found = createHash('sha256').update(module).digest('hex');
  if (found !== QUICKJS_SHA256)
    throw new Error(
      `${QUICKJS} is another build (${found}): look up the names of its imports in src/sandbox/javascript/imports.ts`,
    );
  return module;
}

async function buildPython(): Promise<string> {
  const wasm = metered('python');
  put('python.wasm', wasm);
  const sources = GLUE.map((name) => {
    const patched = patchGlue(name, readFileSync(packageFile(PYODIDE, name), 'utf8'));
    put(name, patched);
    return new TextEncoder().encode(patched);
  });
  const snapshot = await makeSnapshot(await WebAssembly.compile(wasm), await loadGlue(), pythonLibrary());
  put('python.snapshot.bin', snapshot);
  return versionOf(`pyodide-${packageVersion(PYODIDE)}`, [
    ...[wasm, snapshot, ...sources],
    await driverOf('python'),
  ]);
}

const glueModules = z.tuple([
  z.object({ default: z.unknown() }),
  z.object({ loadPyodide: z.custom<Glue['loadPyodide']>((found) => typeof found === 'function') }),
]);

/** The patched glue, for the build and for who runs the engine under Node. */
export async function loadGlue(): Promise<Glue> {
  const loaded = await Promise.all(
    GLUE.map((name): Promise<unknown> => import(pathToFileURL(join(SANDBOX_FOLDER, name)).href)),
  );
  const [{ default: createPyodideModule }, { loadPyodide }] = glueModules.parse(loaded);
  return { createPyodideModule, loadPyodide };
}

/** Name, and a hash over all that runs. */
function versionOf(name: string, parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `${name}+${hash.digest('hex').slice(0, 16)}`;
}

/** Two builds may run at once, and somebody may be reading: each file changes in one moment. */
function put(name: string, content: string | Uint8Array): void {
  const draft = join(SANDBOX_FOLDER, `${name}.${process.pid}`);
  writeFileSync(draft, content);
  renameSync(draft, join(SANDBOX_FOLDER, name));
}

function inputHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  for (const folder of ['scripts/sandbox', 'src/sandbox', 'src/values'])
    for (const file of filesBelow(join(ROOT, folder))) hash.update(readFileSync(file));
  return hash.update(readFileSync(join(ROOT, 'src', 'limits.ts'))).digest('hex');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function packageFile(name: string, file: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), file);
}

function packageVersion(name: string): string {
  return z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(packageFile(name, 'package.json'), 'utf8'))).version;
}
