/**
 * Compares the sandbox with native CPython on AZR's published tasks: `node scripts/sandbox/agreement.ts <file.json>...`.
 * A file holds tasks `{code, input, output, py: {eq} | {err}}`, where `py` is what CPython 3.11 does with them. What the
 * task's author says the output is, is evaluated in a run of its own and compared outside.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { equalAsPython } from '../../src/sandbox/equal.ts';
import { type RunOutcome, runRequest } from '../../src/sandbox/port.ts';
import { pythonEngine } from '../../src/sandbox/python/engine.ts';
import { parseValue } from '../../src/sandbox/value.ts';
import { buildSandbox, loadGlue, SANDBOX_FOLDER } from './build.ts';

const tasks = z.array(
  z.object({
    i: z.int(),
    code: z.string(),
    input: z.string(),
    output: z.string(),
    py: z.object({ eq: z.boolean().optional(), repr: z.string().optional(), err: z.string().optional() }),
  }),
);
/** Not part of Python, and not in the sandbox. */
const THIRD_PARTY = /^\s*(import|from)\s+(sympy|numpy|pandas|scipy)\b/m;

const { python } = await buildSandbox();
const engine = pythonEngine({
  module: await WebAssembly.compile(readFileSync(join(SANDBOX_FOLDER, 'python.wasm'))),
  glue: await loadGlue(),
  snapshot: new Uint8Array(readFileSync(join(SANDBOX_FOLDER, 'python.snapshot.bin'))).buffer,
  version: python,
});

function run(code: string, expression: string, checked: boolean): Promise<RunOutcome> {
  return engine.run(runRequest.parse({ language: 'python', code, input: { expression }, checked }));
}

const total = { tasks: 0, agree: 0, own: 0, ownAgree: 0, refused: 0 };
for (const file of process.argv.slice(2)) {
  const misses: string[] = [];
  const times: number[] = [];
  for (const task of tasks.parse(JSON.parse(readFileSync(file, 'utf8')))) {
    const began = performance.now();
    const found = await run(task.code, task.input, false);
    times.push(performance.now() - began);
    const wanted = await run(`def f(): return (${task.output}\n)`, '', false);
    const equal =
      found.value !== undefined &&
      wanted.value !== undefined &&
      equalAsPython(parseValue(wanted.value), parseValue(found.value));
    const agrees = equal === (task.py.eq === true);
    const own = !THIRD_PARTY.test(task.code);
    total.tasks++;
    if (agrees) total.agree++;
    if (own) total.own++;
    if (own && agrees) total.ownAgree++;
    const checked = await run(task.code, task.input, true);
    if (checked.verdict === 'refused') {
      total.refused++;
      process.stdout.write(`  refused ${basename(file)} ${task.i}: ${checked.message}\n`);
    }
    if (!agrees)
      misses.push(
        `| ${basename(file)} ${task.i} | ${task.py.eq ?? task.py.err} | ${found.verdict} ${(found.value ?? found.message ?? '').slice(0, 60)} | ${(task.py.repr ?? '').slice(0, 60)} |`,
      );
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1);
  process.stdout.write(
    `${basename(file)}: ${times.length} tasks, median ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
  );
  for (const miss of misses) process.stdout.write(`${miss}\n`);
}
const share = (part: number, of: number) => `${((100 * part) / of).toFixed(2)} % (${part} of ${of})`;
process.stdout.write(`agreement with CPython: ${share(total.agree, total.tasks)}; `);
process.stdout.write(`without third-party modules: ${share(total.ownAgree, total.own)}; `);
process.stdout.write(`the static check refuses ${total.refused}\n`);
