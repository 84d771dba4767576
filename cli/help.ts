/** Help, made from what a command says of itself. */
import { EXIT } from './exit.ts';
import type { CommandSpec, FlagSpecs } from './spec.ts';

const WIDTH = 100;

/** The overview. */
export function overview(commands: readonly CommandSpec[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `errand ${version}: jobs for AI agents over Nostr, paid by Lightning`,
    '',
    'Usage: errand <command> [options]',
    '',
    ...lines,
    '',
    'errand help <command> tells everything of one. errand completions bash|zsh|fish fills in the rest of a word.',
    '',
  ].join('\n');
}

/** Everything of one command. */
export function manual(command: CommandSpec): string {
  const { name, usage, about, flags, examples, codes = [], summary } = command;
  const sections = [
    section('NAME', [`errand ${name} - ${summary}`]),
    section('SYNOPSIS', [`errand ${name} [options]${usage === '' ? '' : ` ${usage}`}`]),
    section(
      'DESCRIPTION',
      about.split('\n\n').flatMap((part, at) => [...(at === 0 ? [] : ['']), ...wrap(part, WIDTH - 4)]),
    ),
    section('OPTIONS', flagLines(flags)),
    section(
      'EXAMPLES',
      examples.flatMap(([line, what], at) => [...(at === 0 ? [] : ['']), `# ${what}`, line]),
    ),
    section('EXIT CODES', codeLines(codes)),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : [title, ...lines.map((line) => (line === '' ? '' : `    ${line}`))].join('\n');
}

function flagLines(flags: FlagSpecs): string[] {
  const heads = Object.entries(flags).map(([name, { value, short, about, multiple }]) => ({
    head: `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    about: multiple === true && !about.includes('any number') ? `${about}; any number of times` : about,
  }));
  const all = [...heads, { head: '-h, --help', about: 'this text' }];
  const width = Math.max(...all.map(({ head }) => head.length)) + 2;
  return all.flatMap(({ head, about }) =>
    wrap(about, WIDTH - 4 - width).map((line, at) => `${(at === 0 ? head : '').padEnd(width)}${line}`),
  );
}

const USUAL: readonly (readonly [number, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'the job failed, or the marketplace said no'],
  [EXIT.usage, 'the command was not written as it has to be'],
  [EXIT.unreachable, 'no relay, marketplace, wallet or signer could be reached'],
  [EXIT.unpaid, 'not paid: over the cap, or refused'],
  [EXIT.timeout, 'nothing came in the time given'],
  [EXIT.interrupted, 'interrupted'],
];

function codeLines(own: readonly (readonly [number, string])[]): string[] {
  const codes = new Map([...USUAL, ...own]);
  return [...codes].map(([code, what]) => `${String(code).padEnd(5)}${what}`);
}

/** Words in lines of at most so many characters; what is indented stays as it is. */
function wrap(text: string, width: number): string[] {
  if (text.startsWith(' ')) return text.split('\n');
  const lines: string[] = [];
  let line = '';
  for (const word of text.replace(/\s+/g, ' ').split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
