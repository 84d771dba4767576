import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle, loadBundle } from '../../scripts/local/build.ts';
import { buildSandbox } from '../../scripts/sandbox/build.ts';
import { JobError } from '../../src/errors.ts';
import { type RunRequest, runOutcome } from '../../src/sandbox/port.ts';
import { remoteSandbox } from '../../src/sandbox/remote.ts';
import { HOSTILE_JAVASCRIPT } from './hostile-javascript.ts';
import { HOSTILE_PYTHON } from './hostile-python.ts';
import { builtJavaScript, builtPython, runWith } from './rig.ts';

/** Stands for a session: it lives as long as its `born` stays the same. */
const CALLER = `
let born;
export default {
  async fetch(request, env) {
    born ??= crypto.randomUUID();
    try {
      return Response.json({ born, answer: await env.SANDBOX.run(await request.json()) });
    } catch (error) {
      return Response.json({ born, error: String(error) });
    }
  },
};`;

const folder = mkdtempSync(join(tmpdir(), 'errand-sandbox-'));
let miniflare: Miniflare;

beforeAll(async () => {
  await buildSandbox();
  await bundle(folder, 'wrangler.sandbox.toml');
  const { modules } = loadBundle(folder);
  const compatibilityDate = '2026-10-15';
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: 'caller',
          compatibilityDate,
          modules: [{ type: 'ESModule', path: 'caller.js', contents: CALLER }],
          serviceBindings: { SANDBOX: 'errand-sandbox' },
        },
        {
          name: 'errand-sandbox',
          compatibilityDate,
          rootPath: folder,
          modulesRoot: folder,
          modules: [...modules],
        },
      ],
    }),
  );
  await miniflare.ready;
}, 180_000);

afterAll(async () => {
  await miniflare?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function call(request: unknown): Promise<{ born: unknown; answer?: unknown; error?: unknown }> {
  const response = await miniflare.dispatchFetch('http://caller/', {
    method: 'POST',
    body: JSON.stringify(request),
  });
  const found: unknown = await response.json();
  if (typeof found !== 'object' || found === null || !('born' in found)) throw new Error('no caller');
  return found;
}

async function run(request: RunRequest) {
  const { answer, error } = await call(request);
  if (error !== undefined) throw new Error(String(error));
  return runOutcome.parse(answer);
}

const FREE = { input: { values: [] }, checked: false };

test('what the Worker answers is what the engines answer elsewhere, fuel included', async () => {
  const [javascript, python] = [await builtJavaScript(), await builtPython()];
  for (const request of [
    { language: 'python', code: 'import random\ndef f(): return [random.random(), {1: 2.5}]', ...FREE },
    { language: 'python', code: HOSTILE_PYTHON['recursion without limit']?.code ?? '', ...FREE },
    { language: 'javascript', code: 'const f = () => [Math.random(), { a: 1 }]', ...FREE },
    { language: 'javascript', code: HOSTILE_JAVASCRIPT['parse of a deep array']?.code ?? '', ...FREE },
  ] as const)
    expect(await run(request)).toEqual(
      await runWith(request.language === 'python' ? python : javascript, request),
    );
});

test.each(Object.entries(HOSTILE_PYTHON))('Python in the Worker: %s', async (_, { code, ends }) => {
  const benign = { language: 'python', code: 'def f(): return [len([]), hash("x")]', ...FREE } as const;
  const before = await run(benign);
  expect((await run({ language: 'python', code, ...FREE })).verdict).toBe(ends);
  expect(await run(benign)).toEqual(before);
});

test.each(Object.entries(HOSTILE_JAVASCRIPT))('JavaScript in the Worker: %s', async (_, { code, ends }) => {
  const benign = { language: 'javascript', code: 'const f = () => [1].map(String)', ...FREE } as const;
  const before = await run(benign);
  expect((await run({ language: 'javascript', code, ...FREE })).verdict).toBe(ends);
  expect(await run(benign)).toEqual(before);
});

test('the caller lives through everything, and so does the sandbox', async () => {
  const { born } = await call({ language: 'python', code: 'def f(): return 1', ...FREE });
  const wrong = await call({ language: 'cobol' });
  expect(String(wrong.error)).toContain('ZodError');
  const code = HOSTILE_PYTHON['memory by doubling a string']?.code ?? '';
  expect((await run({ language: 'python', code, ...FREE })).verdict).toBe('memory');
  const after = await call({ language: 'python', code: 'def f(): return 1', ...FREE });
  expect(after.born).toBe(born);
  expect(runOutcome.parse(after.answer).value).toBe('{"i":"1"}');
});

test('runs that come together do not meet', async () => {
  const codes = Array.from({ length: 8 }, (_, i) => `n = ${i}\ndef f(): return n`);
  const outcomes = await Promise.all(codes.map((code) => run({ language: 'python', code, ...FREE })));
  expect(outcomes.map(({ value }) => value)).toEqual(codes.map((_, i) => `{"i":"${i}"}`));
});

test('a sandbox that breaks or hangs is an error that a client may see', async () => {
  const request = { language: 'python', code: '', input: { values: [] } } as const;
  let calls = 0;
  const breaks = remoteSandbox({
    run: async () => {
      calls++;
      throw new Error('Network connection lost.');
    },
  });
  await expect(breaks.run(request)).rejects.toEqual(new JobError('SERVICE_UNAVAILABLE', 'the sandbox broke'));
  expect(calls).toBe(2);
  const hangs = remoteSandbox({ run: () => new Promise(() => undefined) }, 1);
  await expect(hangs.run(request)).rejects.toBeInstanceOf(JobError);
  const outcome = { executor: 'x', verdict: 'value', value: 'null', stdout: '', fuel: 1 };
  let first = true;
  const recovers = remoteSandbox({
    run: async () => {
      if (!first) return outcome;
      first = false;
      throw new Error('Network connection lost.');
    },
  });
  expect(await recovers.run(request)).toEqual(outcome);
});
