/**
 * Python values as data: every built-in type that a literal can write, and the containers of `collections`, each told
 * apart from all others. The values of JavaScript programs are a part of it where they come out of a sandbox.
 */

/** Dicts that know more than a dict does, and are equal to one with the same entries. */
export const DICT_CLASSES = ['Counter', 'OrderedDict', 'defaultdict'] as const;

export type DictEntry = readonly [key: PythonValue, value: PythonValue];

export type PythonValue =
  | { readonly type: 'none' }
  | { readonly type: 'ellipsis' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'complex'; readonly real: number; readonly imag: number }
  /** May hold single surrogates, as Python's may; never a pair written as two (see `string-literal.ts`). */
  | { readonly type: 'str'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'tuple' | 'list' | 'deque'; readonly items: readonly PythonValue[] }
  /** Without elements that Python holds for equal; in the order in which they were written. */
  | { readonly type: 'set' | 'frozenset'; readonly items: readonly PythonValue[] }
  /** Without keys that Python holds for equal; in the order of insertion. */
  | {
      readonly type: 'dict';
      readonly class?: (typeof DICT_CLASSES)[number];
      readonly entries: readonly DictEntry[];
    };

export type PythonNumber = Extract<PythonValue, { readonly type: 'int' | 'float' | 'complex' }>;
