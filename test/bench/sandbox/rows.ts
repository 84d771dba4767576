/**
 * The sandbox beside a `python3 -I` process per check, on the same tasks in the same run: the Worker as it is deployed,
 * called through a service binding in workerd; and its engines under Node where workerd cannot be asked.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundle } from '../../../scripts/local/build.ts';
import {
  buildSandbox,
  pythonLibrary,
  SANDBOX_FOLDER,
  unmeteredModule,
} from '../../../scripts/sandbox/build.ts';
import { SANDBOX_PYTHON_PAGES } from '../../../src/limits.ts';
import { javascriptEngine } from '../../../src/sandbox/javascript/engine.ts';
import type { Engine, Language, RunRequest } from '../../../src/sandbox/port.ts';
import { pythonEngine } from '../../../src/sandbox/python/engine.ts';
import { bootWithHarness } from '../../../src/sandbox/python/snapshot.ts';
import { builtJavaScript, builtPython, pythonParts, runWith } from '../../sandbox/rig.ts';
import type { Row } from '../table.ts';
import { childrenCpu_ms, nativeCheck } from './native.ts';
import { BUSY, JAVASCRIPT_TASKS, PYTHON_TASKS, type Task } from './tasks.ts';
import { at, many, timed } from './times.ts';
import { type Rig, startRig } from './workerd.ts';

/** Fresh processes whose first check is timed. */
const COLD_STARTS = 5;
/** Of all tasks before anything is timed: V8 compiles what is hot a second time. */
const WARM_UP_ROUNDS = 25;
/** Boots under Node, with and without a snapshot. */
const BOOTS = 3;

