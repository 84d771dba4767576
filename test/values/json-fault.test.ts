/** Goal: jsonFault() agrees with JSON.parse on every text, and names the place. Method: random JSON, whole and broken. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonFault } from '../../src/values/json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('jsonFault() finds nothing in JSON, and something wherever JSON.parse does', () => {
  const changed = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '}', ']', ':', '0', '\\', '\n', 'e', '-', '\u0001'),
    )
    .map(([text, at, put]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), changed, fc.string()), (text) => {
      expect(jsonFault(text) === null, text).toBe(isJson(text));
    }),
    { numRuns: 3_000, seed: 6 },
  );
});

test.each([
  ['', 1, 1],
  ['{"a": 1,}', 1, 9],
  ['{"a": 1\n "b": 2}', 2, 2],
  ['[1, 2', 1, 6],
  ['{"a": tru}', 1, 7],
  ['{"a" 1}', 1, 6],
  ['{} {}', 1, 4],
  [`${'['.repeat(100_000)}`, 1, 100_001],
])('jsonFault() of %.20j is in line %d, column %d', (text, line, column) => {
  expect(jsonFault(text)).toMatchObject({ line, column });
});
