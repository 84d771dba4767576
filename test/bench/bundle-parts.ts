/**
 * What of the bundle is run when a Worker starts, and what only when it is first needed: the bundle is one script, in
 * which a module that is only reached by `import()` is a function that has not been called. By the bundler's own account.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { offline } from '../../scripts/local/build.ts';
import { ROOT } from '../../scripts/local/state.ts';
import type { Row } from './table.ts';

const metafile = z.object({
  inputs: z.record(
    z.string(),
    z.object({ imports: z.array(z.object({ path: z.string(), kind: z.string() })) }),
  ),
  outputs: z.record(
    z.string(),
    z.object({
      entryPoint: z.string().optional(),
      inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })),
    }),
  ),
});
type Metafile = z.infer<typeof metafile>;

/** Packages that are less are not named, KiB. */
const WORTH_NAMING_KIB = 100;

export async function bundlePartRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    const wrangler = join(ROOT, 'node_modules', '.bin', 'wrangler');
    const args = ['deploy', '--dry-run', '--metafile', '--outdir', folder];
    await promisify(execFile)(wrangler, args, { cwd: ROOT, env: offline(process.env) });
    return rowsOf(metafile.parse(JSON.parse(readFileSync(join(folder, 'bundle-meta.json'), 'utf8'))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowsOf({ inputs, outputs }: Metafile): Row[] {
  const [main] = Object.values(outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  if (main?.entryPoint === undefined) throw new Error('the bundler tells of no main module');
  const atStart = reached(inputs, main.entryPoint);
  let start = 0;
  const later = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(main.inputs)) {
    const kib = bytesInOutput / 1_024;
    if (atStart.has(path)) start += kib;
    else later.set(packageOf(path), (later.get(packageOf(path)) ?? 0) + kib);
  }
  const named = [...later].filter(([, kib]) => kib >= WORTH_NAMING_KIB).sort(([, a], [, b]) => b - a);
  return [
    { name: 'Worker bundle, run at start-up, before compression', value: start, unit: 'KiB' },
    {
      name: 'Worker bundle, run when first needed, before compression',
      value: [...later.values()].reduce((a, b) => a + b, 0),
      unit: 'KiB',
    },
    ...named.map(([name, value]) => ({ name: `  of it ${name}`, value, unit: 'KiB' })),
  ];
}

/** What the entry imports without `import()`, and what that imports. */
function reached(inputs: Metafile['inputs'], entry: string): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const one of inputs[path]?.imports ?? []) {
      if (one.kind !== 'dynamic-import' && inputs[one.path] !== undefined) found.add(one.path);
    }
  }
  return found;
}

function packageOf(path: string): string {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'ours';
}
