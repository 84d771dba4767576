import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/errors.ts';
import { canonicalJson } from '../../src/values/canonical-json.ts';
import { readJson, readJsonArguments, sameJson } from '../../src/values/json-value.ts';

const anyJson: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 4 }).map((value) => {
  const read = readJson(JSON.stringify(value));
  return read.ok ? read.value : null;
});

describe('readJson()', () => {
  test('reads back its own canonical form, as the same value', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const read = readJson(canonicalJson(value));
        expect(read.ok && read.value).toEqual(value);
        expect(read.ok && canonicalJson(read.value)).toBe(canonicalJson(value));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test.each([
    ['-0'],
    ['[-0.0]'],
    ['{"a":-0e5}'],
    ['1e999'],
    ['NaN'],
    ['Infinity'],
    ['undefined'],
    ["'a'"],
    ['[1,]'],
    ['1 2'],
    [''],
    ['{a:1}'],
    ['// one\n1'],
    [`${'['.repeat(201)}${']'.repeat(201)}`],
    ['['.repeat(500_000)],
    [`"${'a'.repeat(1_048_576)}"`],
  ])('refuses %.20s', (text) => {
    expect(readJson(text).ok).toBe(false);
  });

  test('measures brackets outside of strings alone', () => {
    const text = JSON.stringify('['.repeat(1_000));
    expect(readJson(text)).toEqual({ ok: true, value: '['.repeat(1_000) });
  });

  test('keeps a member of any name', () => {
    const read = readJson('{"__proto__": 1, "b": 2}');
    expect(read.ok && canonicalJson(read.value)).toBe('{"__proto__":1,"b":2}');
  });
});

test('sameJson() is deep, blind to the order of members, and tells true from 1', () => {
  expect(sameJson({ a: 1, b: [2, { c: null }] }, { b: [2, { c: null }], a: 1 })).toBe(true);
  expect(sameJson(1, true)).toBe(false);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false);
  expect(sameJson('1', 1)).toBe(false);
});

test('readJsonArguments() takes a list and nothing else', () => {
  expect(readJsonArguments('[1, "a"]')).toEqual({ ok: true, value: [1, 'a'] });
  expect(readJsonArguments('{"0": 1}').ok).toBe(false);
  expect(readJsonArguments('1, 2').ok).toBe(false);
});
