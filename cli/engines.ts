/** The sandbox' engines, which a clone of errand has and the published package leaves out: they are 20 MB. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Executor } from '../src/checks/executor.ts';
import { sandboxExecutor } from '../src/sandbox/executor.ts';

export interface EnginesMissing {
  /** What is not there. */
  readonly missing: string;
}

/** Opens the engines, built on the first use. They keep the process alive until it is ended. */
export async function openEngines(): Promise<{ readonly executor: Executor } | EnginesMissing> {
  const place = new URL('../scripts/sandbox/engines.ts', import.meta.url);
  if (!existsSync(place)) return { missing: fileURLToPath(place) };
  // By its address, so that a bundler leaves it where it is.
  const engines: typeof import('../scripts/sandbox/engines.ts') = await import(place.href);
  return { executor: sandboxExecutor(await engines.nodeSandbox()) };
}
