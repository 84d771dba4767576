/** JSON as the values of JavaScript programs: one spelling per value, and nothing that JSON text cannot carry back. */
import type { Json } from '../errors.ts';
import { VALUE_MAX_CHARS, VALUE_MAX_NESTING } from '../limits.ts';
import { canonicalJson } from './canonical-json.ts';
import { LiteralProblem, type Read, reading } from './literal-problem.ts';
import { jsonNesting } from './nesting.ts';

/**
 * Numbers are doubles, as JavaScript reads them. -0 is refused, because its text reads back as another value, and so
 * is what overflows to infinity.
 */
export function readJson(text: string): Read<Json> {
  return reading(() => {
    if (text.length > VALUE_MAX_CHARS) throw new LiteralProblem('too long', VALUE_MAX_CHARS);
    // The engine's own parser overflows its stack on deep texts.
    if (jsonNesting(text) > VALUE_MAX_NESTING) throw new LiteralProblem('too many nested brackets', 0);
    return plain(parsed(text));
  });
}

/** An argument list: a JSON array. */
export function readJsonArguments(text: string): Read<readonly Json[]> {
  const read = readJson(text);
  if (!read.ok) return read;
  return isArray(read.value)
    ? { ok: true, value: read.value }
    : { ok: false, problem: 'arguments are a JSON array', at: 0 };
}

/** Deep equality: true and 1 are two values, the order of members is none. */
export function sameJson(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LiteralProblem('not JSON', 0);
  }
}

function plain(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Object.is(value, -0)) throw new LiteralProblem('negative zero has no JSON of its own', 0);
    if (!Number.isFinite(value)) throw new LiteralProblem('a number beyond a double', 0);
    return value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
  }
  throw new LiteralProblem('not JSON', 0);
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
