/** Runs signatures.worker.ts in workerd, bundled as any Worker is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { bundle, loadBundle } from '../../scripts/local/build.ts';
import { median } from './statistics.ts';
import type { Row } from './table.ts';

/** What it costs with libsecp256k1, and how many times as long noble takes for the same. */
interface Comparison {
  readonly wasm_ms: number;
  readonly timesFaster: number;
}

export interface SignatureTimes {
  readonly verify: Comparison;
  /** By a key that signed before, as an agent's has. */
  readonly sign: Comparison;
  /** By a key never seen: its public key has to be derived first, which noble does at every signature. */
  readonly signAnew: Comparison;
}

/**
 * The contestants take turns, each round gives one ratio, and the median of the ratios is told: what others do to the
 * machine hits both, or spoils a round and not the result.
 */
const ROUNDS = 15;

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
    const compare = async (work: string): Promise<Comparison> => {
      for (const who of ['wasm', 'noble']) await run(`${who}${work}`, 2);
      const wasm: number[] = [];
      const ratios: number[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const ours = await run(`wasm${work}`, 2);
        wasm.push(ours);
        ratios.push((await run(`noble${work}`, 2)) / ours);
      }
      return { wasm_ms: median(wasm), timesFaster: median(ratios) };
    };
    return {
      verify: await compare('Verify'),
      sign: await compare('Sign'),
      signAnew: await compare('SignAnew'),
    };
  } finally {
    await miniflare.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** The issue asks for three times noble's speed, in the same run. */
export function signatureRows(time: SignatureTimes): Row[] {
  const row = (name: string, { wasm_ms, timesFaster }: Comparison): Row => ({
    name: `${name} in workerd, libsecp256k1`,
    value: 1 / wasm_ms,
    unit: '/ms',
    reference: { name: 'noble', value: 1 / (wasm_ms * timesFaster) },
    goal: { atLeast: 3 },
  });
  return [row('verify', time.verify), row('sign', time.sign), row('sign by a new key', time.signAnew)];
}
