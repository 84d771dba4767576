/** Values of either language by their texts: read once, compared outside of any program. */
import type { Json } from '../errors.ts';
import { canonicalJson } from '../values/canonical-json.ts';
import { readJson, readJsonArguments } from '../values/json-value.ts';
import type { Read } from '../values/literal-problem.ts';
import { equalityKey } from '../values/python-equality.ts';
import { pythonFromJson } from '../values/python-from-json.ts';
import { canonicalPython, pythonArguments } from '../values/python-print.ts';
import { readPython, readPythonArguments, readPythonOutput } from '../values/python-read.ts';
import type { PythonValue } from '../values/python-value.ts';
import type { Language } from './executor.ts';

/** A value as far as checks care for it. */
export interface Comparable {
  /** One spelling per value and type. */
  readonly canonical: string;
  /** Two values are equal in their language when these are; null equals nothing (NaN). */
  readonly key: string | null;
}

/** `language`: as `==` has it in Python (1, 1.0 and True are equal). `typed`: the same types as well. */
export type Equality = 'language' | 'typed';

export interface Codec {
  /** The argument list in one spelling, its dicts and objects in the order in which they were written: programs see it. */
  readArguments(text: string): Read<string>;
  /** The same text for argument lists that differ in that order alone. @param written by {@link readArguments} */
  identityOf(written: string): string;
  /** A value as somebody wrote it. */
  readValue(text: string): Read<Comparable>;
  /** A value as an executor printed it. */
  readOutput(text: string): Read<Comparable>;
  /** An argument list of values that came as JSON. */
  argumentsOf(values: readonly Json[]): string;
}

const python: Codec = {
  readArguments: (text) => mapped(readPythonArguments(text), pythonArguments),
  readValue: (text) => mapped(readPython(text), comparablePython),
  readOutput: (text) => mapped(readPythonOutput(text), comparablePython),
  identityOf: (text) =>
    identity(mapped(readPythonArguments(text), (all) => all.map(canonicalPython).join(', '))),
  argumentsOf: (values) => pythonArguments(values.map(pythonFromJson)),
};

const javascript: Codec = {
  readArguments: (text) => mapped(readJsonArguments(text), (all) => JSON.stringify(all)),
  identityOf: (text) => identity(mapped(readJsonArguments(text), canonicalJson)),
  readValue: (text) => mapped(readJson(text), comparableJson),
  readOutput: (text) => mapped(readJson(text), comparableJson),
  argumentsOf: (values) => JSON.stringify(values),
};

export const CODECS: Readonly<Record<Language, Codec>> = { python, javascript };

export function same(a: Comparable, b: Comparable, equality: Equality): boolean {
  return equality === 'typed' ? a.canonical === b.canonical : a.key !== null && a.key === b.key;
}

function identity(read: Read<string>): string {
  if (!read.ok) throw new Error(`an argument list does not read back: ${read.problem}`);
  return read.value;
}

function comparablePython(value: PythonValue): Comparable {
  return { canonical: canonicalPython(value), key: equalityKey(value) };
}

function comparableJson(value: Json): Comparable {
  const canonical = canonicalJson(value);
  return { canonical, key: canonical };
}

function mapped<A, B>(read: Read<A>, change: (value: A) => B): Read<B> {
  return read.ok ? { ok: true, value: change(read.value) } : read;
}
