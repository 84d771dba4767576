/** What the platform loads: size of the bundle and CPU until the Worker can take its first request. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { offline } from '../../scripts/local/build.ts';
import { ROOT } from '../../scripts/local/state.ts';
import { bundlePartRows } from './bundle-parts.ts';
import type { Row } from './table.ts';

/** A Worker that takes longer to start is refused by the platform (Workers limits, "Worker startup time"), ms. */
const START_LIMIT_MS = 1_000;

/** As `wrangler check startup` tells it. @throws Error when its words have changed */
export async function sizeRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    const { stdout } = await promisify(execFile)(
      join(ROOT, 'node_modules', '.bin', 'wrangler'),
      ['check', 'startup', '--outfile', join(folder, 'profile.cpuprofile')],
      { cwd: ROOT, env: offline(process.env) },
    );
    return [
      { name: 'Worker bundle, gzip', value: numberIn(stdout, /gzip: ([\d.]+) KiB/), unit: 'KiB' },
      {
        name: 'Worker start-up CPU (wrangler check startup)',
        value: numberIn(stdout, /Active: ([\d.]+) ms/),
        unit: 'ms',
        goal: { atMost: START_LIMIT_MS },
      },
      ...(await bundlePartRows()),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrangler check startup says nothing like ${pattern}:\n${text}`);
  return Number(found);
}
