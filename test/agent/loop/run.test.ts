/**
 * Goal: a run waits where it cannot go on and loses nothing by it; it stops at its budget, its steps and its owner's word.
 * Method: scripted model and tools on a clock of their own; a run that paused is driven again over the same journal.
 */
import { expect, test } from 'vitest';
import type { Budget } from '../../../src/agent/loop/budget.ts';
import { defineLoop, type LoopOptions } from '../../../src/agent/loop/definition.ts';
import { managedAgent } from '../../../src/agent/loop/managed.ts';
import type { ToolModelClient } from '../../../src/agent/loop/model.ts';
import { RunPaused } from '../../../src/agent/loop/outcome.ts';
import type { LoopEvent, LoopPorts } from '../../../src/agent/loop/ports.ts';
import { runLoop } from '../../../src/agent/loop/run.ts';
import { noBudget, tokenBudget } from '../../../src/agent/loop/token-budget.ts';
import type { Tool } from '../../../src/agent/loop/tool.ts';
import { JobError } from '../../../src/errors.ts';
import {
  AGENT_MAX_OUTPUT_BYTES,
  LOOP_MAX_TEXT_BYTES,
  LOOP_MODEL_ATTEMPTS,
  LOOP_MODEL_TIMEOUT_MS,
} from '../../../src/limits.ts';
import {
  add,
  call,
  final,
  Journals,
  type Line,
  LOOP_LIMITS,
  LOOP_TASK,
  loopPorts,
  ownClock,
  scriptedModel,
} from '../../support/loop.ts';

const NSEC = `nsec1${'q'.repeat(58)}`;
const one = call('c1', 'add', { a: 1, b: 1 });
const busy = (details?: { readonly retry_after_s: number }) =>
  new JobError('RATE_LIMIT_EXCEEDED', 'busy', details);

/** A run that can be driven again and again over one journal. */
function runOf(options: Partial<LoopOptions> = {}) {
  const journals = new Journals();
  const definition = defineLoop({ ...LOOP_LIMITS, tools: [add], ...options });
  return {
    journals,
    drive: async (
      lines: readonly Line[],
      more: Partial<LoopPorts> = {},
      signal = new AbortController().signal,
    ) => {
      const model = scriptedModel(lines);
      const ports = loopPorts({ model, store: journals.process(), ...more });
      return { model, outcome: await runLoop(definition, 'run', LOOP_TASK, ports, signal) };
    },
  };
}

test('a failure that passes is asked again after growing pauses, and is not seen in the answer', async () => {
  const clock = ownClock();
  const { drive } = runOf();
  const events: LoopEvent[] = [];
  const lines = [busy(), new JobError('SERVICE_UNAVAILABLE', 'away'), final('ok')];
  const { outcome } = await drive(lines, { clock, watch: (event) => void events.push(event) });
  expect(outcome).toMatchObject({ state: 'done', answer: 'ok', account: { modelCalls: 1, steps: 1 } });
  expect(clock.sleeps.filter((ms) => ms < LOOP_MODEL_TIMEOUT_MS / 10)).toEqual([500, 1_000]);
  expect(events.filter(({ type }) => type === 'retry')).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
});

test('a model that goes on failing pauses the run; driven again it goes on with everything it had', async () => {
  const { drive } = runOf();
  const failing = Array.from({ length: LOOP_MODEL_ATTEMPTS }, () => busy());
  const first = await drive([{ calls: [one] }, ...failing]);
  expect(first.outcome).toMatchObject({
    state: 'paused',
    pause: { reason: 'model', passing: true, failure: { code: 'RATE_LIMIT_EXCEEDED' } },
    account: { steps: 1, toolCalls: 1 },
  });
  const second = await drive([final('ok')]);
  expect(second.outcome).toMatchObject({ state: 'done', answer: 'ok', account: { steps: 2, toolCalls: 2 } });
});

