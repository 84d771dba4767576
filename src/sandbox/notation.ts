/** From a guest's values to what the notations of checks can write, and from JSON to values. */
import type { Json } from '../errors.ts';
import type { PythonValue } from '../values/python-value.ts';

/**
 * The value as a literal can write it, or null where there is none. A dict of a class of `collections` equals the plain
 * one with its entries, and is told as that. A deque equals no literal.
 */
export function literalOf(value: PythonValue): PythonValue | null {
  switch (value.type) {
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset': {
      const items = all(value.items, literalOf);
      return items && { type: value.type, items };
    }
    case 'dict': {
      const entries = all(value.entries, ([key, member]) => {
        const [k, v] = [literalOf(key), literalOf(member)];
        return k === null || v === null ? null : ([k, v] as const);
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
export function valueOfJson(value: Json): PythonValue {
  if (value === null) return { type: 'none' };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: 'float', value };
  if (typeof value === 'string') return { type: 'str', value };
  if (isList(value)) return { type: 'list', items: value.map(valueOfJson) };
  return {
    type: 'dict',
    entries: Object.entries(value).map(([k, v]) => [{ type: 'str', value: k }, valueOfJson(v)]),
  };
}

/** A bigint, NaN, an infinity and -0 have no JSON that reads back as them. */
export function jsonOfValue(value: PythonValue): Json | undefined {
  switch (value.type) {
    case 'none':
      return null;
    case 'bool':
    case 'str':
      return value.value;
    case 'float':
      return Number.isFinite(value.value) && !Object.is(value.value, -0) ? value.value : undefined;
    case 'list': {
      const items = value.items.map(jsonOfValue);
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'dict': {
      const members: [string, Json][] = [];
      for (const [key, member] of value.entries) {
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
