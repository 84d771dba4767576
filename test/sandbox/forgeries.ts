/**
 * Programs that want to be held for right without knowing the answer, which is 42 for f(20), and in JavaScript also
 * `[42, 'x']`. Each cheats a harness that compares inside of the guest's interpreter, as AZR's own does.
 */

export const FORGERIES_PYTHON: Readonly<Record<string, string>> = {
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
  'rewrites the result of eval': `
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
  'hooks stdout and turns the verdict over': `
import sys
class Liar:
  def __init__(self, real): self.real = real
  def write(self, text): return self.real.write(text.replace('False', 'True'))
  def flush(self): self.real.flush()
sys.stdout = Liar(sys.stdout)
def f(x): return 1`,
  'hooks print': `
import builtins
real = builtins.print
builtins.print = lambda *said, **how: real(*[True for _ in said], **how)
def f(x): return 1`,
  'writes the verdict when output is flushed': `
import sys
class Late:
  def __init__(self, real): self.real = real
  def write(self, text): return len(text)
  def flush(self):
    self.real.write('True\\n')
    self.real.flush()
sys.stdout = Late(sys.stdout)
def f(x): return 1`,
  "writes the verdict from the harness' own flush": `
import sys
out = sys.stdout
def flush():
  out.write('True\\n')
  type(out).flush(out)
out.flush = flush
def f(x): return 1`,
};

/** How people compare inside of a JavaScript guest. */
export type Comparing = 'by text' | 'with a tolerance' | 'item by item' | 'by every';

/** `[program, answers are compared so]` */
export const FORGERIES_JAVASCRIPT: Readonly<Record<string, readonly [string, Comparing]>> = {
  'toJSON of everything': ['Array.prototype.toJSON = () => 0; function f() { return [] }', 'by text'],
  'JSON.stringify that always says the same': [
    "JSON.stringify = () => 'x'; function f() { return 1 }",
    'by text',
  ],
  'a Proxy around JSON.stringify that remembers': [
    'let seen; JSON.stringify = new Proxy(JSON.stringify, { apply: (real, self, given) => (seen ??= Reflect.apply(real, self, given)) }); function f() { return 1 }',
    'by text',
  ],
  'valueOf that is as far as the tolerance': [
    'function f() { return { valueOf: () => Infinity } }',
    'with a tolerance',
  ],
  'Symbol.toPrimitive that is as far as the tolerance': [
    'function f() { return { [Symbol.toPrimitive]: () => -Infinity } }',
    'with a tolerance',
  ],
  'Math.abs that finds no distance': ['Math.abs = () => 0; function f() { return 1 }', 'with a tolerance'],
  'an iterator of arrays that has nothing in it': [
    'Array.prototype[Symbol.iterator] = function* () {}; function f() { return [1, 2] }',
    'item by item',
  ],
  'every item of everything': [
    'Array.prototype.every = () => true; function f() { return [1, 2] }',
    'by every',
  ],
  'Object.is that agrees': ['Object.is = () => true; function f() { return [1, 2] }', 'by every'],
  'a Proxy of an array that answers with who asks': [
    'Object.is = (a, b) => a === b || b === undefined; function f() { return new Proxy([], { get: (_, key) => (key === "length" ? 2 : undefined) }) }',
    'by every',
  ],
  'a prototype whose setter keeps the answer': [
    "let kept; Object.defineProperty(Object.prototype, 'gold', { set(value) { kept = value }, get() { return kept }, configurable: true }); function f() { return ({}).gold ?? 1 }",
    'by text',
  ],
};
