/**
 * Compares the sandbox with native CPython on AZR's published tasks: `node scripts/sandbox/agreement.ts <file>...`.
 *
 * A `.jsonl` file is one of the repository LeapLabTHU/Absolute-Zero-Reasoner: `{snippet, input, output}` or, for
 * induction, `{snippet, inputs, outputs}`; the python3 of this machine says what is true of it. A `.json` file holds
 * `{code, input, output, py: {eq} | {err}}`, where `py` is what CPython 3.11 said. What a task's author takes for the
 * output is evaluated in a run of its own and compared outside.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { type RunOutcome, runRequest } from '../../src/sandbox/port.ts';
import { sameAsPython } from '../../src/values/python-equality.ts';
import { readTypedJson } from '../../src/values/typed-json.ts';
import { builtPython } from './engines.ts';
import { type Case, type Truth, truths } from './truth.ts';

/** Not part of Python, and not in the sandbox. */
const THIRD_PARTY = /^\s*(import|from)\s+(sympy|numpy|pandas|scipy|networkx|matplotlib|sklearn)\b/m;

const judged = z.array(
  z.object({
    code: z.string(),
    input: z.string(),
    output: z.string(),
    py: z.object({ eq: z.boolean().optional(), repr: z.string().optional(), err: z.string().optional() }),
  }),
);
const published = z.union([
  z.object({ snippet: z.string(), input: z.string(), output: z.string() }),
  z.object({ snippet: z.string(), inputs: z.array(z.string()), outputs: z.array(z.string()) }),
]);

interface Task extends Case {
  readonly name: string;
  readonly truth: Truth;
  /** Whether CPython says the same with other seeds of its hashes. */
  readonly steady: boolean;
}

function tasksOf(file: string): Task[] {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.json'))
    return judged.parse(JSON.parse(text)).map(({ py, ...task }, i) => ({
      ...task,
      name: String(i),
      truth: { eq: py.eq === true, err: py.err ?? null, repr: py.repr ?? null },
      steady: true,
    }));
  const cases = text
    .trim()
    .split('\n')
    .flatMap((line, i) => {
      const task = published.parse(JSON.parse(line));
      if ('input' in task)
        return [{ name: String(i), code: task.snippet, input: task.input, output: task.output }];
      return task.inputs.map((input, j) => ({
        name: `${i}.${j}`,
        code: task.snippet,
        input,
        output: task.outputs[j] ?? '',
      }));
    });
  const [first, ...others] = [truths(cases), truths(cases), truths(cases)];
  return cases.flatMap((one, i) => {
    const truth = first?.[i];
    if (truth === undefined) return [];
    return [{ ...one, truth, steady: others.every((other) => other[i]?.eq === truth.eq) }];
  });
}

const engine = await builtPython();

function run(code: string, expression: string, checked: boolean): Promise<RunOutcome> {
  return engine.run(runRequest.parse({ language: 'python', code, input: { expression }, checked }));
}

function equal(left: RunOutcome, right: RunOutcome): boolean {
  const [a, b] = [left.value, right.value].map((text) => text !== undefined && readTypedJson(text));
  return Boolean(a && b && a.ok && b.ok && sameAsPython(a.value, b.value));
}

interface Count {
  tasks: number;
  free: number;
  checked: number;
}

const nothing = (): Count => ({ tasks: 0, free: 0, checked: 0 });
const [all, own] = [nothing(), nothing()];
const share = (part: number, of: number) => `${((100 * part) / of).toFixed(2)} %`;
const write = (line: string) => process.stdout.write(`${line}\n`);
write('| file | tasks | agree | agree, checked | without third-party modules | agree | agree, checked |');
write('| --- | --- | --- | --- | --- | --- | --- |');
const misses: string[] = [];
const cell = (text: string) => text.replaceAll('|', '¦').replaceAll('\n', ' ').slice(0, 90);
for (const file of process.argv.slice(2)) {
  const [here, hereOwn] = [nothing(), nothing()];
  for (const task of tasksOf(file)) {
    const checked = await run(task.code, task.input, true);
    const free = checked.verdict === 'refused' ? await run(task.code, task.input, false) : checked;
    const wanted = await run(`${task.code}\ndef f(): return (${task.output}\n)`, '', false);
    const agrees = [free, checked].map((found) => equal(wanted, found) === task.truth.eq);
    const counts = THIRD_PARTY.test(task.code) ? [here, all] : [here, all, hereOwn, own];
    for (const count of counts) {
      count.tasks++;
      if (agrees[0]) count.free++;
      if (agrees[1]) count.checked++;
    }
    if (agrees[0] && agrees[1]) continue;
    const found = agrees[0] ? checked : free;
    misses.push(
      `| ${basename(file)} ${task.name} | ${task.truth.eq ? 'equal' : 'not'}${task.steady ? '' : ', not always'} | ` +
        `${cell(task.truth.err ?? task.truth.repr ?? '')} | ${found.verdict} ${cell(found.value ?? found.message ?? '')} | ${cell(task.output)} |`,
    );
  }
  write(
    `| \`${basename(file)}\` | ${here.tasks} | ${here.free} | ${here.checked} | ${hereOwn.tasks} | ${hereOwn.free} | ${hereOwn.checked} |`,
  );
}
for (const line of misses) write(line);
write(`agreement with CPython: ${share(all.free, all.tasks)}, checked ${share(all.checked, all.tasks)}`);
write(`without third-party modules: ${share(own.free, own.tasks)}, checked ${share(own.checked, own.tasks)}`);
