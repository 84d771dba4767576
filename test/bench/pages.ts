/** What Lighthouse says of the market and of a job's page, on a phone as it simulates one. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { CHROMIUM, ensureBrowser } from '../../scripts/browser.ts';
import { offline } from '../../scripts/local/build.ts';
import { ROOT } from '../../scripts/local/state.ts';
import { Customer } from '../support/paid-jobs.ts';
import { startService } from '../support/service.ts';
import type { Row } from './table.ts';

const LIGHTHOUSE = join(ROOT, 'test', 'bench', 'lighthouse', 'node_modules', 'lighthouse', 'cli', 'index.js');
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
/** Out of a hundred. */
const GOAL = 95;
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

const report = z.object({
  categories: z.record(z.enum(CATEGORIES), z.object({ score: z.number() })),
});

/** @param say tells what is being done */
export async function pageRows(say: (line: string) => void): Promise<Row[]> {
  ensureBrowser();
  const service = await startService();
  try {
    const customer = await Customer.connect(service);
    const job = await customer.ask('discover', 'nostr zaps');
    await job.answers.end();
    customer.client.close();
    const rows: Row[] = [];
    for (const [name, path] of [
      ['market', '/'],
      ['job', `/jobs/${job.request.id}`],
    ] as const) {
      say(`Lighthouse, ${name}`);
      const scores = await scoresOf(`${service.url}${path}`);
      for (const category of CATEGORIES)
        rows.push({
          name: `Lighthouse, page of the ${name}, ${category}`,
          value: scores[category],
          unit: 'of 100',
          goal: { atLeast: GOAL },
        });
    }
    return rows;
  } finally {
    await service.stop();
  }
}

async function scoresOf(url: string): Promise<Record<(typeof CATEGORIES)[number], number>> {
  const profile = mkdtempSync(join(tmpdir(), 'errand-lighthouse-'));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...[LIGHTHOUSE, url, '--output=json', '--quiet', '--no-enable-error-reporting'],
        `--only-categories=${CATEGORIES.join(',')}`,
        `--chrome-flags=${[...FLAGS, `--user-data-dir=${profile}`].join(' ')}`,
      ],
      { env: { ...offline(process.env), CHROME_PATH: CHROMIUM }, maxBuffer: 64_000_000 },
    );
    const { categories } = report.parse(JSON.parse(stdout));
    const score = (category: (typeof CATEGORIES)[number]) => Math.round(categories[category].score * 100);
    return {
      performance: score('performance'),
      accessibility: score('accessibility'),
      'best-practices': score('best-practices'),
    };
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}
