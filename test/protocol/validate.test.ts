import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobError, type Json } from '../../src/errors.ts';
import type { DialectName, JobBody } from '../../src/protocol/model.ts';
import { checkBody } from '../../src/protocol/validate.ts';
import { chat, discover } from './fixtures.ts';

const empty: JobBody = {
  messages: [],
  parameters: {},
  inputs: [],
  model: null,
  outputFormat: null,
  tools: null,
  bid_msats: null,
  contract: null,
  bolt11: null,
};

function failure(body: Partial<JobBody>, dialect: DialectName = 'agent', agent = discover) {
  try {
    checkBody({ ...empty, ...body }, agent, dialect);
  } catch (error) {
    if (error instanceof JobError) return error.failure;
    throw error;
  }
  return null;
}

const parameters = (value: { readonly [name: string]: Json }, dialect: DialectName = 'agent') =>
  checkBody({ ...empty, parameters: value }, discover, dialect).parameters;

describe('size', () => {
  const user = (content: string) => ({ role: 'user', content }) as const;

  test('counts bytes, not characters, up to exactly the limit', () => {
    expect(failure({ messages: [user('ä'.repeat(100))] })).toBeNull();
    expect(failure({ messages: [user('ä'.repeat(100)), user('x')] })).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      details: { limit_bytes: 200, actual_bytes: 201 },
    });
  });

  test('counts parts, inputs, parameters and tools too', () => {
    const big = 'x'.repeat(201);
    const parts = [{ type: 'text', text: big }] as const;
    const image = [{ type: 'image_url', image_url: { url: big } }] as const;
    for (const body of [
      { messages: [{ role: 'user', content: parts }] },
      { messages: [{ role: 'user', content: image }] },
      { inputs: [{ type: 'url', value: big }] },
      { parameters: { label: big } },
      { tools: [big] },
    ] satisfies Partial<JobBody>[]) {
      expect(failure(body)).toMatchObject({ code: 'CONTENT_TOO_LARGE', details: { limit_bytes: 200 } });
    }
  });

  test('counts messages and inputs', () => {
    expect(failure({ messages: Array.from({ length: 201 }, () => user('')) })).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      details: { limit_messages: 200, actual_messages: 201 },
    });
    expect(
      failure({ inputs: Array.from({ length: 21 }, () => ({ type: 'url', value: '' }) as const) }),
    ).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      details: { limit_inputs: 20, actual_inputs: 21 },
    });
  });
});

test('the model must be the agent or one of its models', () => {
  expect(failure({ model: 'chat' }, 'agent', chat)).toBeNull();
  expect(failure({ model: 'small-model' }, 'agent', chat)).toBeNull();
  expect(failure({ model: 'gpt-9' }, 'agent', chat)).toMatchObject({
    code: 'NOT_FOUND',
    details: { path: '$.model', models: ['chat', 'small-model'] },
  });
});

describe('parameters', () => {
  test.each<[string, Json, string]>([
    ['max_results', 0, '$.parameters.max_results'],
    ['max_results', '5', '$.parameters.max_results'],
    ['fresh', 'yes', '$.parameters.fresh'],
    ['users', ['a'], '$.parameters.users[0]'],
    ['odd name', { deep: 'x' }, '$.parameters["odd name"].deep'],
    ['order', 'old', '$.parameters.order'],
    ['unknown', 1, '$.parameters.unknown'],
    ['a/b~c#d', 1, '$.parameters["a/b~c#d"]'],
  ])('%s = %j is INVALID_PARAMETER at its path', (name, value, path) => {
    expect(failure({ parameters: { [name]: value } })).toMatchObject({
      code: 'INVALID_PARAMETER',
      details: { path },
    });
  });

  test('a name as long as a request does not make an error as long', () => {
    const failed = failure({ parameters: { ['x'.repeat(150)]: 1 } }, 'agent', {
      ...discover,
      maxInputBytes: 99_999,
    });
    expect(failed?.details?.path).toBe(`$.parameters.${'x'.repeat(150)}`);
    const long = failure({ parameters: { ['x'.repeat(9000)]: 1 } }, 'agent', {
      ...discover,
      maxInputBytes: 99_999,
    });
    expect(JSON.stringify(long).length).toBeLessThan(1000);
  });

  test('a name with half a surrogate pair is refused and breaks nothing', () => {
    expect(failure({ parameters: { '\ud800': 1 } })).toMatchObject({ code: 'INVALID_PARAMETER' });
  });

  test('of NIP-90 become what the schema says', () => {
    const key = 'a'.repeat(64);
    expect(
      parameters(
        {
          max_results: '5',
          fresh: 'true',
          users: key,
          weights: ['1', '2.5', '-3e2'],
          'odd name': '{"deep":1}',
          order: 'hot',
          label: '7',
        },
        'nip90',
      ),
    ).toEqual({
      max_results: 5,
      fresh: true,
      users: [key],
      weights: [1, 2.5, -300],
      'odd name': { deep: 1 },
      order: 'hot',
      label: '7',
    });
    expect(parameters({ weights: '[1, 2]' }, 'nip90')).toEqual({ weights: [1, 2] });
  });

  test.each(['', ' 5', '5 ', '0x5', '05', 'Infinity', 'NaN', '1e', '--1'])('%j is no number', (text) => {
    expect(failure({ parameters: { max_results: text } }, 'nip90')).toMatchObject({
      code: 'INVALID_PARAMETER',
      details: { path: '$.parameters.max_results' },
    });
  });

  test('of the agent NIP are never coerced', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (label) => {
        expect(parameters({ label })).toEqual({ label });
      }),
      { seed: 1 },
    );
  });
});
