/** Scripts by which shells complete commands and flags, made from the commands themselves. */
import type { CommandSpec, FlagSpec } from './spec.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completions(shell: Shell, commands: readonly CommandSpec[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      // zsh reads bash's completions, which keeps the two from drifting apart.
      return `#compdef errand\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case 'fish':
      return fish(commands);
  }
}

/** First words, and the second words of those that have them. */
function words(commands: readonly CommandSpec[]): { first: string[]; second: Map<string, string[]> } {
  const second = new Map<string, string[]>();
  for (const { name } of commands) {
    const [group = '', verb] = name.split(' ');
    second.set(group, [...(second.get(group) ?? []), ...(verb === undefined ? [] : [verb])]);
  }
  return { first: [...second.keys(), 'help'], second };
}

function flagWords({ flags }: CommandSpec): string {
  return ['help', ...Object.keys(flags)].map((name) => `--${name}`).join(' ');
}

function bash(commands: readonly CommandSpec[]): string {
  const { first, second } = words(commands);
  const verbs = [...second].filter(([, list]) => list.length > 0);
  const cases = commands.map((command) => {
    const values = Object.entries(command.flags).flatMap(([name, flag]) => valueCase(name, flag));
    return `    '${command.name}')
      case "$previous" in
${values.join('\n')}
      esac
      words='${flagWords(command)}' ;;`;
  });
  return `# errand completions bash >> ~/.bash_completion
_errand() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  local name="\${COMP_WORDS[1]}"
  case "$name" in
    ${verbs.map(([group]) => group).join('|')}) name="$name \${COMP_WORDS[2]}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W '${first.join(' ')}' -- "$current")); return; fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${verbs.map(([group, list]) => `      ${group}) COMPREPLY=($(compgen -W '${list.join(' ')}' -- "$current")); return ;;`).join('\n')}
      help) COMPREPLY=($(compgen -W '${first.join(' ')}' -- "$current")); return ;;
    esac
  fi
  case "$name" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _errand errand
`;
}

function valueCase(name: string, { value, choices, file }: FlagSpec): string[] {
  if (value === undefined) return [];
  const list =
    choices !== undefined
      ? `$(compgen -W '${choices.join(' ')}' -- "$current")`
      : file === true
        ? '$(compgen -f -- "$current")'
        : '';
  return [`        --${name}) COMPREPLY=(${list}); return ;;`];
}

function fish(commands: readonly CommandSpec[]): string {
  const quote = (text: string) => `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;
  const { second } = words(commands);
  const lines = ['complete -c errand -f'];
  const seen = new Set<string>();
  for (const { name, summary, flags } of commands) {
    const [group = '', verb] = name.split(' ');
    if (!seen.has(group)) {
      seen.add(group);
      const what = verb === undefined ? summary : (second.get(group) ?? []).join(', ');
      lines.push(`complete -c errand -n __fish_use_subcommand -a ${group} -d ${quote(what)}`);
    }
    const here = `__fish_seen_subcommand_from ${group}`;
    if (verb !== undefined)
      lines.push(
        `complete -c errand -n '${here}; and not __fish_seen_subcommand_from ${(second.get(group) ?? []).join(' ')}' -a ${verb} -d ${quote(summary)}`,
      );
    const when = verb === undefined ? here : `${here}; and __fish_seen_subcommand_from ${verb}`;
    for (const [flag, { value, about, choices, file }] of Object.entries(flags)) {
      const argument =
        value === undefined ? '' : ` -r${choices === undefined ? '' : ` -a ${quote(choices.join(' '))}`}`;
      lines.push(
        `complete -c errand -n '${when}' -l ${flag}${argument}${file === true ? ' -F' : ''} -d ${quote(about)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