test('a delay the provider names is waited for when it is short, and left to the owner when it is long', async () => {
  const clock = ownClock();
  const { drive } = runOf();
  const started = clock.now();
  await drive([busy({ retry_after_s: 7 }), { calls: [one] }, busy({ retry_after_s: 600 })], { clock }).then(
    ({ outcome }) => {
      expect(clock.sleeps).toContain(7_000);
      expect(outcome).toMatchObject({
        state: 'paused',
        pause: { reason: 'model', passing: true, retryAt_ms: started + 7_000 + 600_000 },
      });
    },
  );
});

test('a failure that does not pass is not asked again', async () => {
  const { drive } = runOf();
  const { model, outcome } = await drive([new JobError('CONTENT_TOO_LARGE', 'long')]);
  expect(outcome).toMatchObject({
    state: 'paused',
    pause: { reason: 'model', passing: false, retryAt_ms: null },
  });
  expect(model.asked).toHaveLength(1);
});

test('a fault of a client is logged and tells nothing; an overloaded one is not asked again', async () => {
  const faults: unknown[] = [];
  const log = (error: unknown): void => void faults.push(error);
  const overloaded = Object.assign(new Error('at 10.1.2.3'), { overloaded: true });
  const { model, outcome } = await runOf().drive([overloaded], { log });
  expect(outcome).toMatchObject({ pause: { failure: { code: 'AGENT_ERROR' }, passing: false } });
  expect(JSON.stringify(outcome)).not.toContain('10.1.2.3');
  expect(model.asked).toHaveLength(1);
  expect(faults).toEqual([overloaded]);
});

test('an answer that breaks off is asked for again, and what was heard of it is paid', async () => {
  const spent: number[] = [];
  const settle: Budget['settle'] = async (_key, _model, { completion_tokens }) =>
    void spent.push(completion_tokens);
  const whole = scriptedModel([final('ok')]);
  let asked = 0;
  const model: ToolModelClient = {
    async *ask(request, signal) {
      if (asked++ > 0) yield* whole.ask(request, signal);
      else yield { type: 'text', text: 'half of a sen' };
    },
  };
  const { outcome } = await runOf().drive([], { model, budget: { ...noBudget, settle } });
  expect(outcome).toMatchObject({ state: 'done', answer: 'ok', account: { modelCalls: 1 } });
  expect(spent).toEqual([4, 5]);
});

test('a model that never ends its answer is over its time, and asked again', async () => {
  const { outcome } = await runOf().drive([() => new Promise(() => undefined), final('ok')]);
  expect(outcome).toMatchObject({ state: 'done', answer: 'ok' });
});

test('cancelling reaches a running call of the model, also one that does not listen', async () => {
  for (const listens of [true, false]) {
    const cancel = new AbortController();
    const { drive, journals } = runOf();
    const line: Line = (_, signal) => {
      queueMicrotask(() => cancel.abort());
      return new Promise((_resolve, reject) => {
        if (listens) signal.addEventListener('abort', () => reject(new JobError('TIMEOUT', 'stopped')));
      });
    };
    const { outcome } = await drive([line], {}, cancel.signal);
    expect(outcome).toMatchObject({ state: 'paused', pause: { reason: 'cancelled' } });
    expect(journals.of('run').map(({ type }) => type)).toEqual(['task']);
    expect((await drive([final('ok')])).outcome).toMatchObject({ state: 'done', answer: 'ok' });
  }
});

test('cancelling reaches a pause between two tries', async () => {
  const cancel = new AbortController();
  const watch = ({ type }: LoopEvent): void => {
    if (type === 'retry') queueMicrotask(() => cancel.abort());
  };
  const spent: number[] = [];
  const settle: Budget['settle'] = async (_key, _model, { total_tokens }) => void spent.push(total_tokens);
  const budget = { ...noBudget, settle };
  const { outcome, model } = await runOf().drive([busy(), final('ok')], { watch, budget }, cancel.signal);
  expect(outcome).toMatchObject({ pause: { reason: 'cancelled' } });
  expect(model.asked).toHaveLength(1);
  expect(spent).toEqual([0]);
});

