import { beforeAll, expect, test } from 'vitest';
import type { Engine, RunOutcome, RunRequest } from '../../src/sandbox/port.ts';
import { HOSTILE_PYTHON } from './hostile-python.ts';
import { builtPython, runWith } from './rig.ts';

let engine: Engine;
let benign: RunOutcome;
const BENIGN = `import json, math
def f(): return [len([]), json.dumps([1]), math.pi, "leak" in dir(__builtins__)]`;

beforeAll(async () => {
  engine = await builtPython();
  benign = await run(BENIGN, { checked: false });
  expect(benign.value).toBe('[{"i":"0"},"[1]",{"f":"3.141592653589793"},false]');
}, 120_000);

function run(code: string, request: Partial<RunRequest> = {}): Promise<RunOutcome> {
  return runWith(engine, { code, ...request });
}

test('values go in and come out with their types', async () => {
  const given = [
    '{"i":"123456789012345678901234567890"}',
    '{"f":"0.1"}',
    '{"t":[true,null,"\\ud83d\\ude00"]}',
    '{"d":[["k",{"s":[{"i":"2"},{"i":"1"}]}],[{"t":[]},{"b":"00ff"}]]}',
    '{"e":0}',
  ];
  const { value } = await run('def f(*all): return list(all) + [-0.0, 1e400, frozenset(), 3j]', {
    input: { values: given },
  });
  expect(value).toBe(
    '[{"i":"123456789012345678901234567890"},{"f":"0.1"},{"t":[true,null,"😀"]},' +
      '{"d":[["k",{"s":[{"i":"1"},{"i":"2"}]}],[{"t":[]},{"b":"00ff"}]]},{"e":0},' +
      '{"f":"-0"},{"f":"inf"},{"z":[]},{"c":["0","3"]}]',
  );
  const dicts = await run(
    'from collections import *\ndef f(): return [Counter("aab"), deque([1]), defaultdict(int)]',
  );
  expect(dicts.value).toBe(
    '[{"o":["Counter",[["a",{"i":"2"}],["b",{"i":"1"}]]]},{"q":[{"i":"1"}]},{"o":["defaultdict",[]]}]',
  );
});

test('an expression is the arguments of one call, and nothing else', async () => {
  const code = 'def f(*a, **k): return [len(a), k]';
  expect(await run(code, { input: { expression: '1, (2, 3), z=[4] # five' } })).toMatchObject({
    value: '[{"i":"2"},{"d":[["z",[{"i":"4"}]]]}]',
  });
  for (const expression of ['1), f(2', '1) or (2', '1).count(2', '(1', ')', '1\n)\n+(2']) {
    expect((await run(code, { input: { expression } })).verdict, expression).toBe('syntax');
  }
});

test.each([
  ['import socket\ndef f(): return 1', 'import of socket'],
  ['from os import write\ndef f(): return 1', 'import of write from os'],
  ['import os\ndef f(): return os.write(1, b"")', 'os.write'],
  ['import sys as s\ndef f(): return s.modules', 'sys.modules'],
  ['import os\nx = os\ndef f(): return x.write(1, b"")', 'the module os as a value'],
  ['import sys\nsys.stdout = None\ndef f(): return 1', 'sys.stdout'],
  ['import os.path\ndef f(): return os.urandom(1)', 'os.urandom'],
  ['from . import x\ndef f(): return 1', 'import of None'],
  ['def f(): return ().__class__.__bases__', 'the attribute __bases__'],
  ['def f(): return globals()["len"]', 'the name globals'],
  ['def f():\n  __builtins__["len"] = 1', 'the name __builtins__'],
  ['def g():\n  yield\ndef f(): return g().gi_frame.f_back', 'the attribute f_back'],
])('the static check refuses %j', async (code, reason) => {
  const refused = await run(code);
  expect(refused).toMatchObject({ verdict: 'refused', message: reason });
  expect((await run(code, { checked: false })).verdict).not.toBe('refused');
});

test.each([
  ['def f(a=3):\n  b = 4\n  return eval("a * b")', { i: '12' }],
  ['x = 5\ndef f(): return eval("  x + y", None, {"y": 1})', { i: '6' }],
  ['exec("def g(): return 7")\ndef f(): return g()', { i: '7' }],
  ['def f(a=2):\n  exec("a = 3; b = 4")\n  return a', { i: '2' }],
  ['def f():\n  d = {}\n  exec("z = 1", {}, d)\n  return d', { d: [['z', { i: '1' }]] }],
  ['def f(): return eval(compile("2 * 3", "<x>", "eval"))', { i: '6' }],
  ['import ast\ndef f(): return eval(compile(ast.parse("1 + 1", mode="eval"), "x", "eval"))', { i: '2' }],
])('text may become code in a checked program: %j', async (code, value) => {
  expect(await run(code)).toMatchObject({ verdict: 'value', value: JSON.stringify(value) });
});

