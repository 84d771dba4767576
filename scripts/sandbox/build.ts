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
import type { Glue } from '../../src/sandbox/python/glue.ts';
import { makeSnapshot } from '../../src/sandbox/python/snapshot.ts';
import { ROOT } from '../local/state.ts';
import { patchGlue } from './glue.ts';
import { meter } from './meter.ts';

export const SANDBOX_FOLDER = join(ROOT, 'dist', 'sandbox');
/** Versions and the hash of the inputs; written last, so that a build that broke off is no build. */
const VERSIONS = 'versions.txt';

const versions = z.object({ inputs: z.string(), javascript: z.string(), python: z.string() });
export type SandboxVersions = z.output<typeof versions>;

const require = createRequire(import.meta.url);
const QUICKJS = '@jitl/quickjs-wasmfile-release-sync';
const PYODIDE = 'pyodide';
/** Pyodide's glue, which is imported, and by these names. */
const GLUE = ['pyodide.asm.mjs', 'pyodide.mjs'] as const;

/** Builds what is not built. @throws WasmError where a package is not what this was written for */
export async function buildSandbox(): Promise<SandboxVersions> {
  const inputs = inputHash();
  const known = readVersions();
  if (known?.inputs === inputs) return known;
  mkdirSync(SANDBOX_FOLDER, { recursive: true });
  const built: SandboxVersions = { inputs, javascript: buildJavaScript(), python: await buildPython() };
  put(VERSIONS, JSON.stringify(built));
  return built;
}

function readVersions(): SandboxVersions | undefined {
  const path = join(SANDBOX_FOLDER, VERSIONS);
  if (!existsSync(path)) return undefined;
  return versions.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
}

function buildJavaScript(): string {
  const { wasm } = meter(readFileSync(packageFile(QUICKJS, 'dist/emscripten-module.wasm')), {
    maxPages: SANDBOX_JAVASCRIPT_PAGES,
    stackBytes: SANDBOX_STACK_BYTES,
  });
  put('quickjs.wasm', wasm);
  return versionOf(`quickjs-${packageVersion(QUICKJS)}`, [wasm]);
}

async function buildPython(): Promise<string> {
  const { wasm } = meter(readFileSync(packageFile(PYODIDE, 'pyodide.asm.wasm')), {
    maxPages: SANDBOX_PYTHON_PAGES,
    stackBytes: SANDBOX_STACK_BYTES,
  });
  put('python.wasm', wasm);
  const sources = GLUE.map((name) => {
    const patched = patchGlue(name, readFileSync(packageFile(PYODIDE, name), 'utf8'));
    put(name, patched);
    return new TextEncoder().encode(patched);
  });
  const library = new Uint8Array(readFileSync(packageFile(PYODIDE, 'python_stdlib.zip')));
  const snapshot = await makeSnapshot(await WebAssembly.compile(wasm), await loadGlue(), library);
  put('python.snapshot.bin', snapshot);
  return versionOf(`pyodide-${packageVersion(PYODIDE)}`, [wasm, snapshot, ...sources]);
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

/** Name, and a hash over the built parts and over what drives them. */
function versionOf(name: string, parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  for (const file of filesBelow(join(ROOT, 'src', 'sandbox'))) hash.update(readFileSync(file));
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
  for (const folder of ['scripts/sandbox', 'src/sandbox'])
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
