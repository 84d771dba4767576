/**
 * The sandbox' engines under Node, beside a `python3 -I` process per check, on the same tasks in the same run. In the
 * Worker the engines are the same; the call through the binding comes on top.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSandbox, SANDBOX_FOLDER } from '../../scripts/sandbox/build.ts';
import { meter } from '../../scripts/sandbox/meter.ts';
import { SANDBOX_JAVASCRIPT_PAGES, SANDBOX_STACK_BYTES } from '../../src/limits.ts';
import { javascriptEngine } from '../../src/sandbox/javascript/engine.ts';
import type { Engine, Language } from '../../src/sandbox/port.ts';
import { builtJavaScript, builtPython, runWith } from '../sandbox/rig.ts';
import type { Row } from './table.ts';

const PYTHON = `def f(a):
  seen = {}
  for i, word in enumerate(a.split()):
    seen.setdefault(len(word), []).append((word[::-1], i))
  return sorted(seen.items())`;
const JAVASCRIPT = `function f(a) {
  const seen = {};
  a.split(' ').forEach((word, i) => (seen[word.length] ??= []).push([[...word].reverse().join(''), i]));
  return Object.entries(seen).sort();
}`;
const BUSY = 'function f() { let n = 0; for (let i = 0; i < 3e5; i++) n = (n * 31 + i) % 1000003; return n }';
const INPUT = '"the quick brown fox jumps over the lazy dog"';

/** @param checks how many of each are timed */
export async function sandboxRows(checks: number): Promise<Row[]> {
  await buildSandbox();
  const [python, javascript] = [await builtPython(), await builtJavaScript()];
  const check = async (engine: Engine, language: Language, code: string) => {
    const { verdict } = await runWith(engine, { language, code, input: { values: [INPUT] } });
    // Whoever fails is fast.
    if (verdict !== 'value') throw new Error(`a check of the bench ended as ${verdict}`);
  };
  const cold = await timed(() => check(python, 'python', PYTHON));
  const warm = await many(checks, () => check(python, 'python', PYTHON));
  const js = await many(checks, () => check(javascript, 'javascript', JAVASCRIPT));
  const program = `${PYTHON}\nprint(repr(f(${INPUT})))`;
  const native = await many(Math.ceil(checks / 5), async () => {
    execFileSync('python3', ['-I', '-c', program]);
  });
  const plain = unmetered();
  const busy = await many(10, () => check(javascript, 'javascript', BUSY));
  const free = await many(10, () => check(plain, 'javascript', BUSY));
  return [
    ms('Python, first check (boot from the snapshot)', cold),
    ms('Python, warm check p50', at(warm, 0.5)),
    ms('Python, warm check p99', at(warm, 0.99)),
    ms('JavaScript, check p50', at(js, 0.5)),
    ms('JavaScript, check p99', at(js, 0.99)),
    ms('python3 -I process p50', at(native, 0.5)),
    {
      name: 'goal: Python checks/s on one core',
      value: 1_000 / mean(warm),
      unit: '/s',
      reference: { name: 'python3 -I per check', value: 1_000 / mean(native) },
      goal: { atLeast: 5 },
    },
    { name: 'JavaScript checks/s on one core', value: 1_000 / mean(js), unit: '/s' },
    {
      name: 'fuel and stack counting, a busy loop in QuickJS',
      value: at(busy, 0.5),
      unit: 'ms',
      reference: { name: 'without counting', value: at(free, 0.5) },
    },
    ...sizes(),
  ];
}

/** QuickJS with the counters in place but nobody counting. */
function unmetered(): Engine {
  const { wasm } = meter(
    readFileSync(
      join('node_modules', '@jitl', 'quickjs-wasmfile-release-sync', 'dist', 'emscripten-module.wasm'),
    ),
    { maxPages: SANDBOX_JAVASCRIPT_PAGES, stackBytes: SANDBOX_STACK_BYTES, counting: false },
  );
  return javascriptEngine(new WebAssembly.Module(wasm), 'unmetered');
}

function sizes(): Row[] {
  const files = ['python.wasm', 'python.snapshot.bin', 'pyodide.asm.mjs', 'pyodide.mjs', 'quickjs.wasm'];
  const paths = files.map((name) => join(SANDBOX_FOLDER, name));
  const mib = (bytes: number) => bytes / 2 ** 20;
  const raw = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const packed = paths.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
  return [
    { name: 'goal: size of what is uploaded', value: mib(raw), unit: 'MiB', goal: { atMost: 64 } },
    { name: 'the same with gzip', value: mib(packed), unit: 'MiB' },
  ];
}

const ms = (name: string, value: number): Row => ({ name, value, unit: 'ms' });
const mean = (times: readonly number[]) => times.reduce((sum, time) => sum + time, 0) / times.length;

function at(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Sorted times, ms. */
async function many(count: number, work: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await timed(work));
  return times.sort((a, b) => a - b);
}
