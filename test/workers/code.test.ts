/**
 * Goal: the `code` runtime works in workerd, where its sandbox is another Worker behind a binding. Does not prove: Python,
 * which is not loaded here (test/e2e/code.test.ts).
 */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { runtimeFor } from '../../src/agent/runtimes.ts';
import { JobError } from '../../src/errors.ts';
import { remoteSandbox } from '../../src/sandbox/remote.ts';
import { recordingContext, taskOf } from '../support/tasks.ts';

const runtime = runtimeFor('code', { model: null, sandbox: remoteSandbox(env.SANDBOX) });

function run(program: string, input: readonly unknown[] = [], language = 'javascript') {
  return runtime.run(taskOf('code', JSON.stringify({ language, program, input })), recordingContext());
}

test('a program is run by the other Worker, and costs the same each time', async () => {
  const program = 'const f = (o, n) => ({ ...o, n: [n, "é"] });';
  const [first, second] = [
    await run(program, [{ b: 1, a: null }, -2.5]),
    await run(program, [{ b: 1, a: null }, -2.5]),
  ];
  expect(first).toMatchObject({ content: '{"b":1,"a":null,"n":[-2.5,"é"]}', model: 'quickjs+test' });
  expect(second).toEqual(first);
});

test('what a program does wrong is its client’s to know', async () => {
  await expect(run('const f = () => { throw new TypeError("no"); }')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    details: { type: 'TypeError', message: 'no' },
  });
});

test('a sandbox that breaks is told as such, to be tried again', async () => {
  const python = JSON.stringify({ language: 'python', program: 'def f(): pass' });
  const error = await runtime.run(taskOf('code', python), recordingContext()).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof JobError && error.code).toBe('SERVICE_UNAVAILABLE');
});
