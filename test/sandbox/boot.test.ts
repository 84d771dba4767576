import { beforeAll, expect, test, vi } from 'vitest';
import { SANDBOX_BOOT_TIMEOUT_MS } from '../../src/limits.ts';
import { type PythonParts, pythonEngine } from '../../src/sandbox/python/engine.ts';
import type { Glue } from '../../src/sandbox/python/glue.ts';
import { pythonParts, runWith } from './rig.ts';

let parts: PythonParts;
const GLOBALS = ['fetch', 'location', 'MessageChannel'] as const;
const PROGRAM = { code: 'def f(): return 1' };

beforeAll(async () => {
  parts = await pythonParts();
}, 120_000);

/** The engine's parts, of which loading goes wrong the first time. */
function failingOnce(first: Glue['loadPyodide']): PythonParts {
  let tries = 0;
  const loadPyodide: Glue['loadPyodide'] = (options) =>
    tries++ === 0 ? first(options) : parts.glue.loadPyodide(options);
  return { ...parts, glue: { ...parts.glue, loadPyodide } };
}

test('a boot that fails is told, leaves nothing behind, and the next run boots anew', async () => {
  const before = GLOBALS.map((name) => Reflect.get(globalThis, name));
  const engine = pythonEngine(failingOnce(() => Promise.reject(new Error('no glue'))));
  const runs = [runWith(engine, PROGRAM), runWith(engine, PROGRAM)];
  for (const run of await Promise.allSettled(runs)) expect(run).toMatchObject({ status: 'rejected' });
  expect(GLOBALS.map((name) => Reflect.get(globalThis, name))).toEqual(before);
  expect(await runWith(engine, PROGRAM)).toMatchObject({ value: '{"i":"1"}' });
});

test('a module that cannot be instantiated is an error, and no endless wait', async () => {
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  await expect(runWith(pythonEngine({ ...parts, module }), PROGRAM)).rejects.toThrow();
  expect(await runWith(pythonEngine(parts), PROGRAM)).toMatchObject({ verdict: 'value' });
});

test('a boot that never ends is given up, and the next run boots anew', async () => {
  vi.useFakeTimers();
  const engine = pythonEngine(failingOnce(() => new Promise(() => undefined)));
  const stuck = expect(runWith(engine, PROGRAM)).rejects.toThrow('does not come up');
  await vi.advanceTimersByTimeAsync(SANDBOX_BOOT_TIMEOUT_MS);
  await stuck;
  vi.useRealTimers();
  expect(await runWith(engine, PROGRAM)).toMatchObject({ value: '{"i":"1"}' });
});
