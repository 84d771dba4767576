import { describe, expect, test } from 'vitest';
import { codeRuntime } from '../../../src/agent/code/code.ts';
import { JobError } from '../../../src/errors.ts';
import { AGENT_MAX_OUTPUT_BYTES, CODE_MAX_PRINTED_BYTES, SANDBOX_FUEL } from '../../../src/limits.ts';
import type { RunOutcome, RunRequest } from '../../../src/sandbox/port.ts';
import { scriptedSandbox } from '../../support/node-sandbox.ts';
import { recordingContext, taskOf } from '../../support/tasks.ts';

type Extra = Parameters<typeof taskOf>[2];

async function runText(
  text: string,
  answer: Partial<RunOutcome> | Error = { value: 'null' },
  extra: Extra = {},
) {
  const sandbox = scriptedSandbox(() => answer);
  const output = await codeRuntime(sandbox).run(taskOf('code', text, extra), recordingContext());
  return { output, asked: sandbox.asked[0] };
}

const run = (order: unknown, answer?: Partial<RunOutcome> | Error, extra?: Extra) =>
  runText(JSON.stringify(order), answer, extra);

async function askedBy(
  order: unknown,
  parameters: NonNullable<NonNullable<Extra>['body']>['parameters'] = {},
) {
  return (await run(order, { value: 'null' }, { body: { parameters } })).asked;
}

async function failureOf(job: Promise<unknown>): Promise<JobError> {
  const error = await job.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof JobError) return error;
  throw new Error('it did not fail as it should', { cause: error });
}

const python = (input?: unknown) => ({
  language: 'python',
  program: 'def f(): pass',
  ...(input === undefined ? {} : { input }),
});
const javascript = (input?: unknown) => ({
  language: 'javascript',
  program: 'f',
  ...(input === undefined ? {} : { input }),
});

describe('what is asked for', () => {
  test('Python arguments are data where they are literals, in the order in which they were written', async () => {
    expect(await askedBy(python("3, {'b': 1, 'a': [b'x', 2.0]}"))).toEqual({
      language: 'python',
      code: 'def f(): pass',
      input: { values: ['{"i":"3"}', '{"d":[["b",{"i":"1"}],["a",[{"b":"78"},{"f":"2"}]]]}'] },
      fuel: SANDBOX_FUEL,
    });
    expect((await askedBy(python()))?.input).toEqual({ values: [] });
  });

  test('Python arguments that are no literals are worked out in the sandbox', async () => {
    expect((await askedBy(python('range(3), k=1')))?.input).toEqual({ expression: 'range(3), k=1' });
  });

  test('JavaScript arguments are a JSON array, as such or as text', async () => {
    const values = { values: ['{"f":"1"}', '{"d":[["b",null],["a",true]]}'] };
    expect((await askedBy(javascript('[1, {"b": null, "a": true}]')))?.input).toEqual(values);
    expect((await askedBy(javascript([1, { b: null, a: true }])))?.input).toEqual(values);
    expect((await askedBy(javascript()))?.input).toEqual({ values: [] });
  });

  test('budget and input may be parameters; what the message says wins', async () => {
    expect(await askedBy(python(), { fuel: 5, input: '1' })).toMatchObject({
      fuel: 5,
      input: { values: ['{"i":"1"}'] },
    });
    expect((await askedBy(python('2'), { input: '1' }))?.input).toEqual({ values: ['{"i":"2"}'] });
  });

  test('a message that is one fenced block is the program, or the JSON', async () => {
    const fenced = '```python\ndef f(x):\n    return x\n```\n';
    const { asked } = await runText(fenced, { value: 'null' }, { body: { parameters: { input: '1' } } });
    expect(asked).toMatchObject({
      language: 'python',
      code: 'def f(x):\n    return x',
      input: { values: ['{"i":"1"}'] },
    });
    expect((await runText('~~~js\nf\n~~~')).asked).toMatchObject({ language: 'javascript', code: 'f' });
    const json = `\`\`\`json\n${JSON.stringify(python())}\n\`\`\``;
    expect((await runText(json)).asked).toMatchObject({ code: 'def f(): pass' });
  });

  test('of several messages the last of the user counts', async () => {
    const messages = [
      { role: 'user', content: 'please' },
      { role: 'user', content: JSON.stringify(javascript()) },
      { role: 'assistant', content: 'no' },
    ] as const;
    expect((await runText('', { value: 'null' }, { body: { messages } })).asked?.code).toBe('f');
  });

  test.each([
    ['words', 'run f please', '$'],
    ['a block with words around it', 'with x = 3:\n```python\ndef f(x): return x\n```', '$'],
    ['two blocks', '```python\nf = 1\n```\n```python\nf = 2\n```', '$'],
    ['a block of another language', '```ruby\nputs 1\n```', '$'],
    ['nothing', '', '$'],
    ['JSON of another shape', '[1]', '$'],
    ['no program', '{"language":"python"}', '$.program'],
    ['another language', '{"language":"ruby","program":"f"}', '$.language'],
    ['a member too much', '{"language":"python","program":"f","timeout":1}', '$'],
    ['JSON input for Python', JSON.stringify(python([1])), '$.input'],
    ['no array for JavaScript', JSON.stringify(javascript('3')), '$.input'],
    ['no JSON for JavaScript', JSON.stringify(javascript('range(3)')), '$.input'],
  ])('%s is a bad request that says where', async (_, text, path) => {
    const { code, details } = await failureOf(runText(text));
    expect({ code, details }).toEqual({ code: 'BAD_REQUEST', details: { path } });
  });

  test('more arguments than a sandbox takes are told as such', async () => {
    const many = Array.from({ length: 256 }, () => '1').join();
    expect(await failureOf(run(python(many)))).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      details: { path: '$.input', limit_arguments: 255 },
    });
  });
});

