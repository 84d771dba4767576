/** From a contract to the check in it, and what whoever answers is told of it. */
import { describe, expect, test } from 'vitest';
import { readVerifiedTerms, reopened } from '../../src/checks/contract.ts';
import { commitmentOf } from '../../src/checks/hidden.ts';
import { parseCheck } from '../../src/checks/parse.ts';
import { statementOf } from '../../src/checks/statement.ts';
import { JobError, type Json } from '../../src/errors.ts';

const salt = '5a'.repeat(32);
const content = { tests: [{ input: '7', output: '49' }], reference: 'def f(a): return a * a' };
const commitment = commitmentOf({ salt, content });
const tests = { language: 'python', mode: 'tests', tests: [{ input: '2', output: '4' }], commitment };

const sealed = JSON.stringify({ salt, content });
function unseal(text: string): string {
  if (text !== 'ciphertext') throw new JobError('BAD_REQUEST', 'cannot be decrypted');
  return sealed;
}
const terms = (contract: Json) => readVerifiedTerms(contract, unseal);

function refusal(contract: Json): unknown {
  try {
    terms(contract);
  } catch (error) {
    return error instanceof JobError ? [error.code, error.details?.path] : error;
  }
  return 'taken';
}

describe('readVerifiedTerms()', () => {
  test.each([[null], ['https://contracts.test/1'], [{}], [{ verify: null }], [{ scope: 'x' }], [7]])(
    'finds no check in %j',
    (contract) => {
      expect(terms(contract)).toBeNull();
    },
  );

  test('opens a hidden part that came encrypted, or plain', () => {
    for (const hidden of ['ciphertext', { salt, content }]) {
      const found = terms({ verify: { ...tests, hidden, attempts: 3, agents: 2 } });
      expect(found?.open.hidden).toMatchObject({ tests: content.tests, reference: content.reference });
      expect([found?.answers, found?.agents]).toEqual([3, 2]);
      // What is published holds nothing of it.
      expect(JSON.stringify(found?.verify)).not.toContain('49');
      expect(reopened(found?.verify ?? null, { salt, content })).toEqual(found?.open);
    }
  });

  test('answers once, by one agent, where nothing is said', () => {
    const found = terms({ verify: { ...tests, hidden: 'ciphertext' } });
    expect([found?.answers, found?.agents]).toEqual([1, 1]);
  });

  const V = '$.contract.verify';
  test.each([
    [{ ...tests, hidden: 'other' }, `${V}.hidden`],
    [{ ...tests }, `${V}.commitment`],
    [{ ...tests, hidden: { salt, content: { tests: [] } } }, `${V}.hidden`],
    [{ ...tests, hidden: 'ciphertext', attempts: 9 }, `${V}.attempts`],
    [{ ...tests, hidden: 'ciphertext', agents: 0 }, `${V}.agents`],
    [{ ...tests, hidden: 'ciphertext', colour: 'red' }, V],
    [[], V],
    ['deduction', V],
  ] as const)('refuses %j with its path', (verify, path) => {
    expect(refusal({ verify })).toEqual(['BAD_REQUEST', path]);
  });
});

describe('statementOf()', () => {
  test.each([
    [
      { mode: 'deduction', language: 'python', program: 'def f(a): return a', input: '3' },
      ['def f', '`output`', 'Python literal'],
    ],
    [
      { mode: 'abduction', language: 'javascript', program: 'const f = 1', output: 3, input: [99] },
      ['`input`', 'JSON array'],
    ],
    [{ ...tests, message: 'Square it.' }, ['Square it.', '`python`', 'calls you are not shown']],
    [
      { mode: 'verifier', language: 'python', program: 'def f(j, a): return True', job: { n: 15 } },
      ['{"n":15}', '`json`'],
    ],
    [{ mode: 'schema', schema: { type: 'object' } }, ['{"type":"object"}']],
  ])('tells %j', (verify, words) => {
    const said = statementOf(parseCheck(verify));
    for (const word of words) expect(said).toContain(word);
    expect(said).not.toContain('99');
  });

  test('fences a program that holds a fence', () => {
    const program = 'def f(a):\n    return """```\nend\n```"""';
    const said = statementOf(parseCheck({ mode: 'deduction', language: 'python', program, input: '1' }));
    expect(said).toContain(`\`\`\`\`python\n${program}\n\`\`\`\``);
  });
});
