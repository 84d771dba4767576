/**
 * Values as JSON in which every type is told apart: how they cross the border of a sandbox. What a guest wrote is read
 * and compared outside of it, where no `__eq__` and no rewritten builtin has a say. A guest may write what it likes into
 * its own value; that is the same as returning it.
 *
 * JSON's own null, booleans, strings and arrays are None, booleans, strings and lists; all else is an object with one
 * key: `i` integer, `f` float, `c` complex (decimal text), `b` bytes (hex), `t` tuple, `s` set, `z` frozenset, `d` dict
 * (pairs), `q` deque, `e` Ellipsis, and `o`, a dict of a class of Python's collections: `[class, pairs]`.
 */
import * as z from 'zod';
import { VALUE_MAX_CHARS, VALUE_MAX_INT_DIGITS, VALUE_MAX_NESTING } from '../limits.ts';
import { LiteralProblem, type Read, reading } from './literal-problem.ts';
import { jsonNesting } from './nesting.ts';
import { DICT_CLASSES, type DictEntry, type PythonValue } from './python-value.ts';

/** An entry of a dict is three levels of JSON: its tag, the list of pairs, the pair. */
const LEVELS = 3;

const decimal = z
  .string()
  .regex(/^-?\d+$/)
  .max(VALUE_MAX_INT_DIGITS + 1);
const float = z.string().regex(/^(nan|-?inf|-?\d+(\.\d+)?(e[-+]?\d+)?)$/);
const items = z.array(z.unknown());
const pairs = z.array(z.tuple([z.unknown(), z.unknown()]));

const tagged = z.union([
  z.strictObject({ i: decimal }),
  z.strictObject({ f: float }),
  z.strictObject({ c: z.tuple([float, float]) }),
  z.strictObject({ b: z.string().regex(/^([0-9a-f]{2})*$/) }),
  z.strictObject({ t: items }),
  z.strictObject({ s: items }),
  z.strictObject({ z: items }),
  z.strictObject({ q: items }),
  z.strictObject({ d: pairs }),
  z.strictObject({ o: z.tuple([z.enum(DICT_CLASSES), pairs]) }),
  z.strictObject({ e: z.literal(0) }),
]);

/** Reads what a guest wrote. Sets and dicts come as they were written: Python has already made their keys unique. */
export function readTypedJson(text: string): Read<PythonValue> {
  return reading(() => {
    if (text.length > VALUE_MAX_CHARS)
      throw new LiteralProblem(
        `a value of ${text.length} characters; at most ${VALUE_MAX_CHARS} are taken`,
        0,
      );
    if (jsonNesting(text) > LEVELS * VALUE_MAX_NESTING)
      throw new LiteralProblem(`a value nested deeper than ${VALUE_MAX_NESTING}`, 0);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new LiteralProblem('not JSON', 0);
    }
    return read(json);
  });
}

function read(json: unknown): PythonValue {
  if (json === null) return { type: 'none' };
  if (typeof json === 'boolean') return { type: 'bool', value: json };
  if (typeof json === 'string') return { type: 'str', value: json };
  if (Array.isArray(json)) return { type: 'list', items: json.map(read) };
  const parsed = tagged.safeParse(json);
  if (!parsed.success) throw new LiteralProblem('JSON that is no value', 0);
  const found = parsed.data;
  if ('i' in found) return { type: 'int', value: BigInt(found.i) };
  if ('f' in found) return { type: 'float', value: readFloat(found.f) };
  if ('c' in found) return { type: 'complex', real: readFloat(found.c[0]), imag: readFloat(found.c[1]) };
  if ('b' in found)
    return {
      type: 'bytes',
      value: Uint8Array.from(found.b.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)),
    };
  if ('t' in found) return { type: 'tuple', items: found.t.map(read) };
  if ('s' in found) return { type: 'set', items: found.s.map(read) };
  if ('z' in found) return { type: 'frozenset', items: found.z.map(read) };
  if ('q' in found) return { type: 'deque', items: found.q.map(read) };
  if ('d' in found) return { type: 'dict', entries: readPairs(found.d) };
  if ('o' in found) return { type: 'dict', class: found.o[0], entries: readPairs(found.o[1]) };
  return { type: 'ellipsis' };
}

function readPairs(found: readonly (readonly [unknown, unknown])[]): readonly DictEntry[] {
  return found.map(([key, value]) => [read(key), read(value)]);
}

function readFloat(text: string): number {
  if (text === 'nan') return Number.NaN;
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * The one text of a value: sets and dicts in order of their text, so that equal texts mean the same value of the same
 * types, and different texts another one. An OrderedDict keeps its order. Hashes of a run's input and output are hashes
 * of this.
 */
export function typedJson(value: PythonValue): string {
  return written(value, ordered);
}

/** A text of a value that keeps the order of its entries, as a program sees them and a person reads them. */
export function unsortedTypedJson(value: PythonValue): string {
  return written(value, (texts) => texts);
}

/** Both texts of a value, the second only where it is another. */
export function bothTexts(value: PythonValue): { readonly value: string; readonly shown?: string } {
  const [sorted, shown] = [typedJson(value), unsortedTypedJson(value)];
  return sorted === shown ? { value: sorted } : { value: sorted, shown };
}

type Order = (texts: readonly string[]) => readonly string[];

function written(value: PythonValue, order: Order): string {
  const all = (items: readonly PythonValue[]): string[] => items.map((item) => written(item, order));
  switch (value.type) {
    case 'none':
      return 'null';
    case 'ellipsis':
      return '{"e":0}';
    case 'bool':
    case 'str':
      return JSON.stringify(value.value);
    case 'int':
      return `{"i":"${value.value}"}`;
    case 'float':
      return `{"f":"${writeFloat(value.value)}"}`;
    case 'complex':
      return `{"c":["${writeFloat(value.real)}","${writeFloat(value.imag)}"]}`;
    case 'bytes':
      return `{"b":"${Array.from(value.value, (octet) => octet.toString(16).padStart(2, '0')).join('')}"}`;
    case 'list':
      return `[${all(value.items).join(',')}]`;
    case 'tuple':
      return `{"t":[${all(value.items).join(',')}]}`;
    case 'deque':
      return `{"q":[${all(value.items).join(',')}]}`;
    case 'set':
      return `{"s":[${order(all(value.items)).join(',')}]}`;
    case 'frozenset':
      return `{"z":[${order(all(value.items)).join(',')}]}`;
    case 'dict': {
      const entries = value.entries.map(([key, held]) => `[${all([key, held]).join(',')}]`);
      const pairs = `[${(value.class === 'OrderedDict' ? entries : order(entries)).join(',')}]`;
      return value.class === undefined ? `{"d":${pairs}}` : `{"o":["${value.class}",${pairs}]}`;
    }
  }
}

/** By UTF-16 units, on every machine the same. */
function ordered(texts: readonly string[]): readonly string[] {
  return texts.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
}
