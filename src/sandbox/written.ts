/** Values for people: as their language writes them. */
import { fromHex } from '../nostr/hex.ts';
import { pythonFloat, pythonImaginary } from '../values/python-float.ts';
import { pythonBytes, pythonString } from '../values/python-string.ts';
import { NotAValue, type Value } from './value.ts';

type Entries = Extract<Value, { readonly type: 'dict' }>['value'];

/**
 * As CPython's `repr`, in the order of the value's own entries. What did not leave the guest is not there: the factory of
 * a defaultdict is written as None, the length of a deque not at all.
 */
export function pythonText(value: Value): string {
  switch (value.type) {
    case 'none':
      return 'None';
    case 'ellipsis':
      return 'Ellipsis';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int':
      return value.value.toString();
    case 'float':
      return pythonFloat(value.value);
    case 'complex':
      return pythonImaginary(...value.value);
    case 'str':
      return pythonString(value.value, false);
    case 'bytes':
      return pythonBytes(fromHex(value.value));
    case 'tuple':
      return value.value.length === 1 ? `(${listed(value.value)},)` : `(${listed(value.value)})`;
    case 'list':
      return `[${listed(value.value)}]`;
    case 'deque':
      return `deque([${listed(value.value)}])`;
    case 'set':
      return value.value.length === 0 ? 'set()' : `{${listed(value.value)}}`;
    case 'frozenset':
      return value.value.length === 0 ? 'frozenset()' : `frozenset({${listed(value.value)}})`;
    case 'dict':
      return dictText(value);
  }
}

function listed(items: readonly Value[]): string {
  return items.map(pythonText).join(', ');
}

function dictText(dict: Extract<Value, { readonly type: 'dict' }>): string {
  const { class: name, value } = dict;
  if (name === undefined) return braces(value);
  switch (name) {
    case 'defaultdict':
      return `defaultdict(None, ${braces(value)})`;
    case 'Counter':
      return value.length === 0 ? 'Counter()' : `Counter(${braces(mostCommon(value))})`;
    case 'OrderedDict':
      return value.length === 0 ? 'OrderedDict()' : `OrderedDict(${braces(value)})`;
  }
}

function braces(entries: Entries): string {
  return `{${entries.map(([key, held]) => `${pythonText(key)}: ${pythonText(held)}`).join(', ')}}`;
}

/** A Counter shows its largest counts first, where they are numbers. */
function mostCommon(entries: Entries): Entries {
  const counts = new Map(entries.map((entry) => [entry, countOf(entry[1])]));
  if ([...counts.values()].includes(undefined)) return entries;
  return entries.toSorted((a, b) => Number(counts.get(b)) - Number(counts.get(a)));
}

function countOf(value: Value): number | undefined {
  return value.type === 'int' || value.type === 'float' || value.type === 'bool'
    ? Number(value.value)
    : undefined;
}

/** As JSON. @throws NotAValue for what JSON has no number for: BigInt, NaN and the infinities */
export function jsonText(value: Value): string {
  switch (value.type) {
    case 'none':
      return 'null';
    case 'bool':
    case 'str':
      return JSON.stringify(value.value);
    case 'float':
      if (Number.isFinite(value.value))
        return Object.is(value.value, -0) ? '-0' : JSON.stringify(value.value);
      throw new NotAValue(`JSON has no number for ${value.value}`);
    case 'list':
      return `[${value.value.map(jsonText).join()}]`;
    case 'dict':
      return `{${value.value.map(([key, held]) => `${jsonText(key)}:${jsonText(held)}`).join()}}`;
    case 'int':
      throw new NotAValue('JSON has no number for a BigInt');
    default:
      throw new NotAValue(`JSON has no ${value.type}`);
  }
}
