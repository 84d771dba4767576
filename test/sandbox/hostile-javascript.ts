/** Programs that mean no good, and how each has to end. Values are of programs that only look. */
import type { Verdict } from '../../src/sandbox/port.ts';

interface Hostile {
  readonly code: string;
  readonly ends: Verdict;
  readonly value?: string;
}

const body = (statements: string): string => `function f() { ${statements} }`;
const ends = (verdict: Verdict, statements: string): Hostile => ({ code: body(statements), ends: verdict });
const shows = (value: string, expression: string): Hostile => ({
  code: body(`return ${expression}`),
  ends: 'value',
  value,
});

export const HOSTILE_JAVASCRIPT: Readonly<Record<string, Hostile>> = {
  'endless loop': ends('fuel', 'for (;;) {}'),
  'endless loop at the top': { code: 'for (;;) {}', ends: 'fuel' },
  'endless loop that catches': ends('fuel', 'while (true) { try { while (true) {} } catch {} finally {} }'),
  'endless loop in finally': ends('fuel', 'try { for (;;); } finally { for (;;); }'),
  'endless recursion': ends('stack', 'function g(n) { return g(n + 1) + 1 } return g(0)'),
  'recursion that catches': ends('fuel', 'function g() { try { g() } catch { g() } } g()'),
  'memory by arrays': ends('memory', 'const a = []; while (true) a.push(new Array(1000).fill(7))'),
  'memory by doubling a string': ends('error', "let s = 'x'; while (true) s += s"),
  'memory by buffers': ends('memory', 'const a = []; while (true) a.push(new ArrayBuffer(1 << 20))'),
  'memory at once': ends('memory', 'return new Array(5e8).fill(0).length'),
  'memory that catches': ends(
    'memory',
    'const a = []; for (;;) try { for (;;) a.push(new Array(1e4).fill(1)) } catch { throw 0, new Array(1e8).fill(1) }',
  ),
  'sort of many': ends(
    'fuel',
    'return Array.from({ length: 2e5 }, (_, i) => (i * 7919) % 200003).sort((x, y) => x - y)[5]',
  ),
  backtracking: ends('fuel', "return /^(a+)+$/.test('a'.repeat(40) + 'b')"),
  'power of a big integer': ends('fuel', 'return (3n ** 1000000n).toString().length'),
  'squares of big integers': ends(
    'fuel',
    'let x = 3n; for (let i = 0; i < 30; i++) x = x * x; return x.toString().length',
  ),
  'join of many': ends('memory', "return 'ab'.repeat(1e6).split('').join(',').length"),
  'stringify of a deep array': ends(
    'stack',
    'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a).length',
  ),
  'parse of a deep array': ends('stack', "return JSON.parse('['.repeat(1e5) + ']'.repeat(1e5)).length"),
  'parse of deep source': ends('stack', "return eval('('.repeat(1e4) + ')'.repeat(1e4))"),
  'search in C': ends('fuel', "return 'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b')"),
  'huge output': ends('output', "return 'x'.repeat(5e6)"),
  'huge output in pieces': ends('output', "return Array.from({ length: 3e5 }, () => 'xxxxxxxxxx')"),
  'function constructor': shows(
    'undefinedundefined',
    "(function () {}).constructor('return typeof fetch + typeof Date')()",
  ),
  'poisoned prototypes': {
    code: "Object.prototype.toJSON = () => 'mine'; Array.prototype.map = () => [1]; JSON.stringify = () => '1'; globalThis.leak = 1; function f() { return 'x' }",
    ends: 'value',
    value: 'x',
  },
  'a way to the host': shows(
    '',
    'Object.getOwnPropertyNames(globalThis).filter((n) => /fetch|process|require|std|os|harness|scriptArgs|print|console/.test(n)).join()',
  ),
  eval: shows('2undefinedundefined', "eval('1+1') + typeof Date + typeof performance"),
  import: shows('started', "(import('x').then(() => 1), 'started')"),
  'endless promises': shows(
    'p',
    "(new Promise((r) => r(1)).then(function g() { return new Promise((r) => r(1)).then(g) }), 'p')",
  ),
  chance: shows('0.0539689161814749240.8811952569521964', "'' + Math.random() + Math.random()"),
  time: shows('undefinedundefinedundefined', 'typeof Date + typeof performance + typeof setTimeout'),
  'proxy that never answers': ends('fuel', 'return new Proxy({}, { get() { for (;;); } }).x'),
  'value that never ends': ends('fuel', 'return { get x() { for (;;); } }'),
  'value with an endless toString': ends('not-data', 'return { toString() { for (;;); } }'),
  'value as a proxy': ends(
    'fuel',
    'return new Proxy([], { get: (_, k) => (k === "length" ? Infinity : 1) })',
  ),
  'array longer than memory': ends('not-data', 'return new Array(4e9)'),
  threads: shows(
    'undefinedundefinedundefined',
    'typeof SharedArrayBuffer + typeof Atomics + typeof WebAssembly',
  ),
  'garbage seen': shows('undefinedundefined', 'typeof WeakRef + typeof FinalizationRegistry'),
  'stack of an error': {
    code: body(
      'try { null.x } catch (e) { return /home|work|file:|node/.test(e.stack) + e.stack.slice(0, 8) }',
    ),
    ends: 'value',
    value: 'false    at f',
  },
  'value that contains itself': ends('not-data', 'const a = {}; a.a = a; return a'),
  'value of a class': ends('not-data', 'return new Map([[1, 2]])'),
  'endless generator': ends('fuel', 'function* g() { for (;;) yield 1 } for (const _ of g());'),
  'typed array out of bounds': shows('undefined', 'String(new Uint8Array(8)[1e9])'),
  'thousand getters': ends('stack', 'const o = { get x() { return this.x } }; return o.x'),
  'error of its own making': {
    code: body("throw Object.assign(new Error('out of memory'), { name: 'InternalError' })"),
    ends: 'memory',
  },
};
