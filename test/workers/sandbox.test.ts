import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { sandboxExecutor } from '../../src/sandbox/executor.ts';
import { remoteSandbox } from '../../src/sandbox/remote.ts';

test('the sandbox is there, behind its binding', async () => {
  const executor = sandboxExecutor(remoteSandbox(env.SANDBOX));
  const call = {
    language: 'javascript',
    program: 'const f = (a) => a.reverse()',
    input: '[[1,2]]',
    fuel: 1_000_000,
  } as const;
  const [outcome] = await executor.run([call], new AbortController().signal);
  expect(outcome).toMatchObject({ ok: true, output: '[2,1]' });
});
