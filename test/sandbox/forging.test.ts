import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, RunOutcome } from '../../src/sandbox/port.ts';
import { sameAsPython, sameTyped } from '../../src/values/python-equality.ts';
import { readTypedJson } from '../../src/values/typed-json.ts';
import { type Comparing, FORGERIES_JAVASCRIPT, FORGERIES_PYTHON } from './forgeries.ts';
import { builtJavaScript, builtPython, runWith } from './rig.ts';

let python: Engine;
let javascript: Engine;

beforeAll(async () => {
  python = await builtPython();
  javascript = await builtJavaScript();
}, 120_000);

/** What a run gave is the answer, by a comparison outside of any guest. */
function isAnswer({ value }: RunOutcome, answer: string, same: typeof sameTyped): boolean {
  if (value === undefined) return false;
  const [given, right] = [readTypedJson(value), readTypedJson(answer)];
  if (!right.ok) throw new Error('the answer is none');
  return given.ok && same(given.value, right.value);
}

describe('Python', () => {
  const run = (code: string, checked: boolean) =>
    runWith(python, { code, checked, input: { values: ['{"i":"20"}'] } });

  /** Runs program and comparison in one interpreter, and believes the last line that is printed. */
  async function naive(program: string): Promise<boolean> {
    const harness = `
task = {'gold': '42'}
def f(x):
  gold = task['gold']
  g = {}
  exec(${JSON.stringify(program)}, g)
  import builtins
  print(builtins.eval(gold) == builtins.eval('f(20)', g), flush=True)`;
    return (await run(harness, false)).stdout.trim().split('\n').at(-1) === 'True';
  }

  async function ours(program: string, checked: boolean): Promise<boolean> {
    return isAnswer(await run(program, checked), '{"i":"42"}', sameAsPython);
  }

  test('both harnesses know right from wrong where nobody cheats', async () => {
    for (const judge of [naive, (program: string) => ours(program, true)]) {
      expect(await judge('def f(x): return 2 * x + 2')).toBe(true);
      expect(await judge('def f(x): return 2 * x')).toBe(false);
    }
  });

  test.each(Object.entries(FORGERIES_PYTHON))('%s: gains nothing, not even unchecked', async (_, program) => {
    expect(await naive(program)).toBe(true);
    expect(await ours(program, true)).toBe(false);
    expect(await ours(program, false)).toBe(false);
  });

  /** The harness' message as the program would like it to be. */
  const forged = (value: string) => `b'["value", ["${value.replaceAll('"', String.raw`\\"`)}"]]'`;
  const [MINE, RIGHT] = [forged('{"i":"1"}'), forged('{"i":"42"}')];

  test.each([
    ['while it runs', `import os\ndef f(x):\n  os.write(977, ${RIGHT})\n  return 1`],
    [
      'when output is flushed',
      `import os, sys\nsys.stdout.flush = lambda: os.write(977, ${RIGHT})\ndef f(x): return 1`,
    ],
    [
      'when the value is written',
      `import os, json\njson.JSONEncoder.encode = lambda *a: os.write(977, ${RIGHT})\njson.encoder.JSONEncoder.iterencode = json.JSONEncoder.encode\ndef f(x): return 1`,
    ],
    [
      'beside the real one',
      `import os, sys\ndef end():\n  os.write(977, ${RIGHT})\n  os.write(977, ${RIGHT})\nsys.modules['__main__'].__dict__['__end'] = end\ndef f(x): return 1`,
    ],
  ])('a forged message ends the run: %s', async (_, program) => {
    expect((await run(program, false)).verdict).toBe('channel');
    expect((await run(program, true)).verdict).toBe('refused');
  });

  test('a message in place of the real one says what f might have returned, and no more', async () => {
    const program = (message: string) => `
import os, sys
sys.modules['__main__'].__dict__['__end'] = lambda: os.write(977, ${message})
def f(x): return 2`;
    expect(await run(program(MINE), false)).toMatchObject({ verdict: 'value', value: '{"i":"1"}' });
    for (const nonsense of [
      'b\'["value", [1]]\'',
      'b\'["value", []]\'',
      'b\'["passed", ""]\'',
      "b'{'",
      "b'[' * 100000",
      "b'true'",
    ])
      expect((await run(program(nonsense), false)).verdict, nonsense).toBe('channel');
    expect((await run(program(forged('{"x":[]}')), false)).verdict).toBe('not-data');
  });
});

describe('JavaScript', () => {
  const run = (code: string) =>
    runWith(javascript, { language: 'javascript', code, input: { values: ['{"f":"20"}'] } });

  const COMPARISONS: Readonly<Record<Comparing, string>> = {
    'by text': 'JSON.stringify(found) === JSON.stringify(gold)',
    'with a tolerance': 'Math.abs(found - gold) <= 1e-9 * Math.max(1, Math.abs(found))',
    'item by item':
      '(() => { let i = 0; for (const item of found) if (item !== gold[i++]) return false; return true })()',
    'by every': 'found.length === gold.length && gold.every((item, i) => Object.is(item, found[i]))',
  };
  const ANSWERS: Readonly<Record<Comparing, readonly [js: string, typed: string, right: string]>> = {
    'by text': ["[42, 'x']", '[{"f":"42"},"x"]', "[2 * x + 2, 'x']"],
    'with a tolerance': ['42', '{"f":"42"}', '2 * x + 2'],
    'item by item': ["[42, 'x']", '[{"f":"42"},"x"]', "[2 * x + 2, 'x']"],
    'by every': ["[42, 'x']", '[{"f":"42"},"x"]', "[2 * x + 2, 'x']"],
  };

  /** Runs program and comparison in one context. */
  async function naive(program: string, comparing: Comparing): Promise<boolean> {
    const task = `const task = {}; task.gold = ${ANSWERS[comparing][0]}; const found = f(20), { gold } = task;`;
    const harness = `${program.replace('function f(', 'function theirs(')}
globalThis.f = (x) => { const f = theirs; ${task} return ${COMPARISONS[comparing]} }`;
    return (await run(harness)).value === 'true';
  }

  async function ours(program: string, comparing: Comparing): Promise<boolean> {
    return isAnswer(await run(program), ANSWERS[comparing][1], sameTyped);
  }

  test.each(Object.entries(ANSWERS))(
    'both harnesses know right from wrong: %s',
    async (name, [, , right]) => {
      const comparing = Object.keys(COMPARISONS).find((known): known is Comparing => known === name);
      if (comparing === undefined) throw new Error('no such comparison');
      for (const judge of [naive, ours]) {
        expect(await judge(`function f(x) { return ${right} }`, comparing)).toBe(true);
        expect(await judge('function f(x) { return [2 * x, 1] }', comparing)).toBe(false);
      }
    },
  );

  test.each(Object.entries(FORGERIES_JAVASCRIPT))('%s: gains nothing', async (_, [program, comparing]) => {
    expect(await naive(program, comparing)).toBe(true);
    expect(await ours(program, comparing)).toBe(false);
  });
});
