/**
 * Values as they leave a guest: plain data in which every type is told apart, as JSON text. What two runs gave is compared
 * here, outside of every guest, where no `__eq__` and no rewritten builtin has a say. A guest may write what it likes
 * into its own value; that is the same as returning it.
 *
 * JSON's own null, booleans, strings and arrays are None, booleans, strings and lists; all else is an object with one
 * key: `i` integer, `f` float, `c` complex (decimal text), `b` bytes (hex), `t` tuple, `s` set, `z` frozenset, `d` dict
 * (pairs), `q` deque, `e` Ellipsis, and `o`, a dict of a class of Python's collections: `[class, pairs]`.
 */
import * as z from 'zod';
import { SANDBOX_MAX_VALUE_CHARS, SANDBOX_MAX_VALUE_DEPTH, VALUE_MAX_INT_DIGITS } from '../limits.ts';

/** Dicts that know more than a dict does, and are equal to one with the same entries. */
export const DICT_CLASSES = ['Counter', 'OrderedDict', 'defaultdict'] as const;

type Pairs = readonly (readonly [Value, Value])[];

export type Value =
  | { readonly type: 'none' | 'ellipsis' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'complex'; readonly value: readonly [number, number] }
  | { readonly type: 'str'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: string }
  | { readonly type: 'list' | 'tuple' | 'set' | 'frozenset' | 'deque'; readonly value: readonly Value[] }
  | { readonly type: 'dict'; readonly class?: (typeof DICT_CLASSES)[number]; readonly value: Pairs };

/** The text is no value; the message says why, in words for the guest's author. */
export class NotAValue extends Error {
  override readonly name = 'NotAValue';
}

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

/** Reads what a guest wrote. @throws NotAValue */
export function parseValue(text: string): Value {
  if (text.length > SANDBOX_MAX_VALUE_CHARS)
    throw new NotAValue(`a value of ${text.length} characters; at most ${SANDBOX_MAX_VALUE_CHARS} are taken`);
  refuseDepth(text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new NotAValue('not JSON', { cause: error });
  }
  return read(json);
}

/** JSON.parse goes as deep as its text and would overflow the host's stack. Twice the depth, as a tag is a level too. */
function refuseDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    // An entry of a dict is three levels: its tag, the list of pairs, the pair.
    if (depth > 3 * SANDBOX_MAX_VALUE_DEPTH) throw tooDeep();
  }
}

function tooDeep(): NotAValue {
  return new NotAValue(`a value nested deeper than ${SANDBOX_MAX_VALUE_DEPTH}`);
}

function read(json: unknown): Value {
  if (json === null) return { type: 'none' };
  if (typeof json === 'boolean') return { type: 'bool', value: json };
  if (typeof json === 'string') return { type: 'str', value: json };
  if (Array.isArray(json)) return { type: 'list', value: json.map(read) };
  const parsed = tagged.safeParse(json);
  if (!parsed.success) throw new NotAValue('JSON that is no value');
  const found = parsed.data;
  if ('i' in found) return { type: 'int', value: BigInt(found.i) };
  if ('f' in found) return { type: 'float', value: readFloat(found.f) };
  if ('c' in found) return { type: 'complex', value: [readFloat(found.c[0]), readFloat(found.c[1])] };
  if ('b' in found) return { type: 'bytes', value: found.b };
  if ('t' in found) return { type: 'tuple', value: found.t.map(read) };
  if ('s' in found) return { type: 'set', value: found.s.map(read) };
  if ('z' in found) return { type: 'frozenset', value: found.z.map(read) };
  if ('q' in found) return { type: 'deque', value: found.q.map(read) };
  if ('d' in found) return { type: 'dict', value: readPairs(found.d) };
  if ('o' in found) return { type: 'dict', class: found.o[0], value: readPairs(found.o[1]) };
  return { type: 'ellipsis' };
}

function readPairs(found: readonly (readonly [unknown, unknown])[]): Pairs {
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
 * types, and different texts another one. Hashes of inputs and outputs are hashes of this.
 */
export function canonical(value: Value): string {
  return JSON.stringify(plain(value, ordered));
}

/** A text of a value that keeps the order of its entries, as a program sees them and a person reads them. */
export function unsorted(value: Value): string {
  return JSON.stringify(plain(value, (entries) => entries));
}

/** Both texts of a value, the second only where it is another. */
export function bothTexts(value: Value): { readonly value: string; readonly shown?: string } {
  const [sorted, shown] = [canonical(value), unsorted(value)];
  return sorted === shown ? { value: sorted } : { value: sorted, shown };
}

function plain(value: Value, order: (entries: readonly unknown[]) => readonly unknown[]): unknown {
  const inner = (held: Value) => plain(held, order);
  switch (value.type) {
    case 'none':
      return null;
    case 'ellipsis':
      return { e: 0 };
    case 'bool':
    case 'str':
      return value.value;
    case 'int':
      return { i: String(value.value) };
    case 'float':
      return { f: writeFloat(value.value) };
    case 'complex':
      return { c: value.value.map(writeFloat) };
    case 'bytes':
      return { b: value.value };
    case 'list':
      return value.value.map(inner);
    case 'tuple':
      return { t: value.value.map(inner) };
    case 'deque':
      return { q: value.value.map(inner) };
    case 'set':
      return { s: order(value.value.map(inner)) };
    case 'frozenset':
      return { z: order(value.value.map(inner)) };
    case 'dict': {
      const entries = order(value.value.map(([key, held]) => [inner(key), inner(held)]));
      return value.class === undefined ? { d: entries } : { o: [value.class, entries] };
    }
  }
}

function ordered(entries: readonly unknown[]): unknown[] {
  const texts = entries.map((entry) => ({ entry, text: JSON.stringify(entry) }));
  return texts.sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text))).map(({ entry }) => entry);
}

/** Same value, and same type at every place: 1, 1.0 and True are three values. */
export function sameValue(a: Value, b: Value): boolean {
  return canonical(a) === canonical(b);
}
