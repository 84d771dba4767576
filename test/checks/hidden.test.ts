import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { commitmentOf, openCheck } from '../../src/checks/hidden.ts';
import { parseCheck } from '../../src/checks/parse.ts';

const salt = '0f'.repeat(32);
const content = { reference: 'def f(a): return a + 1', tests: [{ output: '3', input: '2' }] };
const contract = { mode: 'tests', language: 'python', commitment: commitmentOf({ salt, content }) };

test('commitmentOf() is SHA-256 over the salt and the canonical JSON', () => {
  const text = `${salt}{"reference":"def f(a): return a + 1","tests":[{"input":"2","output":"3"}]}`;
  expect(contract.commitment).toBe(createHash('sha256').update(text).digest('hex'));
});

test('openCheck() takes what was committed to, whatever the order of its members', () => {
  const reordered = { tests: [{ input: '2', output: '3' }], reference: content.reference };
  const open = openCheck(parseCheck(contract), { salt, content: reordered });
  expect(open.hidden).toEqual({
    tests: [{ input: '2', output: '3' }],
    verifier: null,
    reference: content.reference,
  });
});

test.each([
  ['another content', { salt, content: { ...content, reference: 'x' } }, '$.contract.verify.hidden'],
  ['another salt', { salt: '00'.repeat(32), content }, '$.contract.verify.hidden'],
  ['no salt', { salt: '', content }, '$.contract.verify.hidden.salt'],
  ['nothing', null, '$.contract.verify.commitment'],
])('openCheck() refuses %s', (_, revealed, path) => {
  expect(() => openCheck(parseCheck(contract), revealed)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', details: { path } }),
  );
});

test('openCheck() refuses a part that nothing committed to', () => {
  const open = parseCheck({ mode: 'tests', language: 'python', tests: [{ input: '2', output: '3' }] });
  expect(() => openCheck(open, { salt, content })).toThrow('is not what was committed to');
});

test('openCheck() names what is wrong in a part that was committed to', () => {
  const broken = { tests: [{ input: '2', output: 'x' }] };
  const check = parseCheck({ ...contract, commitment: commitmentOf({ salt, content: broken }) });
  expect(() => openCheck(check, { salt, content: broken })).toThrow(
    expect.objectContaining({ details: { path: '$.contract.verify.hidden.tests[0].output' } }),
  );
});