test('cancelling reaches running tools; what came back stays, what did not is called again', async () => {
  const cancel = new AbortController();
  const ran: string[] = [];
  const deaf: Tool = {
    ...add,
    name: 'deaf',
    run: async (input, context) => {
      ran.push(context.key);
      return ran.length > 1 ? add.run(input, context) : new Promise(() => undefined);
    },
  };
  const { drive, journals } = runOf({ tools: [add, deaf] });
  const calls = [call('a', 'deaf', { a: 1, b: 2 }), one];
  const watch = (event: LoopEvent): void => {
    if (event.type === 'entry' && event.entry.type === 'result') cancel.abort();
  };
  const cut = await drive([{ calls }], { watch }, cancel.signal);
  expect(cut.outcome).toMatchObject({ pause: { reason: 'cancelled' } });
  expect(journals.of('run').filter(({ type }) => type === 'result')).toMatchObject([{ call: 1 }]);
  const { outcome, model } = await drive([final('ok')]);
  expect(outcome).toMatchObject({ state: 'done', answer: 'ok' });
  expect(ran).toEqual(['run/1.0', 'run/1.0']);
  expect(model.asked).toHaveLength(1);
});

/** A model that uses every token it is given, and whose questions are so many times longer than we estimate. */
function greedy(times: number): Line {
  return ({ messages, tools, maxTokens }) => {
    let chars = JSON.stringify(tools).length;
    for (const message of messages) {
      chars += message.content.length;
      if (message.role === 'assistant') chars += JSON.stringify(message.calls).length;
    }
    const prompt_tokens = Math.ceil((chars / 4 + 6 * messages.length) * times);
    const usage = { prompt_tokens, completion_tokens: maxTokens, total_tokens: prompt_tokens + maxTokens };
    return { calls: [one], usage };
  };
}

test('a run stops at its budget, not over it, and goes on when there is more', async () => {
  // A model that counts twice what we estimate is only known as such from its first answer on.
  for (const { times, from } of [
    { times: 1.2, from: 1_000 },
    { times: 2, from: 4_500 },
  ]) {
    for (let limit = from; limit < from + 4_500; limit += 97) {
      const { drive } = runOf({ maxSteps: 50 });
      const lines = Array(60).fill(greedy(times));
      const { outcome } = await drive(lines, { budget: tokenBudget(limit) });
      expect(outcome).toMatchObject({ state: 'paused', pause: { reason: 'budget' } });
      const spent = outcome.account.total.total_tokens;
      expect(spent).toBeLessThanOrEqual(limit);
      expect(spent).toBeGreaterThan(limit / 3);
      const { outcome: more } = await drive([final('ok')], { budget: tokenBudget(limit + 9_000, spent) });
      expect(more).toMatchObject({ state: 'done', answer: 'ok' });
    }
  }
});

test('the budget hears of every call before and after it, by one name, failed tries included', async () => {
  const heard: unknown[] = [];
  const budget: Budget = {
    reserve: async ({ key, completion_tokens }) => {
      heard.push(['reserve', key]);
      return completion_tokens;
    },
    settle: async (key, model, { total_tokens }) => void heard.push(['settle', key, model, total_tokens]),
  };
  await runOf({ planEvery: 5 }).drive([{ text: 'plan' }, busy(), { calls: [one] }, final('ok')], { budget });
  expect(heard).toEqual([
    ['reserve', 'run/plan.1'],
    ['settle', 'run/plan.1', 'small', 15],
    ['reserve', 'run/1'],
    ['settle', 'run/1', 'small', 0],
    ['reserve', 'run/1'],
    ['settle', 'run/1', 'small', 15],
    ['reserve', 'run/2'],
    ['settle', 'run/2', 'small', 15],
  ]);
});

