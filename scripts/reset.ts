/** `npm run reset`: forgets everything the local marketplace has stored, its development keys included. */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULT_HOME, HomeInUse, holdHome, homeAt } from './local/state.ts';

const { values } = parseArgs({ options: { 'persist-to': { type: 'string', default: DEFAULT_HOME } } });
const home = homeAt(values['persist-to']);
try {
  const letGo = holdHome(home);
  for (const path of [home.state, home.dev, home.keys]) rmSync(path, { recursive: true, force: true });
  letGo();
  rmSync(home.lock, { force: true });
  process.stdout.write(`Forgot everything in ${home.path}.\n`);
} catch (error) {
  if (!(error instanceof HomeInUse)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
