/**
 * Which modules a proposed program names. This keeps useless tasks out (those whose answer is chance or a hash); it is no
 * protection: that is the sandbox's, which has nothing to import these from.
 */
import type { Language } from '../checks/executor.ts';

const IMPORT = /(?:^|[;:])[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([^\n;#]+)|import[ \t]+([^\n;#]+))/gm;

/** The first banned module in an import, or null. `__import__` counts as one, as there is no telling what it imports. */
export function bannedImport(program: string, language: Language, banned: readonly string[]): string | null {
  if (language === 'javascript') return /\b(?:import|require)\b/.exec(program)?.[0] ?? null;
  if (/\b__import__\b/.test(program)) return '__import__';
  for (const [, from = '', names = '', modules = ''] of program.matchAll(IMPORT)) {
    const parts = `${from},${names},${modules}`
      .replace(/\bas[ \t]+\w+/g, '')
      .split(/[\s.,()]+/)
      .filter((part) => part !== '');
    const found = parts.find((part) => banned.includes(part));
    if (found !== undefined) return found;
  }
  return null;
}
