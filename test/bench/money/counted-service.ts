/**
 * The service with its writes counted (counting-main.js), in a process of its own. It sends what dev.json says to its
 * parent.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { startMarketplace } from '../../../scripts/local/marketplace.ts';
import { homeAt } from '../../../scripts/local/state.ts';
import { buildBehind } from '../../support/build-behind.ts';

const MAIN = 'counting-main.js';
const setting = z.object({
  /** Where it keeps everything; whoever starts it removes it. */
  folder: z.string(),
  /** Configuration variables. */
  env: z.record(z.string(), z.string()),
});
export type CountedSetting = z.infer<typeof setting>;

const { folder, env } = setting.parse(JSON.parse(process.argv[2] ?? ''));

const { dev } = await startMarketplace({
  home: homeAt(join(folder, 'home')),
  port: 0,
  // The rounds of the arena would be counted too.
  env: { ARENA_ROUNDS_PER_DAY: '0', ...env },
  log: (line) => process.stderr.write(`${line}\n`),
  build: () => buildBehind(join(import.meta.dirname, MAIN), join(folder, 'bundle')),
});
process.on('disconnect', () => process.exit(0));
process.send?.(dev);
