/**
 * Programs that differ only in what nobody has to think about, made the same: comments, white space within lines, and
 * the names of the parameters of `f`. It works on text, so it misses some twins; it never takes two programs that
 * do different things for one.
 */
import type { Language } from '../checks/executor.ts';

const STRING = String.raw`"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`;
const TOKENS: Readonly<Record<Language, RegExp>> = {
  python: new RegExp(`(${STRING})|#[^\\n]*|(\\.?\\b[A-Za-z_]\\w*)|([ \\t]+)|([\\s\\S])`, 'g'),
  javascript: new RegExp(
    `(\`(?:[^\`\\\\]|\\\\.)*\`|${STRING})|//[^\\n]*|/\\*[\\s\\S]*?\\*/|(\\.?[A-Za-z_$][\\w$]*)|([ \\t]+)|([\\s\\S])`,
    'g',
  ),
};
const PARAMETERS: Readonly<Record<Language, RegExp>> = {
  python: /\bdef\s+f\s*\(([^()]*)\)/,
  javascript: /\bfunction\s+f\s*\(([^()]*)\)/,
};
/** Where a name may be meant without standing alone: texts with names in them, and what looks names up. */
const BY_NAME = /\b[fF][rR]?["']|\b[rR][fF]["']|`|\b(?:locals|globals|vars|eval|exec|arguments)\b/;

export function normalizedProgram(program: string, language: Language): string {
  const names = namesOf(program, language);
  const renamed = program.replace(
    TOKENS[language],
    (_, string?: string, name?: string, space?: string, other?: string) => {
      if (string !== undefined) return string;
      if (name !== undefined) return names.get(name) ?? name;
      if (space !== undefined) return space;
      return other ?? '';
    },
  );
  return renamed
    .split('\n')
    .map((line) => {
      // The indentation means something in Python; white space behind it does not, unless a string spans it.
      const [indent = ''] = /^[ \t]*/.exec(line) ?? [];
      const rest = line.slice(indent.length).trimEnd();
      return (
        (language === 'python' ? indent : '') + (/["'`]/.test(rest) ? rest : rest.replace(/[ \t]+/g, ' '))
      );
    })
    .filter((line) => line.trim() !== '')
    .join('\n');
}

/** New names for the parameters; none where a name could mean more than the parameter, as in a keyword argument. */
function namesOf(program: string, language: Language): ReadonlyMap<string, string> {
  const [, list] = PARAMETERS[language].exec(program) ?? [];
  if (list === undefined || BY_NAME.test(program)) return new Map();
  const names = list.split(',').map((part) => part.trim());
  if (!names.every((name) => /^[A-Za-z_]\w*$/.test(name))) return new Map();
  if (names.some((name) => new RegExp(String.raw`\b${name}\s*[=:](?!=)`).test(program))) return new Map();
  return new Map(names.map((name, i) => [name, `\u00b7${i}`]));
}
