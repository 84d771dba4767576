/** `npm run errand -- <command>`: what an operator does with a marketplace, here or anywhere. */
import { mailDeliver } from './local/mail-deliver.ts';
import { fail } from './local/options.ts';
import type { Command } from './operator/command.ts';
import { ledgerCheck } from './operator/ledger-check.ts';
import { UNABLE } from './operator/marketplace.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  'ledger check': ledgerCheck,
  'mail deliver': mailDeliver,
};

const OVERVIEW = `npm run errand -- <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(16)} ${summary}\n`)
  .join('')}
  --help after a command shows its options.
`;

const [group = '', verb = '', ...args] = process.argv.slice(2);
const name = `${group} ${verb}`;
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command !== undefined) await command.run(args);
else if (group === '--help') process.stdout.write(OVERVIEW);
else fail(OVERVIEW.trimEnd(), UNABLE);
