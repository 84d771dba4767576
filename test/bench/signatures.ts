/** Runs signatures.worker.ts in workerd, bundled as any Worker is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { z } from 'zod';
import { bundle, loadBundle } from '../../scripts/local/build.ts';
import type { Row } from './table.ts';

const times = z.object({
  wasmVerify: z.number().positive(),
  nobleVerify: z.number().positive(),
  wasmSign: z.number().positive(),
  nobleSign: z.number().positive(),
});
/** Milliseconds a signature. */
export type SignatureTimes = z.infer<typeof times>;

/** The best of so many is told: what others do to the machine only ever makes a round slower. */
const ROUNDS = 5;

/** Timed from outside: inside workerd the clock moves in leaps. */
export async function timeSignatures(): Promise<SignatureTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  await bundle(folder, 'test/bench/wrangler.toml');
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: 'bench',
          compatibilityDate: '2026-10-15',
          compatibilityFlags: ['nodejs_compat'],
          modulesRoot: folder,
          modules: [...loadBundle(folder).modules],
        },
      ],
    }),
  );
  const run = async (work: string, rounds: number) => {
    const began = performance.now();
    const response = await miniflare.dispatchFetch(`http://bench.test/?work=${work}&rounds=${rounds}`);
    const done = Number(await response.text());
    if (!response.ok || done === 0) throw new Error(`${work} did nothing`);
    return (performance.now() - began) / done;
  };
  try {
    const measured: Record<string, number> = {};
    for (const work of Object.keys(times.shape)) {
      await run(work, 2);
      const rounds: number[] = [];
      for (let i = 0; i < ROUNDS; i++) rounds.push(await run(work, 4));
      measured[work] = Math.min(...rounds);
    }
    return times.parse(measured);
  } finally {
    await miniflare.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** The issue asks for three times noble's speed, in the same run. */
export function signatureRows(time: SignatureTimes): Row[] {
  const row = (name: string, noble: number, wasm: number): Row => ({
    name: `${name} in workerd, libsecp256k1`,
    value: 1 / wasm,
    unit: '/ms',
    reference: { name: 'noble', value: 1 / noble },
    goal: { atLeast: 3 },
  });
  return [row('verify', time.nobleVerify, time.wasmVerify), row('sign', time.nobleSign, time.wasmSign)];
}
