/**
 * Reads Python values as data, with the semantics of `ast.literal_eval`: nothing is ever evaluated. What differs from
 * CPython is refused here, never read as something else: characters by name, surrogate pairs written as two escapes,
 * ints beyond 4,300 digits in hexadecimal, and texts beyond the limits.
 */
import { VALUE_MAX_CHARS } from '../limits.ts';
import { LiteralProblem, type Read, reading } from './literal-problem.ts';
import { PythonReader } from './python-reader.ts';
import { tokenize } from './python-tokens.ts';
import type { PythonValue } from './python-value.ts';

/** One literal, as `ast.literal_eval(text)` reads it. */
export function readPython(text: string): Read<PythonValue> {
  return reading(() => readerOf(text.replace(/^[ \t]+/, ''), 'literal').whole());
}

/** What {@link canonicalPython} wrote: literals, and what `repr` writes beside them (inf, nan, frozenset, Counter…). */
export function readPythonOutput(text: string): Read<PythonValue> {
  return reading(() => readerOf(text, 'output').whole());
}

/**
 * An argument list as it stands between the brackets of a call: `3, 'a'`. Empty for a call without arguments. A text
 * that closes the bracket, names a keyword or unpacks something is no list of literals, so nothing can be smuggled in.
 */
export function readPythonArguments(text: string): Read<readonly PythonValue[]> {
  // The line break is where a comment at the end of the text stops.
  return reading(() => readerOf(`(${text}\n)`, 'literal').argumentList());
}

function readerOf(text: string, dialect: 'literal' | 'output'): PythonReader {
  if (text.length > VALUE_MAX_CHARS) throw new LiteralProblem('too long', VALUE_MAX_CHARS);
  if (text.includes('\0')) throw new LiteralProblem('a null character', text.indexOf('\0'));
  if (!text.isWellFormed()) throw new LiteralProblem('half a surrogate pair', 0);
  // CPython reads every line end as one line feed, inside strings as well.
  return new PythonReader(tokenize(text.replace(/\r\n?/g, '\n')), dialect);
}
