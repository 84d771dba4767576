/** Between a guest's values and the notations of checks: Python literals, JSON. Null where the other side has no such value. */
import type { Json } from '../errors.ts';
import { fromHex, toHex } from '../nostr/hex.ts';
import type { PythonValue } from '../values/python-value.ts';
import type { Value } from './value.ts';

export function valueOfPython(value: PythonValue): Value {
  switch (value.type) {
    case 'complex':
      return { type: 'complex', value: [value.real, value.imag] };
    case 'bytes':
      return { type: 'bytes', value: toHex(value.value) };
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return { type: value.type, value: value.items.map(valueOfPython) };
    case 'dict':
      return { type: 'dict', value: value.entries.map(([k, v]) => [valueOfPython(k), valueOfPython(v)]) };
    default:
      return value;
  }
}

/** A dict of a class of `collections` equals the plain one with its entries, and is told as that. A deque equals no literal. */
export function pythonOfValue(value: Value): PythonValue | null {
  switch (value.type) {
    case 'complex':
      return { type: 'complex', real: value.value[0], imag: value.value[1] };
    case 'bytes':
      return { type: 'bytes', value: fromHex(value.value) };
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset': {
      const items = all(value.value, pythonOfValue);
      return items && { type: value.type, items };
    }
    case 'dict': {
      const entries = all(value.value, ([key, member]) => {
        const read = all([key, member], pythonOfValue);
        const [k, v] = read ?? [];
        return k === undefined || v === undefined ? null : ([k, v] as const);
      });
      return entries && { type: 'dict', entries };
    }
    case 'deque':
      return null;
    default:
      return value;
  }
}

/** Numbers are doubles here, as they are in JavaScript. */
export function valueOfJson(value: Json): Value {
  if (value === null) return { type: 'none' };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: 'float', value };
  if (typeof value === 'string') return { type: 'str', value };
  if (isList(value)) return { type: 'list', value: value.map(valueOfJson) };
  return {
    type: 'dict',
    value: Object.entries(value).map(([k, v]) => [{ type: 'str', value: k }, valueOfJson(v)]),
  };
}

/** A bigint, NaN, an infinity and -0 have no JSON that reads back as them. */
export function jsonOfValue(value: Value): Json | undefined {
  switch (value.type) {
    case 'none':
      return null;
    case 'bool':
    case 'str':
      return value.value;
    case 'float':
      return Number.isFinite(value.value) && !Object.is(value.value, -0) ? value.value : undefined;
    case 'list': {
      const items = value.value.map(jsonOfValue);
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'dict': {
      const members: [string, Json][] = [];
      for (const [key, member] of value.value) {
        const found = jsonOfValue(member);
        if (key.type !== 'str' || found === undefined) return undefined;
        members.push([key.value, found]);
      }
      return Object.fromEntries(members);
    }
    default:
      return undefined;
  }
}

function all<A, B>(items: readonly A[], change: (item: A) => B | null): readonly B[] | null {
  const changed: B[] = [];
  for (const item of items) {
    const found = change(item);
    if (found === null) return null;
    changed.push(found);
  }
  return changed;
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
