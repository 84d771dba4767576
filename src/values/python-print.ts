/** Python values as text: as `repr` writes them, and in one canonical spelling for hashes and comparisons. */
import { pythonFloat, pythonImaginary } from './python-float.ts';
import { pythonBytes, pythonString } from './python-string.ts';
import type { DictEntry, PythonValue } from './python-value.ts';

interface Style {
  /** Escape everything beyond ASCII, as `ascii` does: what is printable changes with Unicode's versions. */
  readonly ascii: boolean;
  /** What is put in the order of its texts: elements of sets, and members of dicts too. */
  readonly sorted: 'nothing' | 'sets' | 'everything';
}

/**
 * As CPython's `repr`, in the order of the value's own entries. What is no data is not there: the factory of a
 * defaultdict is written as None, the length of a deque not at all.
 */
export function pythonRepr(value: PythonValue): string {
  return print(value, { ascii: false, sorted: 'nothing' });
}

/**
 * One spelling per value and type: 1, 1.0 and True are three. Pure ASCII, sets and dicts sorted, so that its hash
 * means something on another machine. {@link readPythonOutput} reads it back.
 */
export function canonicalPython(value: PythonValue): string {
  return print(value, { ascii: true, sorted: 'everything' });
}

/** An argument list as it stands in a call: `1, 'a'`. Dicts keep their order, which a program can see. */
export function pythonArguments(values: readonly PythonValue[]): string {
  return values.map((value) => print(value, { ascii: true, sorted: 'sets' })).join(', ');
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
    case 'dict':
      return dict(value, style);
  }
}

type Dict = Extract<PythonValue, { readonly type: 'dict' }>;

/** What a defaultdict makes its defaults by is no data, and written as None. */
function dict(value: Dict, style: Style): string {
  const { class: name, entries } = value;
  const inOrder = name === 'OrderedDict' || style.sorted !== 'everything';
  const shown = name === 'Counter' && style.sorted === 'nothing' ? mostCommon(entries) : entries;
  const members = shown.map(([key, member]) => `${print(key, style)}: ${print(member, style)}`);
  const text = `{${(inOrder ? members : members.toSorted()).join(', ')}}`;
  if (name === undefined) return text;
  if (name === 'defaultdict') return `defaultdict(None, ${text})`;
  return entries.length === 0 ? `${name}()` : `${name}(${text})`;
}

/** A Counter shows its largest counts first, where they are numbers. */
function mostCommon(entries: readonly DictEntry[]): readonly DictEntry[] {
  const counts = new Map(entries.map((entry) => [entry, countOf(entry[1])]));
  if ([...counts.values()].includes(undefined)) return entries;
  return entries.toSorted((a, b) => Number(counts.get(b)) - Number(counts.get(a)));
}

function countOf(value: PythonValue): number | undefined {
  return value.type === 'int' || value.type === 'float' || value.type === 'bool'
    ? Number(value.value)
    : undefined;
}

function list(items: readonly PythonValue[], style: Style): string {
  return items.map((item) => print(item, style)).join(', ');
}

function braces(items: readonly PythonValue[], style: Style): string {
  const texts = items.map((item) => print(item, style));
  return `{${(style.sorted === 'nothing' ? texts : texts.toSorted()).join(', ')}}`;
}
