/** JSON values as Python's `json.loads` gives them, but for a whole number, which is an int however it was written. */
import type { Json } from '../errors.ts';
import type { PythonValue } from './python-value.ts';

export function pythonFromJson(value: Json): PythonValue {
  if (value === null) return { type: 'none' };
  switch (typeof value) {
    case 'boolean':
      return { type: 'bool', value };
    case 'string':
      return { type: 'str', value };
    case 'number':
      return Number.isInteger(value) ? { type: 'int', value: BigInt(value) } : { type: 'float', value };
    default:
      return isList(value)
        ? { type: 'list', items: value.map(pythonFromJson) }
        : {
            type: 'dict',
            entries: Object.entries(value).map(([name, member]) => [
              { type: 'str', value: name },
              pythonFromJson(member),
            ]),
          };
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
