/** Sets and dicts as Python builds them: of keys that are equal, the first is kept. */
import { LiteralProblem } from './literal-problem.ts';
import { equalityKey, isHashable } from './python-equality.ts';
import type { PythonValue } from './python-value.ts';

/** @throws LiteralProblem for an element that cannot be hashed */
export function setOf(items: readonly PythonValue[], at: number): PythonValue {
  const kept = new Map<string, PythonValue>();
  for (const item of items) {
    const key = keyOf(item, kept.size, at);
    if (!kept.has(key)) kept.set(key, item);
  }
  return { type: 'set', items: [...kept.values()] };
}

/** A later value replaces an earlier one, at the place and under the key of the first. */
export function dictOf(entries: readonly (readonly [PythonValue, PythonValue])[], at: number): PythonValue {
  const kept = new Map<string, readonly [PythonValue, PythonValue]>();
  for (const [name, value] of entries) {
    const key = keyOf(name, kept.size, at);
    kept.set(key, [kept.get(key)?.[0] ?? name, value]);
  }
  return { type: 'dict', entries: [...kept.values()] };
}

/** A NaN is equal to no other, so that each has its own key. */
function keyOf(value: PythonValue, size: number, at: number): string {
  if (!isHashable(value)) throw new LiteralProblem(`a ${value.type} cannot be a key`, at);
  return equalityKey(value) ?? `nan${size}`;
}