test('calls of managed agents side by side do not get the same tokens twice', async () => {
  const budget = tokenBudget(10_000);
  const wish = { model: 'm', prompt_tokens: 1_000, completion_tokens: 6_000 };
  expect(await budget.reserve({ key: 'a', ...wish })).toBe(6_000);
  expect(await budget.reserve({ key: 'b', ...wish })).toBe(2_000);
  expect(await budget.reserve({ key: 'c', ...wish })).toBe(0);
  await budget.settle('a', 'm', { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 });
  expect(await budget.reserve({ key: 'c', ...wish })).toBe(4_990);
});

test('a tool that waits pauses the run with its manager, and is called again when the run goes on', async () => {
  let answer: string | null = null;
  const question: Tool = {
    name: 'ask_user',
    description: 'Asks.',
    input: { type: 'object', properties: {} },
    parallel: false,
    run: async () => {
      if (answer === null) throw new RunPaused({ reason: 'waiting', what: 'the client' });
      return answer;
    },
  };
  const journals = new Journals();
  const drive = (lines: readonly Line[]) => {
    const model = scriptedModel(lines);
    const ports = loopPorts({ model, store: journals.process() });
    const options = { ...LOOP_LIMITS, model: 'tiny', tools: [question] };
    const helper = managedAgent({ name: 'helper', description: 'h', options }, ports);
    const definition = defineLoop({ ...LOOP_LIMITS, tools: [helper, add] });
    return runLoop(definition, 'run', LOOP_TASK, ports, new AbortController().signal);
  };
  const calls = [call('h', 'helper', { task: 'ask' }), one];
  const first = await drive([{ calls }, { calls: [call('q', 'ask_user', {})] }]);
  expect(first).toMatchObject({
    state: 'paused',
    pause: { reason: 'waiting', what: 'the client' },
    // Counted although the call of the helper has not come back.
    account: { toolCalls: 1, usage: { small: { total_tokens: 15 }, tiny: { total_tokens: 15 } } },
  });
  answer = 'yes';
  const second = await drive([final('asked'), final('end')]);
  expect(second).toMatchObject({
    state: 'done',
    answer: 'end',
    account: {
      usage: { small: { total_tokens: 30 }, tiny: { total_tokens: 30 } },
      total: { total_tokens: 60 },
    },
  });
});

test('words of the owner are taken once, before the next question, and stand in all later ones', async () => {
  const notes = async () => [{ id: 'n1', from: 'the client', text: 'shorter please' }];
  const { model, outcome } = await runOf().drive([{ calls: [one] }, final('ok')], { notes });
  expect(outcome.state).toBe('done');
  for (const { messages } of model.asked) {
    expect(messages.filter(({ content }) => content.includes('shorter please'))).toHaveLength(1);
  }
});

test('an answer at the step limit is checked, and what stands against it is said; a key does not leave', async () => {
  const checks = [(answer: unknown) => (answer === 'bad' ? 'it is bad' : null)];
  const last = async (text: string) =>
    (await runOf({ maxSteps: 1, checks }).drive([{ calls: [one] }, { text }])).outcome;
  expect(await last('good')).toMatchObject({ how: 'step_limit', answer: 'good', problem: null });
  expect(await last('bad')).toMatchObject({
    answer: 'bad',
    problem: { code: 'ANSWER_REFUSED', message: 'it is bad' },
  });
  expect(await last(`x ${NSEC}`)).toMatchObject({ answer: '', problem: { code: 'SECRET_IN_TEXT' } });
  const long = 'x'.repeat(AGENT_MAX_OUTPUT_BYTES + 1);
  expect(await last(long)).toMatchObject({ answer: '', problem: { code: 'ANSWER_TOO_LARGE' } });
});

test('a check that breaks objects, also at the step limit; one that waits pauses the run', async () => {
  const faults: unknown[] = [];
  const log = (error: unknown): void => void faults.push(error);
  const check = (answer: unknown): string | null => {
    if (answer === 'break') throw new Error('secret of the check');
    if (answer === 'wait') throw new RunPaused({ reason: 'waiting', what: 'a judge' });
    return null;
  };
  const run = runOf({ maxSteps: 1, checks: [check] });
  const { outcome, model } = await run.drive([final('break'), { text: 'break' }], { log });
  expect(outcome).toMatchObject({ how: 'step_limit', answer: 'break', problem: { code: 'TOOL_FAILED' } });
  expect(JSON.stringify([outcome, model.asked])).not.toContain('secret');
  expect(faults).toHaveLength(2);
  for (const lines of [[final('wait')], [{ calls: [one] }, { text: 'wait' }]]) {
    const waits = await runOf({ maxSteps: 1, checks: [check] }).drive(lines);
    expect(waits.outcome).toMatchObject({ pause: { reason: 'waiting', what: 'a judge' } });
  }
});

