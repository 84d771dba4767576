/** A guest's values for people, as JSON. For Python there is `pythonRepr`. */
import { LiteralProblem, type Read, reading } from '../values/literal-problem.ts';
import type { PythonValue } from '../values/python-value.ts';

/** In the order of the value's own entries. JSON has no number for BigInt, NaN and the infinities. */
export function jsonText(value: PythonValue): Read<string> {
  return reading(() => text(value));
}

function text(value: PythonValue): string {
  switch (value.type) {
    case 'none':
      return 'null';
    case 'bool':
    case 'str':
      return JSON.stringify(value.value);
    case 'float':
      if (Number.isFinite(value.value))
        return Object.is(value.value, -0) ? '-0' : JSON.stringify(value.value);
      throw new LiteralProblem(`JSON has no number for ${value.value}`, 0);
    case 'list':
      return `[${value.items.map(text).join()}]`;
    case 'dict':
      return `{${value.entries.map(([key, held]) => `${text(key)}:${text(held)}`).join()}}`;
    case 'int':
      throw new LiteralProblem('JSON has no number for a BigInt', 0);
    default:
      throw new LiteralProblem(`JSON has no ${value.type}`, 0);
  }
}
