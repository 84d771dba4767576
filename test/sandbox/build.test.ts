import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from '../../scripts/local/state.ts';
import { buildSandbox, requireQuickJs, SANDBOX_FOLDER } from '../../scripts/sandbox/build.ts';
import { driverOf } from '../../scripts/sandbox/driver.ts';

/** A copy of the checkout at another path, without anything built. */
let copy: string;

beforeEach(() => {
  copy = join(mkdtempSync(join(tmpdir(), 'errand-build-')), 'elsewhere');
  for (const name of ['src', 'scripts', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => {
  rmSync(join(copy, '..'), { recursive: true, force: true });
});

function edit(file: string, change: (source: string) => string): void {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const changed = change(source);
  if (changed === source) throw new Error(`nothing to change in ${file}`);
  writeFileSync(path, changed);
}

const DRIVERS = [
  'python/engine.ts',
  'python/harness.ts',
  'python/imports.ts',
  'javascript/engine.ts',
  'fuel.ts',
];

function comment(): void {
  for (const file of DRIVERS)
    edit(`src/sandbox/${file}`, (source) => `// Another comment.\n${source}\n/* And one. */\n`);
}

test('two clean builds at two paths are the same executors, whatever their comments', async () => {
  await buildSandbox();
  comment();
  execFileSync(process.execPath, [join(copy, 'scripts', 'build-sandbox.ts')], { stdio: 'pipe' });
  for (const name of [
    'versions.txt',
    'python.snapshot.bin',
    'python.wasm',
    'quickjs.wasm',
    'pyodide.asm.mjs',
  ])
    expect(
      readFileSync(join(copy, 'dist', 'sandbox', name)).equals(readFileSync(join(SANDBOX_FOLDER, name))),
      name,
    ).toBe(true);
}, 180_000);

test.each([
  ['python', 'src/sandbox/python/imports.ts', '1664525', '1664527'],
  ['python', 'src/limits.ts', 'SANDBOX_MAX_STDOUT_BYTES = 65_536', 'SANDBOX_MAX_STDOUT_BYTES = 65_537'],
  ['javascript', 'src/sandbox/javascript/harness.ts', 'seed = 123456789', 'seed = 123456780'],
  ['javascript', 'src/limits.ts', 'SANDBOX_NOW_MS = 1_767', 'SANDBOX_NOW_MS = 1_768'],
] as const)('another executor of %s: %s', async (language, file, from, to) => {
  const other = language === 'python' ? 'javascript' : 'python';
  const both = () => Promise.all([driverOf(language, copy), driverOf(other, copy)]);
  const before = await both();
  comment();
  expect(await both()).toEqual(before);
  edit(file, (source) => source.replace(from, to));
  expect(await driverOf(language, copy)).not.toEqual(before[0]);
});

test('a limit that no engine reads makes no other executor', async () => {
  const before = await driverOf('python', copy);
  edit('src/limits.ts', (source) => source.replace('MAIL_MAX_REPORTS = 1_000', 'MAIL_MAX_REPORTS = 1_001'));
  expect(await driverOf('python', copy)).toEqual(before);
});

test('a build of QuickJS whose imports nobody looked up is refused', () => {
  const path = join(ROOT, 'node_modules', '@jitl', 'quickjs-wasmfile-release-sync', 'dist');
  const module = readFileSync(join(path, 'emscripten-module.wasm'));
  expect(requireQuickJs(module)).toBe(module);
  const other = Uint8Array.from([...module.subarray(0, -1), 0]);
  expect(() => requireQuickJs(other)).toThrow('look up the names of its imports');
});
