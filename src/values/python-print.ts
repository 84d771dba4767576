/** Python values as text: as `repr` writes them, and in one canonical spelling for hashes and comparisons. */
import { pythonFloat, pythonImaginary } from './python-float.ts';
import { pythonBytes, pythonString } from './python-string.ts';
import type { PythonValue } from './python-value.ts';

interface Style {
  /** Escape everything beyond ASCII, as `ascii` does: what is printable changes with Unicode's versions. */
  readonly ascii: boolean;
  /** Elements of sets and members of dicts in the order of their texts. */
  readonly sorted: boolean;
}

/** As CPython's `repr`, except that a set is printed in the order of its elements here, which CPython does not keep. */
export function pythonRepr(value: PythonValue): string {
  return print(value, { ascii: false, sorted: false });
}

/**
 * One spelling per value and type: 1, 1.0 and True are three. Pure ASCII, sets and dicts sorted, so that its hash
 * means something on another machine. {@link readPythonOutput} reads it back.
 */
export function canonicalPython(value: PythonValue): string {
  return print(value, { ascii: true, sorted: true });
}

/** An argument list as it stands in a call: `1, 'a'`. */
export function pythonArguments(values: readonly PythonValue[]): string {
  return values.map(canonicalPython).join(', ');
}

function print(value: PythonValue, style: Style): string {
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
      return pythonImaginary(value.real, value.imag);
    case 'str':
      return pythonString(value.value, style.ascii);
    case 'bytes':
      return pythonBytes(value.value);
    case 'tuple':
      return value.items.length === 1 ? `(${list(value.items, style)},)` : `(${list(value.items, style)})`;
    case 'list':
      return `[${list(value.items, style)}]`;
    case 'set':
      return value.items.length === 0 ? 'set()' : braces(value.items, style);
    case 'frozenset':
      return value.items.length === 0 ? 'frozenset()' : `frozenset(${braces(value.items, style)})`;
    case 'deque':
      return `deque([${list(value.items, style)}])`;
    case 'dict': {
      const members = value.entries.map(([key, member]) => `${print(key, style)}: ${print(member, style)}`);
      if (value.class === 'OrderedDict') return `OrderedDict({${members.join(', ')}})`;
      const dict = `{${ordered(members, style).join(', ')}}`;
      if (value.class === undefined) return dict;
      // What a defaultdict makes its defaults by is no data.
      return value.class === 'Counter' ? `Counter(${dict})` : `defaultdict(None, ${dict})`;
    }
  }
}

function list(items: readonly PythonValue[], style: Style): string {
  return items.map((item) => print(item, style)).join(', ');
}

function braces(items: readonly PythonValue[], style: Style): string {
  const texts = items.map((item) => print(item, style));
  return `{${ordered(texts, style).join(', ')}}`;
}

function ordered(texts: readonly string[], style: Style): readonly string[] {
  return style.sorted ? texts.toSorted() : texts;
}
