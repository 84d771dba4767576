/** Rows written per job: what a job costs where the platform bills writes. Counted in workerd, statement by statement. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { devFile } from '../../../scripts/local/state.ts';
import { makeWorld, publishNotes } from '../notes.ts';
import { startProgram } from '../programs.ts';
import type { Row } from '../table.ts';
import type { CountedSetting } from './counted-service.ts';
import { type CustomerSetting, outcomes } from './customer.ts';
import { walletGreeting } from './wallets.ts';

const counts = z.record(z.string(), z.number());
type Counts = z.infer<typeof counts>;

/** What is still written after the last answer (projections, alarms) is done when nothing was for this long, ms. */
const QUIET_MS = 5_000;
const POLL_MS = 500;

/** What writes: the platform bills rows of objects, of D1, and alarms, each by its own price. */
const KINDS = { objects: 'rows of durable objects', D1: 'rows of D1', alarm: 'alarms set' } as const;

/** @param say told what was written to which table */
export async function rowsWrittenRows(
  effort: { readonly warmUp: number; readonly jobs: number },
  say: (line: string) => void,
): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  const wallets = await startProgram('test/bench/money/wallets.ts');
  try {
    const money = walletGreeting.parse(wallets.greeting);
    const setting: CountedSetting = { folder, wallet: money.payee };
    const service = await startProgram('test/bench/money/counted-service.ts', JSON.stringify(setting));
    try {
      const { url, relay, agents } = devFile.parse(service.greeting);
      const world_s = Math.floor(Date.now() / 1_000);
      await publishNotes(relay, makeWorld(world_s));
      const perJob = async (slug: string): Promise<Counts> => {
        const agent = agents.find((one) => one.slug === slug)?.pubkey ?? '';
        const customer: CustomerSetting = { relay, wallet: money.payer, agent, world_s };
        const found = await count(url, customer, effort);
        say(`rows written a job of ${slug}: ${JSON.stringify(found)}`);
        return found;
      };
      return rowsOf(await perJob('discover'), await perJob('discover-prepaid'));
    } finally {
      await service.stop();
    }
  } finally {
    await wallets.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function count(
  url: string,
  setting: CustomerSetting,
  effort: { readonly warmUp: number; readonly jobs: number },
): Promise<Counts> {
  const customer = await startProgram('test/bench/money/errand-customer.ts', JSON.stringify(setting));
  try {
    const run = async (jobs: number) => {
      const told = outcomes.parse(await customer.ask({ jobs }));
      const failure = told.find((one) => one.failure !== null);
      if (failure !== undefined) throw new Error(`a job was not served: ${JSON.stringify(failure)}`);
      return await settled(url);
    };
    const before = await run(effort.warmUp);
    const after = await run(effort.jobs);
    return Object.fromEntries(
      Object.entries(after).flatMap(([where, rows]) => {
        const perJob = (rows - (before[where] ?? 0)) / effort.jobs;
        return perJob > 0 ? [[where, perJob]] : [];
      }),
    );
  } finally {
    await customer.stop();
  }
}

/** What was written in all, once nothing is written any more. */
async function settled(url: string): Promise<Counts> {
  let seen = '';
  let since = Date.now();
  for (;;) {
    const text = await (await fetch(`${url}/rows-written`)).text();
    if (text !== seen) {
      seen = text;
      since = Date.now();
    } else if (Date.now() - since > QUIET_MS) return counts.parse(JSON.parse(text));
    await sleep(POLL_MS);
  }
}

function rowsOf(free: Counts, paid: Counts): Row[] {
  const kindOf = (where: string) => (where === 'D1' || where === 'alarm' ? where : 'objects');
  const sum = (found: Counts, kind: keyof typeof KINDS) =>
    Object.entries(found).reduce((total, [where, rows]) => total + (kindOf(where) === kind ? rows : 0), 0);
  const kinds: readonly (keyof typeof KINDS)[] = ['objects', 'D1', 'alarm'];
  return kinds.map((kind) => ({
    name: `a paid job, written: ${KINDS[kind]}`,
    value: sum(paid, kind),
    unit: '',
    reference: { name: 'a free job', value: sum(free, kind) },
  }));
}
