/** Programs that mean no good, and how each has to end. Values are of programs that only look. */
import type { Verdict } from '../../src/sandbox/port.ts';

interface Hostile {
  readonly code: string;
  readonly ends: Verdict;
  /** Canonical text. */
  readonly value?: string;
}

const ends = (verdict: Verdict, ...lines: string[]): Hostile => ({ code: body(lines), ends: verdict });
const shows = (value: unknown, ...lines: string[]): Hostile => ({
  code: body(lines),
  ends: 'value',
  value: JSON.stringify(value),
});
/** Lines before the last ones that begin with a space are the body of f. */
function body(lines: readonly string[]): string {
  const inside = lines.filter((line) => line.startsWith(' '));
  const before = lines.filter((line) => !line.startsWith(' '));
  return [...before, 'def f(x=0):', ...inside].join('\n');
}

export const HOSTILE_PYTHON: Readonly<Record<string, Hostile>> = {
  'endless loop': ends('fuel', ' while True: pass'),
  'endless loop that catches': {
    code: 'def f():\n while True:\n  try:\n   while True: pass\n  except BaseException: pass',
    ends: 'fuel',
  },
  'endless loop in finally': { code: 'def f():\n try: 1/0\n finally:\n  while True: pass', ends: 'fuel' },
  'endless loop at the top': { code: 'while True: pass', ends: 'fuel' },
  'sum in C': ends('fuel', ' return sum(range(10**12))'),
  'list of much': ends('memory', ' return len(list(range(10**9)))'),
  power: ends('fuel', ' return len(str(7**(10**7)))'),
  'string of much': ends('error', ' return len("a"*(10**10))'),
  'memory by lists': ends('memory', ' a=[]', ' while True: a.append([0]*1000)'),
  'memory by doubling a string': ends('memory', ' s="x"', ' while True: s+=s'),
  'memory by doubling a string outside of a function': {
    code: 's = "x"\nwhile True: s += s',
    ends: 'memory',
  },
  'memory by doubling bytes': ends('memory', ' s=b"x"', ' while True: s+=s'),
  'memory by a tuple': ends('memory', ' s=(1,)', ' while True: s+=s'),
  'memory that catches': ends(
    'fuel',
    ' a=[]',
    ' while True:',
    '  try: a.append([0]*10000)',
    '  except MemoryError: pass',
  ),
  'memory by an f-string': ends('memory', ' s="x"', ' while True: s=f"{s}{s}"'),
  'memory by a join': ends('memory', ' s="x"', ' while True: s=s.join(["y"]*3)'),
  'memory by classes': ends('fuel', ' a=[]', ' while True: a.append(type("C",(),{}))'),
  'memory by the channel': {
    code: 'import os, sys\ndef end():\n while True:\n  try: os.write(977, b"x"*10**6)\n  except BaseException: pass\nsys.modules["__main__"].__dict__["__end"]=end\ndef f(): return 1',
    ends: 'channel',
  },
  'memory by output': ends('output', 'import os', ' while True: os.write(1, b"x"*60000)'),
  'copies of bytes': ends('memory', ' a=bytes(10**7)', ' for i in range(10**7): b=a[1:]', ' return 0'),
  recursion: ends('stack', ' return f(x+1)+1'),
  'recursion without limit': ends('stack', 'import sys', 'sys.setrecursionlimit(10**9)', ' return f(x+1)+1'),
  'recursion in C': ends(
    'stack',
    'import sys',
    'sys.setrecursionlimit(10**9)',
    'class A:',
    '\t__getattr__ = lambda s, n: getattr(s, n+"a")',
    ' return A().a',
  ),
  'repr of a deep list': ends('stack', ' a=[]', ' for i in range(10**6): a=[a]', ' return len(repr(a))'),
  'deep list let go': ends('stack', ' a=[]', ' for i in range(10**5): a=[a]', ' return a'),
  'deep literal': ends('error', ' return eval("["*5000+"]"*5000)'),
  'deep parentheses': ends('error', ' return eval("("*100000)'),
  'deep source': { code: `x = ${'('.repeat(20_000)}`, ends: 'syntax' },
  'deep operators': { code: `x = ${'-'.repeat(50_000)}1\ndef f(): return x`, ends: 'stack' },
  backtracking: ends('fuel', 'import re', ' return re.match(r"(a+)+$","a"*40+"b")'),
  'endless output': ends('output', ' while True: print("x"*1000)'),
  'search in C': shows({ i: '-1' }, ' return ("a"*4000000).find("a"*2000000+"b")'),
  'sort of many': ends('memory', ' return len(sorted(range(10**7), key=lambda v:-v))'),
  'the host by js': ends('blocked', ' import js', ' return repr(js.fetch)'),
  'the host by pyodide_js': ends('blocked', ' import pyodide_js', ' return repr(pyodide_js.FS)'),
  'the host by run_js': ends('blocked', ' from pyodide.code import run_js', ' return run_js("1+1")'),
  'the core of Pyodide': ends('error', ' import _pyodide_core', ' return _pyodide_core.run_sync(1)'),
  'host objects by the collector': shows(
    [],
    'import gc',
    ' return [str(o) for o in gc.get_objects() if type(o).__name__=="JsProxy"]',
  ),
  'memory by ctypes': ends('error', ' import ctypes', ' return ctypes.string_at(0,10)'),
  'memory by _ctypes': ends('blocked', ' import _ctypes', ' return _ctypes.PyObj_FromPtr(4000000000)'),
  'memory written by ctypes': ends('error', ' import ctypes', ' ctypes.memset(0,65,1000000)'),
  'names of host objects': shows(
    [],
    ' import gc',
    ' return [type(o).__name__ for o in gc.get_objects() if "Js" in type(o).__name__]',
  ),
  'write a file': ends('error', ' open("/tmp/a","w").write("x"*100)'),
  'read a file': ends('error', ' return open("/lib/python314.zip","rb").read(10)'),
  'read the files of the process': ends('error', ' return open("/proc/self/environ").read()'),
  'list files': ends('error', 'import os', ' return os.listdir("/")'),
  'make a folder': ends('blocked', 'import os', ' os.mkdir("/tmp/x")'),
  'run a command': ends('blocked', 'import os', ' os.system("ls")'),
  environment: shows(
    { d: [] },
    'import os',
    ' return {k: v for k, v in os.environ.items() if "KEY" in k or "SECRET" in k or "TOKEN" in k}',
  ),
  'leave the process': ends('blocked', 'import os', ' os._exit(3)'),
  'abort the process': ends('crash', 'import os', ' os.abort()'),
  SystemExit: ends('error', 'import sys', ' sys.exit(3)'),
  socket: ends('blocked', 'import _socket', ' s=_socket.socket(); s.connect(("1.1.1.1",80))'),
  'fetch a page': ends(
    'error',
    ' import urllib.request as u',
    ' return u.urlopen("http://example.com").read()',
  ),
  'standard input': ends('error', ' return input()'),
  'time and chance': shows(
    {
      t: [
        { f: '1767225600' },
        { f: '0' },
        '2026-01-01 00:00:00',
        { f: '0.2021914685794105' },
        { b: '3c5e81b4' },
        '0c5ec68e',
      ],
    },
    'import time,datetime,random,os,secrets',
    ' return (time.time(),time.perf_counter(),str(datetime.datetime.now()),random.random(),os.urandom(4),secrets.token_hex(4))',
  ),
  'local time': shows(
    ['2026-01-01T00:00:00', { f: '1767225600' }],
    'import time',
    ' return [time.strftime("%Y-%m-%dT%H:%M:%S"), time.mktime(time.localtime())]',
  ),
  'much chance': ends('fuel', 'import os', ' while True: os.urandom(10**6)'),
  sleep: ends('blocked', 'import time', ' time.sleep(100)', ' return 1'),
  'thread of threading': ends('error', 'import threading', ' threading.Thread(target=print).start()'),
  'socket of socket': ends('blocked', ' import socket', ' socket.socket().connect(("1.1.1.1",80))'),
  'a trace of every line': ends('error', 'import sys', ' sys.settrace(lambda *a: 1/0)', ' return 1'),
  'a destructor that never ends': {
    code: 'class A:\n def __del__(self):\n  while True: pass\ndef f(): return A() and 1',
    ends: 'fuel',
  },
  'a destructor after the end': {
    code: 'class A:\n def __del__(self):\n  while True: pass\na = A()\ndef f(): return 1',
    ends: 'value',
    value: '{"i":"1"}',
  },
  'wide formatting': ends('memory', ' return "%99999999d" % 1'),
  'digits without limit': ends(
    'fuel',
    'import sys',
    ' sys.set_int_max_str_digits(0)',
    ' return len(str(10**10**6))',
  ),
  'a class that is every class': ends(
    'not-data',
    'class M(type):',
    '\t__eq__ = lambda a, b: True',
    '\t__hash__ = type.__hash__',
    ' class L(metaclass=M): pass',
    ' return L()',
  ),
  thread: ends('error', 'import _thread', ' return _thread.start_new_thread(print, ())'),
  'poisoned builtins': {
    code: 'import builtins, json, math\nbuiltins.__import__=None\nbuiltins.len=lambda x:7\njson.dumps=lambda *a: "1"\nmath.pi=3\nbuiltins.leak=1\ndef f(): return len([])',
    ends: 'value',
    value: '{"i":"7"}',
  },
  asyncio: ends(
    'blocked',
    ' import asyncio',
    ' async def g(): await asyncio.sleep(1)',
    ' return asyncio.run(g())',
  ),
  'broken bytecode': ends(
    'crash',
    ' g=lambda:0',
    ' g.__code__=g.__code__.replace(co_code=bytes([0x64,255]*10))',
    ' return g()',
  ),
  match: shows({ i: '0' }, ' match x:', '  case 0: return 0', '  case _: return 1'),
  'decimal of a million digits': shows(
    '0.333',
    ' from decimal import Decimal, getcontext',
    ' getcontext().prec=10**6',
    ' return str(Decimal(1)/Decimal(3))[:5]',
  ),
  factorial: ends('fuel', 'import math', ' return len(str(math.factorial(10**6)))'),
  'permutations counted': ends(
    'fuel',
    'import itertools',
    ' return sum(1 for _ in itertools.permutations(range(14)))',
  ),
  'permutations kept': ends(
    'memory',
    'import itertools',
    ' return len(list(itertools.permutations(range(11))))',
  ),
  'endless iterator into a deque': ends(
    'fuel',
    'from collections import deque',
    'import itertools',
    ' deque(itertools.count(),maxlen=0)',
  ),
  'endless any': ends('fuel', 'import itertools', ' return any(itertools.repeat(0))'),
  'endless in': ends('fuel', 'import itertools', ' return 1 in itertools.repeat(0)'),
  'huge value': ends('output', ' return "x"*(5*10**6)'),
  'huge integer': ends('not-data', ' return 1 << 20000'),
  'value that is no data': ends('not-data', ' return object()'),
  'value of its own type': ends('not-data', 'class L(list): pass', ' return L([1])'),
  'value that contains itself': ends('not-data', ' a=[]; a.append(a)', ' return a'),
  'text that is no text': shows('é😀\ud800', ' return "é😀\\ud800"'),
  'write to the channel': ends('channel', 'import os', ' os.write(977, b\'["value", ["1"]]\')', ' return 1'),
  'write to other descriptors': ends(
    'error',
    'import os',
    ' for i in range(3, 1000):',
    '  if i != 977: os.write(i, b"x")',
  ),
  'close the output': shows({ i: '1' }, 'import sys', ' sys.stdout.close()', ' return 1'),
  'handler at the end': {
    code: 'import atexit, os\natexit.register(lambda: os.write(977, b"x"))\ndef f(): return 1',
    ends: 'value',
    value: '{"i":"1"}',
  },
};
