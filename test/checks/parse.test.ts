import { describe, expect, test } from 'vitest';
import { parseCheck } from '../../src/checks/parse.ts';
import { JobError } from '../../src/errors.ts';

const deduction = { mode: 'deduction', language: 'python', program: 'def f(a): return a', input: '1' };
const schema = (value: unknown) => ({ mode: 'schema', schema: value });

function refusal(verify: unknown): unknown {
  try {
    parseCheck(verify);
  } catch (error) {
    if (error instanceof JobError) return { code: error.code, path: error.details?.path };
    throw error;
  }
  return 'taken';
}

test('parseCheck() makes values canonical and fills in what was not said', () => {
  expect(parseCheck({ ...deduction, input: " 'a' 'b' ,{2,1}, 0x10 # sixteen" })).toEqual({
    ...deduction,
    input: "'ab', {1, 2}, 16",
    output: null,
    equality: 'language',
    message: null,
    commitment: null,
    timeout_ms: 10_000,
  });
  const js = { mode: 'abduction', language: 'javascript', program: 'p', output: { b: 1, a: [true] } };
  expect(parseCheck(js)).toMatchObject({ output: '{"a":[true],"b":1}' });
  expect(parseCheck({ ...js, output: ' "a" ' })).toMatchObject({ output: '"a"' });
});

describe('parseCheck() refuses, with the JSON path,', () => {
  const V = '$.contract.verify';
  test.each([
    [null, V],
    [{}, `${V}.mode`],
    [{ ...deduction, mode: 'prove' }, `${V}.mode`],
    [{ ...deduction, language: 'ruby' }, `${V}.language`],
    [{ ...deduction, program: '' }, `${V}.program`],
    [{ ...deduction, program: 'x'.repeat(8_193) }, `${V}.program`],
    [{ ...deduction, input: '1) or (2' }, `${V}.input`],
    [{ ...deduction, input: [1] }, `${V}.input`],
    [{ ...deduction, language: 'javascript', input: '1' }, `${V}.input`],
    [{ ...deduction, language: 'javascript', input: Array.from({ length: 5_000 }, () => 1) }, `${V}.input`],
    [{ ...deduction, surprise: 1 }, V],
    [{ ...deduction, timeout_ms: 30_001 }, `${V}.timeout_ms`],
    [{ ...deduction, commitment: 'AB' }, `${V}.commitment`],
    [{ mode: 'abduction', language: 'python', program: 'p', output: 'x' }, `${V}.output`],
    [{ mode: 'induction', language: 'python', examples: [] }, `${V}.examples`],
    [
      {
        mode: 'induction',
        language: 'python',
        examples: [
          { input: '1', output: '2' },
          { input: 'x', output: '2' },
        ],
      },
      `${V}.examples[1].input`,
    ],
    [
      { mode: 'induction', language: 'python', examples: [{ input: '1', output: '2' }], threshold: 0 },
      `${V}.threshold`,
    ],
    [{ mode: 'tests', language: 'python' }, `${V}.tests`],
    [{ mode: 'verifier', language: 'python' }, `${V}.program`],
  ])('%#', (verify, path) => {
    expect(refusal(verify)).toEqual({ code: 'BAD_REQUEST', path });
  });

  test.each([
    ['a regular expression', { properties: { a: { pattern: '^(a+)+$' } } }, '.properties.a.pattern'],
    ['a reference', { $ref: '#' }, '.$ref'],
    ['definitions', { $defs: {} }, '.$defs'],
    ['comparing all with all', { items: { uniqueItems: true } }, '.items.uniqueItems'],
    ['a keyword it does not know', { anyOf: [{}, { frobnicate: 1 }] }, '.anyOf[1].frobnicate'],
    ['what is no schema', { items: [1] }, '.items'],
    ['a list that is none', { allOf: {} }, '.allOf'],
  ])('a schema with %s', (_, value, path) => {
    expect(refusal(schema(value))).toEqual({ code: 'BAD_REQUEST', path: `${V}.schema${path}` });
  });

  test('a schema that nests without end', () => {
    let deep: unknown = {};
    for (let i = 0; i < 20; i += 1) deep = { not: deep };
    expect(refusal(schema(deep))).toMatchObject({ code: 'BAD_REQUEST' });
  });
});

test('parseCheck() takes properties that are called like keywords', () => {
  expect(refusal(schema({ properties: { pattern: { type: 'string' }, $ref: true } }))).toBe('taken');
});
