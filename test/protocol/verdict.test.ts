/** The marketplace's verdict as an event, and judging it again. */
import { describe, expect, test } from 'vitest';
import { readVerifiedTerms } from '../../src/checks/contract.ts';
import type { Executor } from '../../src/checks/executor.ts';
import { commitmentOf } from '../../src/checks/hidden.ts';
import { prove } from '../../src/checks/proof.ts';
import type { Json } from '../../src/errors.ts';
import { readEnvelope } from '../../src/protocol/envelope.ts';
import { recheck } from '../../src/protocol/recheck.ts';
import { verdictEvent } from '../../src/protocol/verdict.ts';
import { signedBy } from '../support/events.ts';
import { scriptedExecutor } from '../support/scripted-executor.ts';

const never = new AbortController().signal;
const SQUARE = 'def f(a): return a * a';
const executor = () => scriptedExecutor({ [SQUARE]: (input) => String(Number(input) ** 2) });
const salt = '5a'.repeat(32);
const content = { tests: [{ input: '7', output: '49' }] };
const verify = {
  language: 'python',
  mode: 'tests',
  tests: [{ input: '2', output: '4' }],
  commitment: commitmentOf({ salt, content }),
};

async function verdict(result: string, plain: Json = { salt, content }) {
  const terms = readVerifiedTerms({ verify: { ...verify, hidden: plain } }, String);
  if (terms === null) throw new Error('no check');
  const proof = await prove(terms.open, result, executor(), never, () => 5);
  const request = signedBy('client', { kind: 7001, created_at: 1, tags: [['t', 'talk']], content: '' });
  const account = { proof, answers: 1, verify: terms.verify, revealed: terms.revealed };
  return verdictEvent(account, readEnvelope(request, 'agent', true), 7002, 'ab'.repeat(32), 9);
}

const changed = (text: string, change: Record<string, unknown>) =>
  JSON.stringify({ ...JSON.parse(text), ...change });

describe('a verdict', () => {
  test('names job, client, agent and executor, and comes out the same again', async () => {
    const event = await verdict(SQUARE);
    expect(event.tags).toContainEqual(['agent', 'ab'.repeat(32)]);
    expect(event.tags).toContainEqual(['verified', 'true', 'scripted', '0']);
    expect(event.tags.map(([name]) => name)).toEqual(expect.arrayContaining(['e', 'p', 't']));
    expect(await recheck(event.content, executor(), never)).toMatchObject({ type: 'same' });
    const wrong = await verdict('def f(a): return 4');
    expect(await recheck(wrong.content, executor(), never)).toMatchObject({
      type: 'same',
      content: { verdict: 'wrong', score: 0 },
    });
  });

  test.each([
    [{ verdict: 'wrong' }, 'the verdict is passed'],
    [{ score: 0.5 }, 'the score is 1'],
    [{ answer: 'def f(a): return 49' }, 'not the one of its hash'],
    [{ hidden: { salt, content: { tests: [{ input: '7', output: '50' }] } } }, 'cannot be opened'],
    [{ receipts: [] }, '1 programs were run'],
  ])('that says %j is found out', async (change, words) => {
    const { content: text } = await verdict(SQUARE);
    const found = await recheck(changed(text, change), executor(), never);
    expect(found.type === 'different' ? found.differences.join() : found.type).toContain(words);
  });

  test('by another build says what differs', async () => {
    const { content: text } = await verdict(SQUARE);
    const other: Executor = {
      run: async (executions, signal) =>
        (await executor().run(executions, signal)).map((one) => ({ ...one, fuel: 11, executor: 'other' })),
    };
    expect(await recheck(text, other, never)).toEqual({
      type: 'different',
      differences: ['run 1: executor is other, not scripted', 'run 1: fuel is 22, not 20'],
    });
  });

  test.each([['no JSON'], ['{}'], ['[1]']])('%s is none', async (text) => {
    expect(await recheck(text, executor(), never)).toMatchObject({ type: 'unusable' });
  });

  test('whose answer no event holds keeps its hash, and cannot be judged again from it alone', async () => {
    const event = await verdict(`${SQUARE}\n# ${'x'.repeat(65_400)}`);
    expect(event.content.length).toBeLessThan(65_536);
    expect(JSON.parse(event.content)).toMatchObject({
      hidden: { salt },
      answer_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await recheck(event.content, executor(), never)).toMatchObject({ type: 'unusable' });
  });
});
