/** Numbers as Python writes them (Python reference §2.4.4 to §2.4.7). */
import { VALUE_MAX_INT_DIGITS } from '../limits.ts';
import { LiteralProblem } from './literal-problem.ts';
import type { PythonNumber } from './python-value.ts';

const BASED = /0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)/y;
const DIGITS = '[0-9](?:_?[0-9])*';
const DECIMAL = new RegExp(
  String.raw`(?:${DIGITS}(?:\.(?:${DIGITS})?)?|\.${DIGITS})(?:[eE][+-]?${DIGITS})?[jJ]?`,
  'y',
);
/** Ten to the power of what CPython still prints. */
const TOO_LARGE = 10n ** BigInt(VALUE_MAX_INT_DIGITS);

export interface ScannedNumber {
  readonly value: PythonNumber;
  readonly end: number;
}

/** The number that begins at `at`, where a digit stands, or a dot and a digit. */
export function scanNumber(text: string, at: number): ScannedNumber {
  const written = match(BASED, text, at) ?? match(DECIMAL, text, at);
  const end = at + (written?.length ?? 0);
  if (written === undefined || /[\w\u0080-\uffff]/.test(text.charAt(end))) {
    throw new LiteralProblem('malformed number', at);
  }
  return { value: numberOf(written.replaceAll('_', ''), at), end };
}

function numberOf(written: string, at: number): PythonNumber {
  if (/^0[xXoObB]/.test(written)) return { type: 'int', value: checkedInt(BigInt(written), at) };
  if (/[jJ]$/.test(written)) return { type: 'complex', real: 0, imag: Number(written.slice(0, -1)) };
  if (/[.eE]/.test(written)) return { type: 'float', value: Number(written) };
  if (/^0+[1-9]/.test(written)) throw new LiteralProblem('an int has no leading zeros', at);
  if (written.length > VALUE_MAX_INT_DIGITS) throw tooManyDigits(at);
  return { type: 'int', value: BigInt(written) };
}

/** CPython reads longer ones in hexadecimal, but cannot print them: they have no `repr` to compare. */
function checkedInt(value: bigint, at: number): bigint {
  if (value >= TOO_LARGE) throw tooManyDigits(at);
  return value;
}

function tooManyDigits(at: number): LiteralProblem {
  return new LiteralProblem(`an int of more than ${VALUE_MAX_INT_DIGITS} digits`, at);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
