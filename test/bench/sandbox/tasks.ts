/** Tasks as they are checked: small programs of ours in the manner of AZR's, each with the arguments of one call. */

export interface Task {
  readonly code: string;
  /** Each argument as typed JSON (src/values/typed-json.ts). */
  readonly values: readonly string[];
  /** The same arguments between the brackets of a call. */
  readonly expression: string;
}

export const PYTHON_TASKS: readonly Task[] = [
  {
    code: `def f(a):
  seen = {}
  for i, word in enumerate(a.split()):
    seen.setdefault(len(word), []).append((word[::-1], i))
  return sorted(seen.items())`,
    values: ['"the quick brown fox jumps over the lazy dog"'],
    expression: '"the quick brown fox jumps over the lazy dog"',
  },
  {
    code: `from collections import Counter
def f(text, n):
  return [word for word, _ in Counter(text.lower().split()).most_common(n)]`,
    values: ['"a b a c b a d e f g a b"', '{"i":"3"}'],
    expression: '"a b a c b a d e f g a b", 3',
  },
  {
    code: `def f(n):
  sieve = [True] * (n + 1)
  for p in range(2, int(n ** 0.5) + 1):
    if sieve[p]:
      for m in range(p * p, n + 1, p): sieve[m] = False
  return [p for p in range(2, n + 1) if sieve[p]]`,
    values: ['{"i":"500"}'],
    expression: '500',
  },
  {
    code: `def f(grid):
  rows, cols = len(grid), len(grid[0])
  best = [[0] * cols for _ in range(rows)]
  for i in range(rows):
    for j in range(cols):
      before = [best[i - 1][j]] * (i > 0) + [best[i][j - 1]] * (j > 0)
      best[i][j] = grid[i][j] + (min(before) if before else 0)
  return best[-1][-1]`,
    values: [
      '[[{"i":"1"},{"i":"3"},{"i":"1"}],[{"i":"1"},{"i":"5"},{"i":"1"}],[{"i":"4"},{"i":"2"},{"i":"1"}]]',
    ],
    expression: '[[1, 3, 1], [1, 5, 1], [4, 2, 1]]',
  },
  {
    code: `import re
def f(text):
  return {key: int(value) for key, value in re.findall(r'(\\w+)=(\\d+)', text)}`,
    values: ['"a=1, b=22; c=333 d=x e=5"'],
    expression: '"a=1, b=22; c=333 d=x e=5"',
  },
  {
    code: `import itertools
def f(items, k):
  return max(sum(c) for c in itertools.combinations(items, k) if sum(c) % 3 == 0)`,
    values: ['[{"i":"5"},{"i":"9"},{"i":"2"},{"i":"7"},{"i":"4"},{"i":"1"},{"i":"8"}]', '{"i":"3"}'],
    expression: '[5, 9, 2, 7, 4, 1, 8], 3',
  },
];

export const JAVASCRIPT_TASKS: readonly Task[] = [
  {
    code: `function f(a) {
  const seen = {};
  a.split(' ').forEach((word, i) => (seen[word.length] ??= []).push([[...word].reverse().join(''), i]));
  return Object.entries(seen).sort();
}`,
    values: ['"the quick brown fox jumps over the lazy dog"'],
    expression: '"the quick brown fox jumps over the lazy dog"',
  },
  {
    code: `function f(n) {
  const sieve = new Array(n + 1).fill(true), primes = [];
  for (let p = 2; p <= n; p++) {
    if (!sieve[p]) continue;
    primes.push(p);
    for (let m = p * p; m <= n; m += p) sieve[m] = false;
  }
  return primes;
}`,
    values: ['{"f":"500"}'],
    expression: '500',
  },
  {
    code: 'const f = (text) => Object.fromEntries([...text.matchAll(/(\\w+)=(\\d+)/g)].map(([, k, v]) => [k, +v]))',
    values: ['"a=1, b=22; c=333 d=x e=5"'],
    expression: '"a=1, b=22; c=333 d=x e=5"',
  },
];

/** Loops that do nothing but cost: what counting makes of them. */
export const BUSY = {
  python: `def f():
  n = 0
  for i in range(300_000): n = (n * 31 + i) % 1_000_003
  return n`,
  javascript:
    'function f() { let n = 0; for (let i = 0; i < 3e5; i++) n = (n * 31 + i) % 1000003; return n }',
  'python, sorting': `def f():
  items = [(i * 7919) % 100_003 for i in range(40_000)]
  return sorted(items, key=lambda v: -v)[5]`,
} as const;
