/** The loop as the runtime of one job: what a session gets of it, and that another attempt goes on behind the last step. */
import { expect, test } from 'vitest';
import { defineLoop, type LoopOptions } from '../../../src/agent/loop/definition.ts';
import type { LoopPorts } from '../../../src/agent/loop/ports.ts';
import { loopRuntime } from '../../../src/agent/loop/runtime.ts';
import { tokenBudget } from '../../../src/agent/loop/token-budget.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_MODEL_ATTEMPTS } from '../../../src/limits.ts';
import type { ChatMessage } from '../../../src/protocol/model.ts';
import {
  add,
  call,
  final,
  Journals,
  type Line,
  LOOP_LIMITS,
  loopPorts,
  scriptedModel,
} from '../../support/loop.ts';
import { recordingContext, taskOf } from '../../support/tasks.ts';

const one = call('c1', 'add', { a: 1, b: 1 });
const failing = Array.from(
  { length: LOOP_MODEL_ATTEMPTS },
  () => new JobError('SERVICE_UNAVAILABLE', 'away'),
);

function attempts(options: Partial<LoopOptions> = {}) {
  const journals = new Journals();
  const task = taskOf('chat', 'add them', {});
  return async (lines: readonly Line[], more: Partial<LoopPorts> = {}, context = recordingContext()) => {
    const model = scriptedModel(lines);
    const ports = loopPorts({ model, store: journals.process(), ...more });
    const definition = defineLoop({ ...LOOP_LIMITS, tools: [add], ...options });
    const runtime = loopRuntime(() => ({ definition, ports }));
    return { output: await runtime.run(task, context), model, context };
  };
}

test('a job is answered with the final answer and the tokens of all its steps', async () => {
  const { output, model } = await attempts()([{ calls: [one] }, final({ sum: 2 })]);
  expect(output).toEqual({
    content: '{"sum":2}',
    finishReason: 'stop',
    model: 'small',
    usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
  });
  expect(model.asked[0]?.messages.at(-1)?.content).toMatch(
    /^BEGIN DATA \w+ from the client\nadd them\nEND DATA/,
  );
});

test('of a long session the newest turns go along that fit, and the job itself always does', async () => {
  const turn = (at: number): ChatMessage => ({
    role: at % 2 === 0 ? 'user' : 'assistant',
    content: `turn ${at} `.repeat(40),
  });
  const history = Array.from({ length: 400 }, (_, at) => turn(at));
  const model = scriptedModel([final('done')]);
  const definition = defineLoop({ ...LOOP_LIMITS, tools: [add], maxContextTokens: 4_000 });
  const runtime = loopRuntime(() => ({ definition, ports: loopPorts({ model }) }));
  const { content } = await runtime.run(taskOf('chat', 'add them', { history }), recordingContext());
  expect(content).toBe('done');
  const messages = model.asked[0]?.messages ?? [];
  expect(messages.length).toBeGreaterThan(4);
  expect(messages.length).toBeLessThan(20);
  expect(messages[1]).toMatchObject({ role: 'user' });
  expect(messages.at(-2)?.content).toContain('turn 399 ');
  expect(messages.at(-1)?.content).toContain('add them');
});

test('a job over its tokens answers with what it has, from what was kept back for that', async () => {
  const journals = new Journals();
  const budget = tokenBudget(12_000);
  budget.keep(6_000);
  const dear = { prompt_tokens: 4_000, completion_tokens: 1_000, total_tokens: 5_000 };
  const lines = [{ calls: [one], usage: dear }, { text: 'two, as far as I see' }];
  const model = scriptedModel(lines);
  const made = {
    definition: defineLoop({ ...LOOP_LIMITS, tools: [add] }),
    ports: loopPorts({ model, store: journals.process(), budget }),
  };
  const run = (more: { lastWords?(): void }) =>
    loopRuntime(() => ({ ...made, ...more })).run(taskOf('chat', 'add them'), recordingContext());
  await expect(run({})).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  const output = await run({ lastWords: () => budget.keep(0) });
  expect(output).toMatchObject({ content: 'two, as far as I see', finishReason: 'length' });
  expect(model.asked[1]?.tools).toEqual([]);
});

test('an attempt that fails with its model is gone on with by the next attempt', async () => {
  const attempt = attempts();
  await expect(attempt([{ calls: [one] }, ...failing])).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  const { output, model } = await attempt([final('2')]);
  expect(output).toMatchObject({ content: '2', usage: { total_tokens: 30 } });
  expect(model.asked).toHaveLength(1);
});

test('what a single job cannot wait for is told by its code', async () => {
  const options = { maxSteps: 1, checks: [() => 'no good'] };
  await expect(attempts(options)([{ calls: [one] }, { text: 'x' }])).rejects.toMatchObject({
    code: 'VERIFICATION_FAILED',
  });
  await expect(attempts()([], { budget: tokenBudget(10) })).rejects.toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
  });
  const stop = new AbortController();
  stop.abort(new JobError('TIMEOUT', 'over its time'));
  const context = recordingContext({ signal: stop.signal });
  await expect(attempts()([], {}, context)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: 'over its time',
  });
});
