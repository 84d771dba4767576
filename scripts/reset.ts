/** `npm run reset`: forgets everything the local marketplace has stored, its development keys included. */
import { rmSync } from 'node:fs';
import { fail, readOptions } from './local/options.ts';
import { DEFAULT_HOME, HomeInUse, HomeUnusable, holdHome, homeAt } from './local/state.ts';

const options = readOptions(
  { options: { 'persist-to': { type: 'string', default: DEFAULT_HOME } } },
  'npm run reset -- [--persist-to .errand]\n',
);
if (options !== undefined) reset(options.values['persist-to']);

function reset(path: string): void {
  const home = homeAt(path);
  try {
    const letGo = holdHome(home);
    for (const file of [home.state, home.dev, home.keys]) rmSync(file, { recursive: true, force: true });
    letGo();
    rmSync(home.lock, { force: true });
    process.stdout.write(`Forgot everything in ${home.path}.\n`);
  } catch (error) {
    if (!(error instanceof HomeInUse || error instanceof HomeUnusable)) throw error;
    fail(error.message);
  }
}
