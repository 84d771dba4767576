/**
 * `npm test`: everything that must hold, then one plain line `N passed, N failed`. The counts come from the runners'
 * own JSON reports; a check without a report of its own counts as one. A runner that crashed, or that ran nothing,
 * is a failure: silence must never look green. `npm test -- unit workers` runs only what is named.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { ensureBrowser } from './browser.ts';
import { bundle, offline } from './local/build.ts';
import { fail, readOptions } from './local/options.ts';
import { ROOT } from './local/state.ts';

const OUT = join(ROOT, 'test', '.out');

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Tests the runner was told to leave out; shown, so that nobody forgets them. */
  readonly skipped: number;
}

/** What is read of vitest's JSON report. */
const report = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.unknown()) }),
  ),
});

type Suite = () => Promise<Outcome>;

const SUITES: Readonly<Record<string, Suite>> = {
  types: async () => {
    const workers = await command('types (workers)', 'tsc', ['-p', '.']);
    const node = await command('types (node)', 'tsc', ['-p', 'tsconfig.node.json']);
    return single(workers && node);
  },
  lint: async () => single(await command('lint', 'biome', ['check'])),
  deploy: async () => {
    process.stdout.write(`${await bundle(join(OUT, 'bundle'))}\n`);
    process.stdout.write(`${await bundle(join(OUT, 'sandbox'), 'wrangler.sandbox.toml')}\n`);
    return { ...single(true), passed: 2 };
  },
  unit: () => vitest('unit', 'vitest.config.ts'),
  workers: () => vitest('workers', 'vitest.workers.config.ts'),
  e2e: async () => {
    ensureBrowser();
    return vitest('e2e', 'vitest.e2e.config.ts');
  },
};

const options = readOptions({ allowPositionals: true }, `npm test -- [${Object.keys(SUITES).join('] [')}]\n`);
if (options !== undefined) await main(options.positionals);

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => SUITES[name] === undefined);
  if (unknown !== undefined)
    return fail(`no such suite: ${unknown} (there are ${Object.keys(SUITES).join(', ')})`);
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const rows: string[] = [];
  const total = { passed: 0, failed: 0 };
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    process.stdout.write(`\n== ${name}\n`);
    const began = performance.now();
    const outcome = await suite().catch((error: unknown): Outcome => {
      process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return single(false);
    });
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    rows.push(row(name, outcome, performance.now() - began));
  }
  process.stdout.write(`\n${rows.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

function row(name: string, { passed, failed, skipped }: Outcome, ms: number): string {
  const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(5)} failed`;
  return `${name.padEnd(8)} ${counts} ${skipped === 0 ? '' : `${skipped} skipped `}${(ms / 1000).toFixed(1).padStart(7)} s`;
}

function single(passed: boolean): Outcome {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function vitest(name: string, config: string): Promise<Outcome> {
  const file = join(OUT, `${name}.json`);
  const exited = await command(name, 'vitest', [
    'run',
    '--config',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${relative(ROOT, file)}`,
  ]);
  const read = report.parse(JSON.parse(readFileSync(file, 'utf8')));
  // A file that fails before its first test (a syntax error, a hook) has no failed test to count.
  const broken = read.testResults.filter(
    (f) => f.status === 'failed' && f.assertionResults.length === 0,
  ).length;
  let failed = read.numFailedTests + broken;
  // An error outside of any test, or no test at all: the runner says failure and nothing else does.
  if (failed === 0 && (!exited || !read.success || read.numPassedTests === 0)) failed = 1;
  return { passed: read.numPassedTests, failed, skipped: read.numPendingTests + read.numTodoTests };
}

/** Runs an installed command with its output passed through; whether it exited with 0. */
function command(name: string, tool: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(ROOT, 'node_modules', '.bin', tool), args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: offline(process.env),
    });
    child.on('error', (error) => reject(new Error(`${name}: cannot run ${tool}: ${error.message}`)));
    child.on('exit', (code) => resolve(code === 0));
  });
}
