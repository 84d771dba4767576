/** Cuts the text of a Python literal into tokens, line structure included (Python reference §2.1). */
import { VALUE_MAX_NESTING } from '../limits.ts';
import { LiteralProblem } from './literal-problem.ts';
import { scanNumber } from './number-literal.ts';
import type { PythonNumber } from './python-value.ts';
import { scanString } from './string-literal.ts';

export type Token =
  | { readonly kind: 'mark' | 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: PythonNumber; readonly at: number }
  | { readonly kind: 'str' | 'bytes'; readonly units: readonly number[]; readonly at: number }
  | { readonly kind: 'end'; readonly at: number };

const MARK = /\.\.\.|[()[\]{},:+-]/y;
const NAME = /[A-Za-z_]\w*/y;
const SPACE = /[ \t\f]*/y;
const COMMENT = /#[^\n]*/y;

/** @param source with `\n` as its only line end */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = indentation(source, 0);
  while (at < source.length) {
    const next = skipped(source, at, depth > 0);
    if (next > at) {
      at = next;
      continue;
    }
    if (source[at] === '\n') {
      // The logical line has ended; only empty ones may follow, which need no token.
      rest(source, at);
      break;
    }
    const { token, end } = tokenAt(source, at);
    tokens.push(token);
    at = end;
    if (token.kind !== 'mark') continue;
    if ('([{'.includes(token.text)) depth += 1;
    else if (')]}'.includes(token.text)) depth -= 1;
    if (depth > VALUE_MAX_NESTING) throw new LiteralProblem('too many nested brackets', token.at);
  }
  tokens.push({ kind: 'end', at: source.length });
  return tokens;
}

/** Where the first line with something in it begins, which must not be indented. */
function indentation(source: string, from: number): number {
  let column = 0;
  for (let at = from; at < source.length; at += 1) {
    const char = source[at];
    if (char === ' ' || char === '\t') column += 1;
    else if (char === '\f' || char === '\n') column = 0;
    else if (char === '#') at = matched(COMMENT, source, at) - 1;
    else if (column > 0) throw new LiteralProblem('unexpected indent', at);
    else return at;
  }
  throw new LiteralProblem('no value', source.length);
}

/** The position after white space, comments and joined lines; the same when there is none. */
function skipped(source: string, at: number, bracketed: boolean): number {
  const spaced = matched(SPACE, source, at);
  if (spaced > at) return spaced;
  if (source[at] === '#') return matched(COMMENT, source, at);
  if (source[at] === '\n' && bracketed) return at + 1;
  if (source[at] !== '\\') return at;
  if (source[at + 1] !== '\n' || at + 2 >= source.length) throw new LiteralProblem('stray backslash', at);
  return at + 2;
}

function rest(source: string, from: number): void {
  const left = /[^ \t\f\n]/.exec(source.slice(from).replace(/#[^\n]*/g, ''));
  if (left !== null) throw new LiteralProblem('more than one value', from);
  // CPython takes white space at the very end for an indented line without a value.
  if (/\n[ \t\f]*[ \t]$/.test(source)) throw new LiteralProblem('unexpected indent', from);
}

function tokenAt(source: string, at: number): { token: Token; end: number } {
  const char = source.charAt(at);
  if (/[0-9]/.test(char) || (char === '.' && /[0-9]/.test(source.charAt(at + 1)))) {
    const { value, end } = scanNumber(source, at);
    return { token: { kind: 'number', value, at }, end };
  }
  const string = scanString(source, at);
  if (string !== null) {
    return { token: { kind: string.kind, units: string.units, at }, end: string.end };
  }
  for (const [kind, pattern] of [['mark', MARK] as const, ['name', NAME] as const]) {
    const end = matched(pattern, source, at);
    if (end > at) return { token: { kind, text: source.slice(at, end), at }, end };
  }
  throw new LiteralProblem('unexpected character', at);
}

function matched(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(source)?.[0].length ?? 0);
}
