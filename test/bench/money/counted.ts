/** A started service whose writes are counted, and what the counts mean where the platform bills writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type DevFile, devFile } from '../../../scripts/local/state.ts';
import { startProgram } from '../programs.ts';
import type { CountedSetting } from './counted-service.ts';

const counts = z.record(z.string(), z.number());
/** Rows by what they were written to: `object <table>`, `D1`, `alarm`; and calls of objects, `call <class>`. */
export type Counts = z.infer<typeof counts>;

/** What is still written after the last answer (projections, alarms) is done when nothing was for this long, ms. */
const QUIET_MS = 5_000;
const POLL_MS = 500;

/** What writes: the platform bills rows of objects, of D1, and alarms, each by its own price. */
export const KINDS = ['objects', 'D1', 'alarm'] as const;
export type Kind = (typeof KINDS)[number] | 'calls';
export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  objects: 'rows of durable objects',
  D1: 'rows of D1',
  alarm: 'alarms set',
  calls: 'calls of durable objects',
};

export interface Counted {
  readonly dev: DevFile;
  /** What was written in all, once nothing is written any more. */
  settled(): Promise<Counts>;
  stop(): Promise<void>;
}

/** @param env configuration variables */
export async function startCounted(env: Readonly<Record<string, string>>): Promise<Counted> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  const setting: CountedSetting = { folder, env };
  try {
    const program = await startProgram('test/bench/money/counted-service.ts', JSON.stringify(setting));
    const dev = devFile.parse(program.greeting);
    return {
      dev,
      settled: () => settled(dev.url),
      async stop() {
        await program.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

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

/** What was written between two counts, for each of so many things done. */
export function growth(before: Counts, after: Counts, done: number): Counts {
  return Object.fromEntries(
    Object.entries(after).flatMap(([where, rows]) => {
      const each = (rows - (before[where] ?? 0)) / done;
      return each > 0 ? [[where, each]] : [];
    }),
  );
}

export function rowsOfKind(found: Counts, kind: Kind): number {
  return Object.entries(found).reduce(
    (total, [where, rows]) => total + (kindOf(where) === kind ? rows : 0),
    0,
  );
}

function kindOf(where: string): Kind {
  if (where === 'D1' || where === 'alarm') return where;
  return where.startsWith('call ') ? 'calls' : 'objects';
}
