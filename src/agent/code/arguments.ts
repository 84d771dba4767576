/** Arguments that were read as data, as the sandbox takes them: each a text of its own, in the order it was written in. */
import type { Json } from '../../errors.ts';
import { toHex } from '../../nostr/hex.ts';
import { unsorted, type Value } from '../../sandbox/value.ts';
import type { PythonValue } from '../../values/python-value.ts';

export function argumentsOfPython(values: readonly PythonValue[]): readonly string[] {
  return values.map((value) => unsorted(ofPython(value)));
}

export function argumentsOfJson(values: readonly Json[]): readonly string[] {
  return values.map((value) => unsorted(ofJson(value)));
}

function ofPython(value: PythonValue): Value {
  switch (value.type) {
    case 'none':
    case 'ellipsis':
    case 'bool':
    case 'int':
    case 'float':
    case 'str':
      return value;
    case 'complex':
      return { type: 'complex', value: [value.real, value.imag] };
    case 'bytes':
      return { type: 'bytes', value: toHex(value.value) };
    case 'dict':
      return { type: 'dict', value: value.entries.map(([key, held]) => [ofPython(key), ofPython(held)]) };
    default:
      return { type: value.type, value: value.items.map(ofPython) };
  }
}

function ofJson(value: Json): Value {
  if (value === null) return { type: 'none' };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'string') return { type: 'str', value };
  if (typeof value === 'number') return { type: 'float', value };
  if (isList(value)) return { type: 'list', value: value.map(ofJson) };
  return {
    type: 'dict',
    value: Object.entries(value).map(([key, held]) => [{ type: 'str', value: key }, ofJson(held)]),
  };
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
