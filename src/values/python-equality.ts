/**
 * When two Python values are the same. There are two answers, and which one is asked for is always said:
 * {@link sameAsPython} is `==` (1, 1.0 and True are equal; what Absolute Zero Reasoner compares by), {@link sameTyped}
 * also asks for the same types. Neither runs anything of the values: no `__eq__` has a say.
 */
import { canonicalPython } from './python-print.ts';
import type { PythonValue } from './python-value.ts';

/** Equal in type and value throughout; order matters in lists and tuples alone. NaN is the same as NaN, -0.0 not as 0.0. */
export function sameTyped(a: PythonValue, b: PythonValue): boolean {
  return canonicalPython(a) === canonicalPython(b);
}

/**
 * What `a == b` says in Python. NaN equals nothing. One difference: two OrderedDicts are equal here in any order, as each
 * of them is to a dict.
 */
export function sameAsPython(a: PythonValue, b: PythonValue): boolean {
  const key = equalityKey(a);
  return key !== null && key === equalityKey(b);
}

/** A text that values have in common when Python holds them for equal; null for one with a NaN in it. */
export function equalityKey(value: PythonValue): string | null {
  switch (value.type) {
    case 'none':
    case 'ellipsis':
      return value.type;
    case 'bool':
      return value.value ? 'n1' : 'n0';
    case 'int':
      return `n${value.value}`;
    case 'float':
      return realKey(value.value);
    case 'complex': {
      const [real, imag] = [realKey(value.real), realKey(value.imag)];
      if (real === null || imag === null) return null;
      return value.imag === 0 ? real : `j${real},${imag}`;
    }
    case 'str':
      return `s${JSON.stringify(value.value)}`;
    case 'bytes':
      return `b${value.value.join()}.`;
    case 'tuple':
      return joined('(', value.items.map(equalityKey), ')');
    case 'list':
      return joined('[', value.items.map(equalityKey), ']');
    case 'deque':
      return joined('q[', value.items.map(equalityKey), ']');
    case 'set':
    case 'frozenset':
      return joined('<', value.items.map(equalityKey), '>', 'sorted');
    case 'dict':
      return joined(
        '{',
        value.entries.map(([key, member]) => joined('', [equalityKey(key), equalityKey(member)], '')),
        '}',
        'sorted',
      );
  }
}

/** Whether a set or a dict may hold it as a key. */
export function isHashable(value: PythonValue): boolean {
  if (value.type === 'tuple') return value.items.every(isHashable);
  return !['list', 'deque', 'set', 'dict'].includes(value.type);
}

/** Integers of any type have one spelling; what is no integer cannot equal one. */
function realKey(value: number): string | null {
  if (Number.isNaN(value)) return null;
  return Number.isInteger(value) ? `n${BigInt(value)}` : `f${value}`;
}

function joined(
  open: string,
  keys: readonly (string | null)[],
  close: string,
  order?: 'sorted',
): string | null {
  const known: string[] = [];
  for (const key of keys) {
    if (key === null) return null;
    known.push(key);
  }
  if (order === 'sorted') known.sort();
  return `${open}${known.join(';')}${close}`;
}