/** @param checks how many of each are timed */
export async function sandboxRows(checks: number): Promise<Row[]> {
  await buildSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    await bundle(folder, 'wrangler.sandbox.toml');
    return [
      ...(await coldRows(folder)),
      ...(await warmRows(folder, checks)),
      ...(await coreRows(folder, checks)),
      ...(await memoryRows(folder)),
      ...(await bootRows()),
      ...(await countingRows()),
      ...sizes(),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ms = (name: string, value: number): Row => ({ name, value, unit: 'ms' });

function requestOf(language: Language, { code, values }: Task): RunRequest {
  return { language, code, input: { values } };
}

const PYTHON = PYTHON_TASKS.map((task) => requestOf('python', task));
const JAVASCRIPT = JAVASCRIPT_TASKS.map((task) => requestOf('javascript', task));

function turnOf<A>(items: readonly A[], turn: number): A {
  const item = items[turn % items.length];
  if (item === undefined) throw new Error('nothing to bench');
  return item;
}

/** The first check of a fresh process, each engine in one of its own. */
async function coldRows(folder: string): Promise<Row[]> {
  const first = async (request: RunRequest) => {
    const times: number[] = [];
    for (let i = 0; i < COLD_STARTS; i++) {
      const rig = await startRig(folder);
      times.push(await timed(() => rig.check([request])));
      await rig.stop();
    }
    return times.sort((a, b) => a - b);
  };
  const [python, javascript] = [await first(turnOf(PYTHON, 0)), await first(turnOf(JAVASCRIPT, 0))];
  return [
    ms('workerd: first Python check of a process, p50 (boots from the snapshot)', at(python, 0.5)),
    ms('workerd: first JavaScript check of a process, p50', at(javascript, 0.5)),
  ];
}

async function warmRows(folder: string, checks: number): Promise<Row[]> {
  const [rig, nothing] = [await startRig(folder), await startRig()];
  try {
    const each = async (on: Rig, requests: readonly RunRequest[]) => {
      await on.check(requests, WARM_UP_ROUNDS);
      return many(checks, (turn) => on.check([turnOf(requests, turn)]));
    };
    const [python, javascript, call] = [
      await each(rig, PYTHON),
      await each(rig, JAVASCRIPT),
      await each(nothing, PYTHON),
    ];
    const native = await many(Math.ceil(checks / 2), (turn) => nativeCheck(turnOf(PYTHON_TASKS, turn)));
    return [
      ms('workerd: Python check through the binding, warm p50', at(python, 0.5)),
      ms('workerd: Python check through the binding, warm p99', at(python, 0.99)),
      ms('workerd: JavaScript check through the binding, warm p50', at(javascript, 0.5)),
      ms('workerd: JavaScript check through the binding, warm p99', at(javascript, 0.99)),
      ms('workerd: of these, request and call without any sandbox, p50', at(call, 0.5)),
      ms('python3 -I process per check, p50', at(native, 0.5)),
      ms('python3 -I process per check, p99', at(native, 0.99)),
    ];
  } finally {
    await rig.stop();
    await nothing.stop();
  }
}

/** Two of everything at once, as there are two cores; per core by the CPU time that was used. */
async function coreRows(folder: string, checks: number): Promise<Row[]> {
  const rigs = [await startRig(folder), await startRig(folder)];
  try {
    const both = async (requests: readonly RunRequest[]) => {
      for (const rig of rigs) await rig.check(requests, WARM_UP_ROUNDS);
      const rounds = Math.ceil(checks / requests.length);
      const before = rigs.map((rig) => rig.cpu_ms());
      const wall = await timed(() => Promise.all(rigs.map((rig) => rig.check(requests, rounds))));
      const cpu = rigs.reduce((sum, rig, i) => sum + rig.cpu_ms() - (before[i] ?? 0), 0);
      const count = rigs.length * rounds * requests.length;
      return { perS: (1_000 * count) / wall, perCore: (1_000 * count) / cpu };
    };
    const [python, javascript] = [await both(PYTHON), await both(JAVASCRIPT)];
    const before = childrenCpu_ms();
    const wall = await timed(() =>
      Promise.all(rigs.map(() => many(checks, (turn) => nativeCheck(turnOf(PYTHON_TASKS, turn))))),
    );
    const count = rigs.length * checks;
    const native = {
      perS: (1_000 * count) / wall,
      perCore: (1_000 * count) / (childrenCpu_ms() - before),
    };
    const reference = (value: number) => ({ name: 'python3 -I per check', value });
    return [
      {
        name: 'goal: Python checks per second of CPU, two workerds at once',
        value: python.perCore,
        unit: '/s',
        reference: reference(native.perCore),
        goal: { atLeast: 5 },
      },
      {
        name: 'Python checks/s by the wall, two workerds at once',
        value: python.perS,
        unit: '/s',
        reference: reference(native.perS),
      },
      { name: 'JavaScript checks per second of CPU', value: javascript.perCore, unit: '/s' },
      { name: 'JavaScript checks/s by the wall, two workerds at once', value: javascript.perS, unit: '/s' },
    ];
  } finally {
    for (const rig of rigs) await rig.stop();
  }
}

/**
 * What the platform counts against 128 MB cannot be asked for here. By the inspector an isolate tells its heap and buffers,
 * to which the memory of CPython comes, which is always whole. Beside that, what the process has more than one whose
 * sandbox does nothing: with code that was compiled, and with the modules' files that workerd keeps outside of any isolate.
 */
async function memoryRows(folder: string): Promise<Row[]> {
  const [rig, nothing] = [await startRig(folder), await startRig()];
  const cpython = SANDBOX_PYTHON_PAGES / 16;
  try {
    await nothing.check(PYTHON, 5);
    const base = nothing.memory();
    await rig.check([turnOf(PYTHON, 0)]);
    const booted = await rig.heap();
    await rig.check([...PYTHON, ...JAVASCRIPT], 20);
    const used = await rig.heap();
    const process = rig.memory();
    const mib = (name: string, value: number): Row => ({ name, value, unit: 'MiB' });
    return [
      {
        ...mib('goal: isolate right after the boot: heap and buffers, with CPython itself', booted + cpython),
        goal: { atMost: 128 },
      },
      {
        ...mib('goal: isolate after 180 checks, the same', used + cpython),
        goal: { atMost: 128 },
      },
      mib('workerd: memory of the whole process above one without a sandbox', process.now - base.now),
      mib('workerd: the most of it there ever was', process.peak - base.peak),
    ];
  } finally {
    await rig.stop();
    await nothing.stop();
  }
}

/** Under Node, with the same glue and module: a workerd cannot be given the library without building another Worker. */
async function bootRows(): Promise<Row[]> {
  const parts = await pythonParts();
  const library = pythonLibrary();
  const first = { code: 'def f(): return 1' };
  // Whatever is compiled when it is first needed is compiled now.
  await runWith(pythonEngine(parts), first);
  const warm = await many(BOOTS, () => runWith(pythonEngine(parts), first));
  const cold = await many(BOOTS, () => bootWithHarness(parts.module, parts.glue, library));
  return [
    {
      name: 'Node: CPython from its snapshot to the end of a first run, p50',
      value: at(warm, 0.5),
      unit: 'ms',
      reference: { name: 'without a snapshot, to where a run could begin', value: at(cold, 0.5) },
    },
  ];
}

/** Both engines with the counters in place and nobody counting, beside what is deployed, turn by turn. */
async function countingRows(): Promise<Row[]> {
  const [python, javascript] = [await builtPython(), await builtJavaScript()];
  const plain = {
    javascript: javascriptEngine(await unmeteredModule('javascript'), 'unmetered'),
    python: pythonEngine({ ...(await pythonParts()), module: await unmeteredModule('python') }),
  };
  const row = async (
    name: keyof typeof BUSY,
    counted: Engine,
    free: Engine,
    language: Language,
  ): Promise<Row> => {
    const [counting, counted_ms] = [[], []] as [number[], number[]];
    for (let i = 0; i < 8; i++)
      for (const [engine, times] of [
        [free, counting],
        [counted, counted_ms],
      ] as const)
        times.push(await timed(() => finish(engine, language, BUSY[name])));
    // The first rounds compile.
    const value = at(counted_ms.slice(3).sort(), 0.5);
    const reference = { name: 'without counting', value: at(counting.slice(3).sort(), 0.5) };
    return { name: `Node: counting fuel and stack, a busy loop, ${name}`, value, unit: 'ms', reference };
  };
  return [
    await row('python', python, plain.python, 'python'),
    await row('python, sorting', python, plain.python, 'python'),
    await row('javascript', javascript, plain.javascript, 'javascript'),
  ];
}

async function finish(engine: Engine, language: Language, code: string): Promise<void> {
  const { verdict } = await runWith(engine, { language, code });
  // Whoever fails is fast.
  if (verdict !== 'value') throw new Error(`a check of the bench ended as ${verdict}`);
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
