import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameAsPython, sameTyped } from '../../src/values/python-equality.ts';
import { canonicalPython } from '../../src/values/python-print.ts';
import { readPythonOutput } from '../../src/values/python-read.ts';
import { DICT_CLASSES, type PythonValue } from '../../src/values/python-value.ts';
import { readTypedJson, typedJson } from '../../src/values/typed-json.ts';

const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<PythonValue>({ type: 'none' }, { type: 'ellipsis' }),
    fc.boolean().map((held): PythonValue => ({ type: 'bool', value: held })),
    fc.bigInt().map((held): PythonValue => ({ type: 'int', value: held })),
    fc.double().map((held): PythonValue => ({ type: 'float', value: held })),
    // The sign of a zero in a complex number gets lost in CPython's own notation.
    fc
      .tuple(fc.double({ min: 1 }), fc.double({ min: 1 }))
      .map(([real, imag]): PythonValue => ({ type: 'complex', real, imag })),
    fc.string({ unit: 'grapheme' }).map((held): PythonValue => ({ type: 'str', value: held })),
    fc.uint8Array().map((held): PythonValue => ({ type: 'bytes', value: Uint8Array.from(held) })),
    fc
      .tuple(fc.constantFrom('list', 'tuple', 'deque'), fc.array(tie('value')))
      .map(([type, items]): PythonValue => ({ type, items })),
    fc.tuple(fc.constantFrom('set', 'frozenset'), fc.uniqueArray(fc.string())).map(
      ([type, items]): PythonValue => ({
        type,
        items: items.map((held) => ({ type: 'str', value: held })),
      }),
    ),
    fc
      .tuple(
        fc.constantFrom(undefined, ...DICT_CLASSES),
        fc.uniqueArray(fc.tuple(fc.bigInt(), tie('value')), { selector: ([key]) => key }),
      )
      .map(([name, pairs]): PythonValue => {
        const entries = pairs.map(([key, held]) => [{ type: 'int', value: key }, held] as const);
        return name === undefined ? { type: 'dict', entries } : { type: 'dict', class: name, entries };
      }),
  ),
}));

/** What stands in a text, which has to be a value. */
function read(text: string): PythonValue {
  const found = readTypedJson(text);
  if (!found.ok) throw new Error(found.problem);
  return found.value;
}

test('both notations are read back as the same value, and are fixed points', () => {
  fc.assert(
    fc.property(value, (given) => {
      const text = typedJson(given);
      expect(typedJson(read(text))).toBe(text);
      expect(sameTyped(read(text), given)).toBe(true);
      const written = readPythonOutput(canonicalPython(given));
      expect(written.ok && typedJson(written.value)).toBe(text);
    }),
    { seed: 5, numRuns: 500 },
  );
});

test.each([
  ['{"i":"1"}', '{"f":"1"}', false, true],
  ['{"i":"1"}', 'true', false, true],
  ['{"f":"0"}', '{"f":"-0"}', false, true],
  ['{"f":"nan"}', '{"f":"nan"}', true, false],
  ['{"i":"9007199254740993"}', '{"f":"9007199254740992"}', false, false],
  ['{"c":["1","0"]}', '{"i":"1"}', false, true],
  ['[{"i":"1"}]', '{"t":[{"i":"1"}]}', false, false],
  ['{"s":[{"i":"1"},{"i":"2"}]}', '{"s":[{"i":"2"},{"i":"1"}]}', true, true],
  ['{"s":[{"i":"1"}]}', '{"z":[{"f":"1"}]}', false, true],
  ['{"d":[["a",null],["b",true]]}', '{"d":[["b",true],["a",null]]}', true, true],
  ['{"d":[[{"i":"1"},"x"]]}', '{"d":[[true,"x"]]}', false, true],
  ['{"d":[["a",{"i":"1"}]]}', '{"o":["Counter",[["a",{"i":"1"}]]]}', false, true],
  ['{"o":["OrderedDict",[["a",null],["b",true]]]}', '{"d":[["b",true],["a",null]]}', false, true],
  [
    '{"o":["OrderedDict",[["a",null],["b",true]]]}',
    '{"o":["OrderedDict",[["b",true],["a",null]]]}',
    false,
    true,
  ],
  ['{"q":[{"i":"1"}]}', '[{"i":"1"}]', false, false],
  ['{"q":[{"i":"1"}]}', '{"q":[true]}', false, true],
  ['"1"', '{"i":"1"}', false, false],
  ['null', '{"i":"0"}', false, false],
  ['{"b":"61"}', '"a"', false, false],
])('%s and %s: same %s, equal to Python %s', (left, right, same, equal) => {
  const [a, b] = [read(left), read(right)];
  expect([sameTyped(a, b), sameTyped(b, a)]).toEqual([same, same]);
  expect(typedJson(a) === typedJson(b)).toBe(same);
  expect([sameAsPython(a, b), sameAsPython(b, a)]).toEqual([equal, equal]);
});

test.each([
  '',
  '1',
  '{"i":1}',
  '{"i":"1.5"}',
  '{"i":"1","f":"1"}',
  '{"f":"0x10"}',
  '{"b":"6"}',
  '{"x":[]}',
  '{"o":["object",[]]}',
  '{"d":[["a"]]}',
  `{"i":"${'9'.repeat(4_302)}"}`,
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `"${'x'.repeat(1_048_577)}"`,
])('%.30s is no value', (text) => {
  expect(readTypedJson(text).ok).toBe(false);
});
