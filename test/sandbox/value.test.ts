import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equalAsPython } from '../../src/sandbox/equal.ts';
import { canonical, NotAValue, parseValue, sameValue, type Value } from '../../src/sandbox/value.ts';

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Value>({ type: 'none' }, { type: 'ellipsis' }),
    fc.boolean().map((held): Value => ({ type: 'bool', value: held })),
    fc.bigInt().map((held): Value => ({ type: 'int', value: held })),
    fc.double().map((held): Value => ({ type: 'float', value: held })),
    fc.string({ unit: 'binary' }).map((held): Value => ({ type: 'str', value: held })),
    fc
      .tuple(fc.constantFrom('list', 'tuple', 'set', 'frozenset', 'deque'), fc.array(tie('value')))
      .map(([type, held]): Value => ({ type, value: held })),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((held): Value => ({ type: 'dict', value: held })),
  ),
}));

test('canonical text is read back as the same value, and is a fixed point', () => {
  fc.assert(
    fc.property(value, (given) => {
      const text = canonical(given);
      expect(canonical(parseValue(text))).toBe(text);
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
  ['"1"', '{"i":"1"}', false, false],
  ['null', '{"i":"0"}', false, false],
  ['{"b":"61"}', '"a"', false, false],
])('%s and %s: same %s, equal to Python %s', (left, right, same, equal) => {
  const [a, b] = [parseValue(left), parseValue(right)];
  expect([sameValue(a, b), sameValue(b, a)]).toEqual([same, same]);
  expect([equalAsPython(a, b), equalAsPython(b, a)]).toEqual([equal, equal]);
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
  expect(() => parseValue(text)).toThrow(NotAValue);
});
