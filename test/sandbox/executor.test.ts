import { beforeAll, describe, expect, test } from 'vitest';
import { CODECS } from '../../src/checks/codec.ts';
import type { Executor, Outcome } from '../../src/checks/executor.ts';
import { runFresh } from '../../src/checks/run.ts';
import { sandboxExecutor } from '../../src/sandbox/executor.ts';
import { runRequest } from '../../src/sandbox/port.ts';
import { builtJavaScript, builtPython } from './rig.ts';

let executor: Executor;
const signal = new AbortController().signal;

beforeAll(async () => {
  const engines = { python: await builtPython(), javascript: await builtJavaScript() };
  executor = sandboxExecutor({ run: (request) => engines[request.language].run(runRequest.parse(request)) });
}, 180_000);

async function run(language: 'python' | 'javascript', program: string, input = ''): Promise<Outcome> {
  const [outcome] = await runFresh(executor, [{ language, program, input, fuel: 50_000_000 }], signal);
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

describe('what goes in comes out', () => {
  test.each([
    "{'b': [1, 2.0, True, None], 'a': (1,), 3: {1, 2}}",
    "b'\\x00a', 1e+300, -0.0, (1+2j), {1, 'x'}",
    "'\\u00e9\\n\\U0001f600', 123456789012345678901234567890, set(), {}",
  ])('Python: %s', async (literals) => {
    const outcome = await run('python', 'def f(a): return a', `(${literals})`);
    expect(outcome).toMatchObject({ ok: true });
    const again = await run('python', 'def f(a): return a', outcome.ok ? outcome.output : '');
    expect(again).toMatchObject({ ok: true, output: outcome.ok && outcome.output });
  });

  test('JavaScript', async () => {
    const outcome = await run(
      'javascript',
      'const f = (a, b) => ({ z: a, b })',
      '[[1,-2.5,"é\\n"],{"y":null}]',
    );
    expect(outcome).toMatchObject({ ok: true, output: '{"b":{"y":null},"z":[1,-2.5,"é\\n"]}' });
  });
});

test.each([
  ['python', 'def f(d): return list(d)', "{'b': 1, 'a': {2: 0, 1: 0}}", "['b', 'a']"],
  ['javascript', 'const f = (o) => Object.keys(o)', '[{"b":1,"a":2}]', '["b","a"]'],
] as const)(
  '%s: a program sees the order in which its input was written',
  async (language, program, text, output) => {
    const input = CODECS[language].readArguments(text);
    expect(input.ok && (await run(language, program, input.value))).toMatchObject({ ok: true, output });
    expect(input.ok && CODECS[language].identityOf(input.value)).not.toBe(input.ok && input.value);
  },
);

test('a Counter is the dict it equals', async () => {
  const program = 'from collections import Counter\ndef f(s): return Counter(s)';
  expect(await run('python', program, "'aab'")).toMatchObject({ ok: true, output: "{'a': 2, 'b': 1}" });
});

describe('every end without a value has its name', () => {
  test.each([
    ['python', 'def f(): return 1/0', 'exception', 'ZeroDivisionError'],
    ['python', 'def f(): return f()', 'exception', 'RecursionError'],
    ['python', 'def f():\n while True: pass', 'fuel', ''],
    ['python', 'def f(): return [0] * 10**9', 'memory', ''],
    ['python', 'def f(): return object()', 'value', 'object'],
    ['python', 'from collections import deque\ndef f(): return deque([1])', 'value', 'no literal'],
    ['python', 'import socket\ndef f(): return 1', 'refused', 'socket'],
    ['python', 'def f(: return 1', 'syntax', 'SyntaxError'],
    ['python', 'n = 0\ndef f():\n global n\n n += 1\n return n', 'nondeterministic', ''],
    ['javascript', 'const f = () => { throw new TypeError("no"); }', 'exception', 'TypeError: no'],
    ['javascript', 'const f = () => 10n', 'value', 'no literal'],
    ['javascript', 'const f = () => NaN', 'value', 'no literal'],
    ['javascript', 'let n = 0; const f = () => n++', 'nondeterministic', ''],
  ] as const)('%s: %s', async (language, program, failure, words) => {
    const outcome = await run(language, program, language === 'python' ? '' : '[]');
    expect(outcome).toMatchObject({ ok: false, failure, executor: expect.stringMatching(/\+[0-9a-f]{16}$/) });
    expect(outcome.ok ? '' : outcome.error).toContain(words);
  });
});

test('the same program costs the same', async () => {
  const [one, two] = [
    await run('python', 'def f(n): return sum(range(n))', '1000'),
    await run('python', 'def f(n): return sum(range(n))', '1000'),
  ];
  expect(one).toEqual(two);
});

test('nothing is run once nobody waits', async () => {
  const gone = AbortSignal.abort(new Error('gone'));
  const call = { language: 'python', program: 'def f(): return 1', input: '', fuel: 1_000_000 } as const;
  await expect(executor.run([call], gone)).rejects.toThrow('gone');
});
