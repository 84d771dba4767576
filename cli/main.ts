/** The command line: finds the command, reads its flags, runs it, and ends with a code a script can go by. */
import './older-node.ts';
import { VERSION } from '../src/version.ts';
import { COMMANDS } from './commands/index.ts';
import { completions, SHELLS, type Shell } from './completions.ts';
import { EXIT, endOf, UsageError } from './exit.ts';
import { nearest, parseLine } from './flags.ts';
import { manual, overview } from './help.ts';
import type { Screen } from './screen.ts';
import type { CommandSpec } from './spec.ts';
import { World } from './world.ts';

/** @param args what was typed after `errand`. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const [word, ...rest] = args;
  try {
    if (word === undefined) throw new UsageError(overview(COMMANDS, VERSION).trimEnd());
    if (word === '--version' || word === '-v') return say(`errand ${VERSION}`);
    if (['help', '--help', '-h'].includes(word)) return help(rest);
    if (word === 'completions') return say(completions(shellOf(rest), COMMANDS));
    const found = commandOf(args);
    if (found.rest.some((one) => one === '--help' || one === '-h')) return say(manual(found.command));
    return await run(found.command, found.rest);
  } catch (error) {
    return told(error, null, null);
  }
}

async function run(command: CommandSpec, rest: readonly string[]): Promise<number> {
  let world: World | null = null;
  try {
    const { flags, args } = parseLine(rest, command.flags);
    const [least, most] = command.arguments;
    if (args.length < least)
      throw new UsageError(`something is missing: errand ${command.name} ${command.usage}`);
    if (args.length > most)
      throw new UsageError(
        `${args[most]} is one too many: errand ${command.name} ${command.usage}`.trimEnd(),
      );
    world = new World(flags, process.env);
    return await command.run({ flags, args, world });
  } catch (error) {
    return told(error, command, world?.screen ?? null);
  } finally {
    await world?.close();
  }
}

/** Says what went wrong and where help is; a stack only on request. */
function told(error: unknown, command: CommandSpec | null, screen: Screen | null): number {
  const { code, message } = endOf(error);
  screen?.line({ type: 'failure', exit_code: code, message });
  if (screen !== null) screen.error(message);
  else if (message !== '') process.stderr.write(`${message}\n`);
  if (code === EXIT.usage && command !== null)
    process.stderr.write(`errand help ${command.name} says how it is done\n`);
  if (process.env.ERRAND_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return code;
}

function say(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return EXIT.done;
}

function help(words: readonly string[]): number {
  return say(words.length === 0 ? overview(COMMANDS, VERSION) : manual(commandOf(words).command));
}

function commandOf(words: readonly string[]): { command: CommandSpec; rest: readonly string[] } {
  const [first = '', second = ''] = words;
  const two = COMMANDS.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return { command: two, rest: words.slice(2) };
  const one = COMMANDS.find(({ name }) => name === first);
  if (one !== undefined) return { command: one, rest: words.slice(1) };
  const verbs = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (verbs.length > 0) throw new UsageError(`errand ${first} is one of: ${verbs.join(', ')}`);
  const near = nearest(first, [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))]);
  const hint = near === null ? 'errand help lists what there is' : `do you mean errand ${near}?`;
  throw new UsageError(`there is no command ${first}: ${hint}`);
}

function shellOf([shell]: readonly string[]): Shell {
  const known = SHELLS.find((one) => one === shell);
  if (known !== undefined) return known;
  throw new UsageError(`name your shell: errand completions ${SHELLS.join('|')}`);
}
