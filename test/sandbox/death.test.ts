import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { bundle, loadBundle } from '../../scripts/local/build.ts';
import { ROOT } from '../../scripts/local/state.ts';
import { buildSandbox } from '../../scripts/sandbox/build.ts';
import { SANDBOX_MAX_FUEL } from '../../src/limits.ts';
import type { RunRequest } from '../../src/sandbox/port.ts';

/**
 * A session and its sandbox in two processes of workerd, so that the sandbox' one can really die: by SIGKILL, which is how
 * miniflare ends it, or of its heap.
 */
const COMPATIBILITY_DATE = '2026-10-15';
const NAME = 'errand-sandbox';
/** In the place of the sandbox: takes all memory of its process, which no guest of the real one can. */
const BOMB = `
import { WorkerEntrypoint } from 'cloudflare:workers';
export default class extends WorkerEntrypoint {
  async run() {
    const held = [];
    for (;;) held.push(new Array(1e6).fill(held.length + 0.5));
  }
}`;

const folder = mkdtempSync(join(tmpdir(), 'errand-death-'));
const common = { cf: false, telemetry: { enabled: false }, unsafeDevRegistryPath: join(folder, 'registry') };
let session: Miniflare;
let sandbox: Miniflare | undefined;

beforeAll(async () => {
  await buildSandbox();
  await bundle(join(folder, 'sandbox'), 'wrangler.sandbox.toml');
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test', 'workers', 'sandbox-session', 'main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    external: ['cloudflare:*'],
  });
  session = new Miniflare(
    convertV4MiniflareOptions({
      ...common,
      workers: [
        {
          name: 'session',
          compatibilityDate: COMPATIBILITY_DATE,
          modules: [{ type: 'ESModule', path: 'session.js', contents: outputFiles[0]?.text ?? '' }],
          serviceBindings: { SANDBOX: NAME },
          durableObjects: { SESSION: 'Session' },
        },
      ],
    }),
  );
  await session.ready;
}, 180_000);

afterAll(async () => {
  await sandbox?.dispose();
  await session?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the sandbox' process, or another Worker under its name. */
async function start(contents?: string): Promise<void> {
  const { modules } = loadBundle(join(folder, 'sandbox'));
  const worker =
    contents === undefined
      ? { rootPath: join(folder, 'sandbox'), modulesRoot: join(folder, 'sandbox'), modules: [...modules] }
      : { modules: [{ type: 'ESModule' as const, path: 'bomb.js', contents }] };
  sandbox = new Miniflare(
    convertV4MiniflareOptions({
      ...common,
      handleRuntimeStdio: () => undefined,
      workers: [{ name: NAME, compatibilityDate: COMPATIBILITY_DATE, ...worker }],
    }),
  );
  await sandbox.ready;
}

async function kill(): Promise<void> {
  await sandbox?.dispose();
  sandbox = undefined;
}

const answer = z.union([
  z.object({ outcome: z.object({ verdict: z.string(), value: z.string().optional(), fuel: z.number() }) }),
  z.object({ error: z.string() }),
  z.object({ bug: z.string() }),
]);

async function run(
  request: Partial<RunRequest> & { readonly code: string },
): Promise<z.output<typeof answer>> {
  const response = await session.dispatchFetch('http://session/', {
    method: 'POST',
    body: JSON.stringify({ language: 'python', input: { values: [] }, ...request }),
  });
  return answer.parse(await response.json());
}

async function state() {
  const response = await session.dispatchFetch('http://session/');
  return z.object({ born: z.string(), waiting: z.number() }).parse(await response.json());
}

const LONG = { code: 'def f():\n  while True: pass', fuel: SANDBOX_MAX_FUEL };
const GOOD = { code: 'def f(): return [1, sum(range(10))]' };

test('a sandbox that dies under a run is a clean error to the session, which lives on; the next sandbox answers as the one before', async () => {
  await start();
  const { born } = await state();
  const before = await run(GOOD);
  expect(before).toMatchObject({ outcome: { value: '[{"i":"1"},{"i":"45"}]' } });

  const dying = run(LONG);
  await expect.poll(async () => (await state()).waiting).toBe(1);
  await kill();
  expect(await dying).toEqual({ error: 'SERVICE_UNAVAILABLE' });
  expect(await state()).toEqual({ born, waiting: 0 });
  // Nobody is there.
  expect(await run(GOOD)).toEqual({ error: 'SERVICE_UNAVAILABLE' });

  await start();
  await expect.poll(() => run(GOOD), { timeout: 20_000 }).toEqual(before);
  expect(await state()).toEqual({ born, waiting: 0 });
}, 120_000);

test('a sandbox whose process runs out of heap is a clean error too', async () => {
  await kill();
  const { born } = await state();
  await start(BOMB);
  await expect.poll(() => run(GOOD), { timeout: 60_000 }).toEqual({ error: 'SERVICE_UNAVAILABLE' });
  expect(await state()).toEqual({ born, waiting: 0 });
  await kill();
  await start();
  await expect
    .poll(() => run(GOOD), { timeout: 20_000 })
    .toMatchObject({ outcome: { value: '[{"i":"1"},{"i":"45"}]' } });
  expect(await state()).toEqual({ born, waiting: 0 });
}, 120_000);

test('what takes all the memory a guest can have, or writes a value as large as it can, leaves process and session as they were', async () => {
  const good = await run(GOOD);
  for (const [code, verdict] of [
    ['def f():\n  a = []\n  while True: a.append([0] * 1000)', 'memory'],
    ['def f():\n  s = "x"\n  while True: s += s', 'memory'],
    ['def f(): return [[]] * 250_000', 'value'],
    ['def f(): return "\\u00e9" * 170_000', 'value'],
    ['def f(): return [{"a": [1.5] * 3}] * 10**6', 'memory'],
    ['def f(): return 10 ** 4299', 'value'],
  ] as const) {
    expect(await run({ code, fuel: SANDBOX_MAX_FUEL }), code).toMatchObject({ outcome: { verdict } });
    expect(await run(GOOD)).toEqual(good);
  }
  const script = { language: 'javascript' as const };
  for (const [code, verdict] of [
    ['const f = () => { const a = []; for (;;) a.push(new ArrayBuffer(1 << 20)) }', 'memory'],
    ['const f = () => Array.from({ length: 3e5 }, () => [])', 'value'],
    ["const f = () => 'x'.repeat(1e6)", 'value'],
  ] as const)
    expect(await run({ ...script, code, fuel: SANDBOX_MAX_FUEL }), code).toMatchObject({
      outcome: { verdict },
    });
  expect(await run(GOOD)).toEqual(good);
}, 120_000);