test('a checked program may have the harmless parts of os and sys, and names that it does not need to know', async () => {
  const code = `
import os, sys
from os.path import basename
from sys import maxsize
def f(input): return [os.path.join("a", input), basename("x/y"), sys.getrecursionlimit(), maxsize > 2**30]`;
  expect(await run(code, { input: { values: ['"b"'] } })).toMatchObject({
    value: '["a/b","y",{"i":"1000"},true]',
  });
});

test('floats are added one after the other, as Python 3.11 does', async () => {
  const code = 'def f(): return [sum([0.1] * 10), sum([]), sum([[1], [2]], []), sum(range(5), start=1)]';
  expect(await run(code)).toMatchObject({
    value: '[{"f":"0.9999999999999999"},{"i":"0"},[{"i":"1"},{"i":"2"}],{"i":"11"}]',
  });
  expect(await run('def f(): return sum(["a"], "")')).toMatchObject({
    message: "TypeError: sum() can't sum strings [use ''.join(seq) instead]",
  });
});

test.each([
  'def f(): return eval("open(1)")',
  'def f(): return eval("eval(\'open(1)\')", {})',
  'def f(): exec("import socket")',
  'def f(): return eval(compile("().__class__.__bases__", "<x>", "eval"))',
  'def f(): exec("exec(\'import socket\', {})", {}, {})',
])('text that becomes code gets the same check: %j', async (code) => {
  const { verdict, message } = await run(code);
  expect([verdict, message]).toEqual(['error', expect.stringContaining('refused: ')]);
  expect((await run(code, { checked: false })).message ?? '').not.toContain('refused: ');
});

test('a program whose two calls differ is unstable, one whose set has another order is not', async () => {
  expect((await run('n = []\ndef f():\n  n.append(1)\n  return len(n)', { calls: 2 })).verdict).toBe(
    'unstable',
  );
  const code = 'n = []\ndef f():\n  n.append(1)\n  return {8, 0} if len(n) == 1 else {0, 8}';
  expect((await run(code, { calls: 2 })).verdict).toBe('value');
});

test.each(Object.entries(HOSTILE_PYTHON))('hostile: %s', async (_, { code, ends, value }) => {
  const outcome = await run(code, { checked: false });
  expect(outcome.verdict, `${outcome.message} ${outcome.value}`).toBe(ends);
  if (value !== undefined) expect(outcome.value).toBe(value);
  // The next run finds nothing of it, and costs what it did before.
  expect(await run(BENIGN, { checked: false })).toEqual(benign);
});

test('integers have as many digits as CPython prints', async () => {
  const { value } = await run('def f(): return -(10 ** 4300 - 1)');
  expect(value).toBe(`{"i":"-${'9'.repeat(4_300)}"}`);
  for (const more of ['10 ** 4300', '1 << 14286', '-(1 << 10**6)'])
    expect((await run(`def f(): return ${more}`)).verdict).toBe('not-data');
});

test("the next run cannot find another job's input", async () => {
  const secret = 'only-the-first-job-knows-this';
  const keep =
    'import builtins, gc\nheld = []\ndef f(a):\n  held.append(a)\n  builtins.held = held\n  return len(a)';
  expect(await run(keep, { input: { values: [JSON.stringify(secret)] }, checked: false })).toMatchObject({
    verdict: 'value',
  });
  const look = `import gc, builtins
def f(part):
  found = hasattr(builtins, 'held')
  for o in gc.get_objects():
    for held in (o if type(o) in (list, tuple, set) else list(o.values()) if type(o) is dict else ()):
      if type(held) is str and held.startswith(part) and held != part: found = held
  return found`;
  expect(await run(look, { input: { values: ['"only-the-first"'] }, checked: false })).toMatchObject({
    value: 'false',
  });
});

test('the same program takes the same fuel every time, whatever ran before it and to whatever end', async () => {
  for (const code of [
    'def f(): return sorted({str(i): i for i in range(100)}.items())',
    'def f():\n  while True: pass',
    'import sys\nsys.setrecursionlimit(10**9)\ndef f(x=0): return repr(f(x+1))',
    'def f():\n  a = []\n  while True: a.append([0] * 1000)',
  ]) {
    const first = await run(code, { checked: false });
    await run(HOSTILE_PYTHON['memory by lists']?.code ?? '', { checked: false });
    await run('def f(): return 1');
    expect(await run(code, { checked: false })).toEqual(first);
  }
});

test('a new instance gives the same verdict and fuel as a used one', async () => {
  const code = 'import random, re\ndef f(): return [random.random(), re.sub("a+", "b", "caat"), hash("x")]';
  const used = await run(code);
  expect(await runWith(await builtPython(), { code })).toEqual(used);
});
