/** The files of the house and what they import, for the checks that keep it in order. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirname, join as joinPosix, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every file git knows, new ones included, by its path from the root. */
export function committedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const deleted = execFileSync('git', ['ls-files', '--deleted', '-z'], { cwd: ROOT, encoding: 'utf8' });
  const gone = new Set(deleted.split('\0'));
  return listed.split('\0').filter((path) => path !== '' && !gone.has(path));
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export interface Import {
  readonly from: string;
  /** Path from the root for a relative import, else the package as written. */
  readonly to: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
}

// The formatter (a check of its own) keeps every statement at the start of a line and in single quotes.
const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

/** What a source file imports, statically or not, types included. */
export function importsOf(path: string, source = readSource(path)): Import[] {
  const found = [...source.matchAll(STATEMENT)].map(([, type, to = '']) => ({
    to,
    typeOnly: type !== undefined,
  }));
  for (const [, to = ''] of source.matchAll(DYNAMIC)) found.push({ to, typeOnly: false });
  return found.map(({ to, typeOnly }) => ({
    from: path,
    to: to.startsWith('.') ? normalize(joinPosix(dirname(path), to)) : to,
    typeOnly,
  }));
}
