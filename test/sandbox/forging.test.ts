import { beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/sandbox/port.ts';
import { sameAsPython } from '../../src/values/python-equality.ts';
import { readTypedJson } from '../../src/values/typed-json.ts';
import { builtPython, runWith } from './rig.ts';

/**
 * The task is f(20), its right answer 42, and none of these programs knows it. Each first succeeds against a harness that
 * compares inside the guest's interpreter, as AZR's own does.
 */
const FORGERIES: Readonly<Record<string, string>> = {
  'equal to everything': `
class Yes:
  def __eq__(self, other): return True
def f(x): return Yes()`,
  'an integer equal to everything': `
class Yes(int):
  def __eq__(self, other): return True
  __hash__ = int.__hash__
def f(x): return Yes(1)`,
  'rewrites eval': `
import builtins
builtins.eval = lambda *given: 1
def f(x): return 1`,
  'rewrites the result of compile': `
import builtins
real = builtins.eval
class Odd(int):
  def __ne__(self, other): return False
  def __eq__(self, other): return True
builtins.eval = lambda text, *given: Odd(real(text, *given))
def f(x): return 1`,
  'walks frames to the answer': `
import sys
def f(x):
  frame = sys._getframe()
  while frame:
    if 'gold' in frame.f_locals: return int(frame.f_locals['gold'])
    frame = frame.f_back
  return 1`,
  'finds the answer in memory': `
import gc
def f(x):
  for held in gc.get_objects():
    if type(held) is dict and 'gold' in held: return int(held['gold'])
  return 1`,
  'says so itself and leaves': `
def f(x):
  print(True)
  raise SystemExit`,
  'writes to where the verdict is read': `
import os
def f(x):
  os.write(1, b'True\\n')
  while True: pass`,
};

let engine: Engine;

beforeAll(async () => {
  engine = await builtPython();
}, 120_000);

const GOLD = '42';
const run = (code: string, checked: boolean) =>
  runWith(engine, { code, checked, input: { values: ['{"i":"20"}'] } });

/** Runs program and comparison in one interpreter, and believes what is printed. */
async function naive(program: string): Promise<boolean> {
  const harness = `
task = {'gold': ${JSON.stringify(GOLD)}}
def f(x):
  gold = task['gold']
  g = {}
  exec(${JSON.stringify(program)}, g)
  import builtins
  print(builtins.eval(gold) == builtins.eval('f(20)', g), flush=True)`;
  return (await run(harness, false)).stdout.startsWith('True');
}

async function ours(program: string, checked: boolean): Promise<boolean> {
  const { value } = await run(program, checked);
  const gold = await runWith(engine, { code: `def f(): return (${GOLD})` });
  const [given, right] = [value, gold.value].map((text) => text !== undefined && readTypedJson(text));
  if (!right || !right.ok) throw new Error('no answer to compare with');
  return given !== undefined && given !== false && given.ok && sameAsPython(given.value, right.value);
}

test('both harnesses know right from wrong where nobody cheats', async () => {
  for (const judge of [naive, (program: string) => ours(program, true)]) {
    expect(await judge('def f(x): return 2 * x + 2')).toBe(true);
    expect(await judge('def f(x): return 2 * x')).toBe(false);
  }
});

test.each(Object.entries(FORGERIES))('%s: gains nothing, not even unchecked', async (_, program) => {
  expect(await naive(program)).toBe(true);
  expect(await ours(program, true)).toBe(false);
  expect(await ours(program, false)).toBe(false);
});

test('a forged message on the channel of results ends the run, and a second one is none', async () => {
  const forged = String.raw`b'["value", ["{\"i\": \"42\"}"]]'`;
  const write = `import os\ndef f(x):\n  os.write(977, ${forged})\n  return 1`;
  expect((await run(write, false)).verdict).toBe('channel');
  // The harness' own writer, found by walking frames and used twice, when the channel is open.
  const hook = `
import sys
class Out:
  def write(self, text): return len(text)
  def flush(self):
    import os
    os.write(977, ${forged})
sys.stdout = Out()
def f(x): return 1`;
  expect((await ours(hook, false)) || (await run(hook, true)).verdict === 'value').toBe(false);
});