describe('what comes of it', () => {
  test('the value as its language writes it, the engine, the fuel, and no tokens', async () => {
    const value = '{"d":[["a",{"t":[{"i":"1"}]}],["b",{"f":"2"}]]}';
    const { output } = await run(python(), { value, fuel: 1_234 });
    expect(output).toEqual({
      content: "{'a': (1,), 'b': 2.0}",
      finishReason: 'stop',
      model: 'snake+1',
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      fuel: 1_234,
    });
    expect((await run(javascript(), { value: '{"d":[["a",[{"f":"1"},null]]]}' })).output).toMatchObject({
      content: '{"a":[1,null]}',
      model: 'script+1',
    });
  });

  test('entries stand in the order of the program, not in that of comparisons', async () => {
    const shown = '{"d":[[{"i":"2"},null],[{"i":"10"},null]]}';
    const value = '{"d":[[{"i":"10"},null],[{"i":"2"},null]]}';
    expect((await run(python(), { value, shown })).output.content).toBe('{2: None, 10: None}');
  });

  test('what it printed is told beside the value, its beginning where it is long', async () => {
    expect((await run(python(), { value: 'null', stdout: 'é\n' })).output.printed).toEqual({
      text: 'é\n',
      bytes: 3,
    });
    const { printed } = (await run(python(), { value: 'null', stdout: 'x'.repeat(10_000) })).output;
    expect(printed).toEqual({ text: 'x'.repeat(CODE_MAX_PRINTED_BYTES), bytes: 10_000 });
  });

  test.each<[RunOutcome['verdict'], string, JobError['code'], Record<string, unknown>]>([
    ['error', 'ValueError: no: such', 'BAD_REQUEST', { type: 'ValueError', message: 'no: such' }],
    ['error', 'StopIteration: ', 'BAD_REQUEST', { type: 'StopIteration', message: '' }],
    [
      'error',
      'an exception that cannot be told',
      'BAD_REQUEST',
      { type: 'an exception that cannot be told' },
    ],
    ['fuel', 'out of fuel', 'TIMEOUT', { limit: 'fuel', limit_fuel: SANDBOX_FUEL }],
    ['memory', 'MemoryError', 'CONTENT_TOO_LARGE', { limit: 'memory', limit_bytes: 50_331_648 }],
    ['output', '', 'CONTENT_TOO_LARGE', { limit: 'output', limit_value_bytes: AGENT_MAX_OUTPUT_BYTES }],
    ['stack', 'too deep', 'CONTENT_TOO_LARGE', { limit: 'stack' }],
    ['not-data', 'object is no plain data', 'BAD_REQUEST', {}],
    ['blocked', 'fetch is not there', 'BAD_REQUEST', {}],
    ['channel', 'the harness did not answer once', 'BAD_REQUEST', {}],
    ['syntax', 'SyntaxError: invalid syntax', 'BAD_REQUEST', {}],
    ['refused', 'import of os', 'BAD_REQUEST', {}],
    ['unstable', '', 'BAD_REQUEST', {}],
    ['crash', 'unreachable', 'AGENT_ERROR', {}],
  ])('%s (%s) is %s', async (verdict, message, code, details) => {
    const failure = await failureOf(run(python(), { verdict, message, stdout: 'seen', fuel: 9 }));
    expect(failure).toMatchObject({
      code,
      details: { verdict, ...details, fuel: 9, printed: 'seen', printed_bytes: 4 },
    });
  });

  test('a value longer than an answer may be is refused and not cut', async () => {
    const value = JSON.stringify('x'.repeat(AGENT_MAX_OUTPUT_BYTES));
    expect(await failureOf(run(python(), { value }))).toMatchObject({
      code: 'CONTENT_TOO_LARGE',
      details: { verdict: 'output', limit: 'output', limit_value_bytes: AGENT_MAX_OUTPUT_BYTES },
    });
    const fits = JSON.stringify('x'.repeat(AGENT_MAX_OUTPUT_BYTES - 2));
    expect((await run(python(), { value: fits })).output.content).toHaveLength(AGENT_MAX_OUTPUT_BYTES);
  });

  test.each(['{"f":"nan"}', '{"d":[["a",{"i":"1"}]]}'])('%s has no JSON', async (value) => {
    expect(await failureOf(run(javascript(), { value }))).toMatchObject({
      code: 'BAD_REQUEST',
      details: { verdict: 'not-data' },
    });
  });

  test('a sandbox that broke is what it says, to be tried again', async () => {
    const broken = new JobError('SERVICE_UNAVAILABLE', 'the sandbox broke');
    expect(await failureOf(run(python(), broken))).toBe(broken);
  });
});

test('the program is run once, checked, with the budget that was asked for', async () => {
  const sandbox = scriptedSandbox((): Partial<RunOutcome> => ({ value: 'null' }));
  const order: RunRequest = { language: 'python', code: 'def f(): pass', input: { values: [] }, fuel: 3 };
  await codeRuntime(sandbox).run(
    taskOf('code', JSON.stringify(python()), { body: { parameters: { fuel: 3 } } }),
    recordingContext(),
  );
  expect(sandbox.asked).toEqual([order]);
});
