/**
 * Strings and bytes as Python writes them (Python reference §2.4.1). Two things are refused that CPython takes:
 * `\N{name}`, which needs the names of Unicode, and a pair of surrogates written as two escapes, which a JavaScript
 * string cannot tell from the character they would make.
 */
import { LiteralProblem } from './literal-problem.ts';

export interface ScannedString {
  readonly kind: 'str' | 'bytes';
  /** Code points of a string, octets of bytes. */
  readonly units: readonly number[];
  readonly end: number;
}

const OPENING = /([A-Za-z]*)('''|"""|'|")/y;

/** The string that begins at `at` with its prefix, or null where none begins. */
export function scanString(text: string, at: number): ScannedString | null {
  OPENING.lastIndex = at;
  const [opening, prefix = '', quote = ''] = OPENING.exec(text) ?? [];
  if (opening === undefined) return null;
  const kind = prefix.toLowerCase();
  if (!['', 'u', 'r', 'b', 'br', 'rb'].includes(kind)) throw new LiteralProblem(`prefix ${prefix}`, at);
  const start = at + opening.length;
  const close = closing(text, start, quote);
  const bytes = kind.includes('b');
  const units = unitsOf(text.slice(start, close), { bytes, raw: kind.includes('r'), at: start });
  return { kind: bytes ? 'bytes' : 'str', units, end: close + quote.length };
}

/** A text of code points. */
export function stringOf(units: readonly number[], at: number): string {
  const pair = units.some((unit, i) => isHigh(unit) && isLow(units[i + 1]));
  if (pair) throw new LiteralProblem('a pair of surrogates written as two escapes', at);
  let text = '';
  for (const unit of units) text += String.fromCodePoint(unit);
  return text;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number | undefined): boolean => unit !== undefined && unit >= 0xdc00 && unit <= 0xdfff;

/** Where the closing quote stands. A backslash keeps whatever follows it from closing, in raw strings as well. */
function closing(text: string, start: number, quote: string): number {
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text.startsWith(quote, i)) return i;
    else if (text[i] === '\n' && quote.length === 1) break;
  }
  throw new LiteralProblem('unterminated string', start);
}

interface Form {
  readonly bytes: boolean;
  readonly raw: boolean;
  /** Where the body begins, for the message. */
  readonly at: number;
}

function unitsOf(body: string, form: Form): number[] {
  const units: number[] = [];
  for (let i = 0; i < body.length; ) {
    const unit = body.codePointAt(i) ?? 0;
    if (unit === 0x5c && !form.raw) {
      const { found, length } = escapeAt(body, i, form);
      units.push(...found);
      i += length;
      continue;
    }
    if (form.bytes && unit > 0x7f) throw new LiteralProblem('bytes hold ASCII only', form.at + i);
    units.push(unit);
    i += unit > 0xffff ? 2 : 1;
  }
  return units;
}

const SIMPLE: Readonly<Record<string, readonly number[]>> = {
  '\n': [],
  '\\': [0x5c],
  "'": [0x27],
  '"': [0x22],
  a: [7],
  b: [8],
  f: [12],
  n: [10],
  r: [13],
  t: [9],
  v: [11],
};
const OCTAL = /[0-7]{1,3}/y;
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** The escape at `i`; one that means nothing stays as it is written. */
function escapeAt(body: string, i: number, form: Form): { found: readonly number[]; length: number } {
  const letter = body.charAt(i + 1);
  const simple = Object.hasOwn(SIMPLE, letter) ? SIMPLE[letter] : undefined;
  if (simple !== undefined) return { found: simple, length: 2 };
  OCTAL.lastIndex = i + 1;
  const [octal] = OCTAL.exec(body) ?? [];
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    return { found: [form.bytes ? value & 0xff : value], length: 1 + octal.length };
  }
  if (letter === 'N' && !form.bytes)
    throw new LiteralProblem('characters by name are not known', form.at + i);
  const digits = form.bytes && letter !== 'x' ? undefined : HEX_DIGITS[letter];
  if (digits === undefined) return { found: [0x5c], length: 1 };
  const written = body.slice(i + 2, i + 2 + digits);
  const value = /^[0-9a-fA-F]+$/.test(written) ? Number.parseInt(written, 16) : -1;
  if (written.length < digits || value < 0 || value > 0x10ffff) {
    throw new LiteralProblem(`malformed \\${letter} escape`, form.at + i);
  }
  return { found: [value], length: 2 + digits };
}