test('the plan is asked for without tools and is told how many steps are left', async () => {
  const lines = [{ text: 'plan' }, { calls: [one] }, { text: 'plan again' }, final('ok')];
  const { model } = await runOf({ planEvery: 1, maxSteps: 7 }).drive(lines);
  const [first, , again] = model.asked;
  expect([first?.tools, again?.tools]).toEqual([[], []]);
  expect(first?.messages.at(-1)?.content).toMatch(/ 7 steps are left\.$/);
  expect(again?.messages.at(-1)?.content).toMatch(/ 6 steps are left\.$/);
});

test('a conversation longer than the context leaves out its oldest results, each with a mark', async () => {
  const page: Tool = {
    ...add,
    name: 'page',
    run: async ({ a }) => `page ${String(a)} ${'word '.repeat(800)}`,
  };
  const lines: Line[] = Array.from({ length: 6 }, (_, at) => ({
    calls: [call(`c${at}`, 'page', { a: at, b: 0 })],
  }));
  const { model, outcome } = await runOf({ tools: [page], maxContextTokens: 5_000 }).drive([
    ...lines,
    final('ok'),
  ]);
  expect(outcome.state).toBe('done');
  const told = model.asked.at(-1)?.messages.filter(({ role }) => role === 'tool') ?? [];
  expect(told).toHaveLength(6);
  expect(told[0]?.content).toMatch(/^LEFT OUT/);
  expect(told[5]?.content).toContain('page 5');
});

test('a job that alone is longer than the context pauses the run and asks nobody', async () => {
  const { model, outcome } = await runOf({ maxContextTokens: 1_050 }).drive([]);
  expect(outcome).toMatchObject({
    pause: { reason: 'model', passing: false, failure: { code: 'CONTENT_TOO_LARGE' } },
  });
  expect(model.asked).toEqual([]);
});

test('text is told piece by piece as it comes, and an answer without end is not read to it', async () => {
  const deltas: string[] = [];
  const watch = (event: LoopEvent): void => {
    if (event.type === 'delta') deltas.push(event.text);
  };
  const lines = [
    { text: 'a thought in pieces', calls: [one] },
    { text: 'x'.repeat(LOOP_MAX_TEXT_BYTES * 2) },
    final('ok'),
  ];
  const { outcome } = await runOf().drive(lines, { watch });
  expect(outcome).toMatchObject({ state: 'done', account: { steps: 3 } });
  expect(deltas.slice(0, 3).join('')).toBe('a thought in pieces');
  expect(deltas.slice(3).join('').length).toBeLessThanOrEqual(LOOP_MAX_TEXT_BYTES);
});

test('a final answer of a stated shape is held to it', async () => {
  const answer = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const { outcome, model } = await runOf({ answer }).drive([final('two'), final({ n: 2 })]);
  expect(outcome).toMatchObject({ state: 'done', answer: { n: 2 }, account: { steps: 2 } });
  expect(model.asked[1]?.messages.at(-1)?.content).toMatch(/^ERROR BAD_ARGUMENTS/);
});

test('a run that has ended is only read', async () => {
  const { drive, journals } = runOf();
  const { outcome } = await drive([final('ok')]);
  const { writes } = journals;
  const again = await drive([], { notes: async () => [{ id: 'late', from: 'the client', text: 'late' }] });
  expect(again.outcome).toEqual(outcome);
  expect(journals.writes).toBe(writes);
  expect(again.model.asked).toEqual([]);
});
