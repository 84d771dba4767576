/**
 * The service with its writes counted (counting-main.js), in a process of its own. It sends what dev.json says to its
 * parent.
 */
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Build, buildWorker, loadBundle } from '../../../scripts/local/build.ts';
import { startMarketplace } from '../../../scripts/local/marketplace.ts';
import { homeAt } from '../../../scripts/local/state.ts';

const MAIN = 'counting-main.js';
const setting = z.object({
  /** Where it keeps everything; whoever starts it removes it. */
  folder: z.string(),
  /** Connection string of the operator's wallet. */
  wallet: z.string(),
});
export type CountedSetting = z.infer<typeof setting>;

const { folder, wallet } = setting.parse(JSON.parse(process.argv[2] ?? ''));

async function countedBuild(): Promise<Build> {
  const build = await buildWorker();
  const copy = join(folder, 'bundle');
  cpSync(build.folder, copy, { recursive: true });
  copyFileSync(join(import.meta.dirname, MAIN), join(copy, MAIN));
  const { modules } = loadBundle(copy);
  const isMain = ({ path }: { readonly path: string }) => path.endsWith(MAIN);
  return {
    ...build,
    folder: copy,
    modules: modules.toSorted((a, b) => Number(isMain(b)) - Number(isMain(a))),
  };
}

const { dev } = await startMarketplace({
  home: homeAt(join(folder, 'home')),
  port: 0,
  env: { NWC_URI: wallet },
  log: (line) => process.stderr.write(`${line}\n`),
  build: countedBuild,
});
process.on('disconnect', () => process.exit(0));
process.send?.(dev);
