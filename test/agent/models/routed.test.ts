/**
 * Goal: with limits and fallbacks configured, chat and the loop share what may be asked of each model, and chat waits
 * for a limit that is over soon instead of failing.
 * Method: scripted clients, the real traffic rules, a clock that only sleeping moves.
 */
import { expect, test } from 'vitest';
import type { ModelChunk, ModelRequest } from '../../../src/agent/chat/model-client.ts';
import type { LoopChunk, LoopRequest } from '../../../src/agent/loop/model.ts';
import { keptTraffic } from '../../../src/agent/models/kept-traffic.ts';
import { needsTraffic, routedModels } from '../../../src/agent/models/routed.ts';
import { sharedTraffic } from '../../../src/agent/models/shared-traffic.ts';
import type { ModelLimits } from '../../../src/agent/models/traffic.ts';
import { readConfig } from '../../../src/config.ts';
import { JobError } from '../../../src/errors.ts';
import { MODEL_COOLDOWN_BASE_MS, MODEL_PATIENCE_MS } from '../../../src/limits.ts';
import { nodeSql } from '../../support/node-sql.ts';

const QUESTION: ModelRequest = { model: 'a', messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 };
const TASK: LoopRequest = { ...QUESTION, messages: [{ role: 'user', content: 'hi' }], tools: [] };
const END = {
  type: 'end',
  finishReason: 'stop',
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
} as const;

function world(
  names: readonly string[],
  limits: ModelLimits,
  failing: Readonly<Record<string, () => Error>> = {},
) {
  let now_ms = 1_700_000_000_000;
  let ids = 0;
  const asked: string[] = [];
  const slept: number[] = [];
  const sql = nodeSql();
  async function* say(request: { readonly model: string }): AsyncGenerator<ModelChunk & LoopChunk> {
    asked.push(request.model);
    const fail = failing[request.model];
    if (fail !== undefined) throw fail();
    yield { type: 'text', text: request.model };
    yield END;
  }
  const traffic = () =>
    sharedTraffic(keptTraffic(sql), new Map(names.map((name) => [name, limits])), () => now_ms);
  const models = (port = traffic()) =>
    routedModels(
      { chat: { ask: say }, tools: { ask: say } },
      {
        names,
        traffic: port,
        newId: () => `${ids++}`,
        now: () => now_ms,
        random: () => 0.5,
        sleep: async (ms) => {
          slept.push(ms);
          now_ms += ms;
        },
      },
    );
  return { models, asked, slept, pass: (ms: number) => (now_ms += ms) };
}

async function endOf(chunks: AsyncIterable<ModelChunk | LoopChunk>) {
  let end: ModelChunk | LoopChunk | null = null;
  for await (const chunk of chunks) end = chunk;
  return end;
}
const signal = () => new AbortController().signal;

test('nothing stands in the way of one model without limits', () => {
  const needs = (raw: Record<string, string>) => {
    const { models } = readConfig({ LOCAL: '1', ...raw });
    return needsTraffic(models, ['a', ...models.fallbacks]);
  };
  expect(needs({})).toBe(false);
  expect(needs({ MODEL_RPM: '5' })).toBe(true);
  expect(needs({ MODEL_TPM: '50000' })).toBe(true);
  expect(needs({ MODEL_FALLBACKS: 'b' })).toBe(true);
});

test('chat and the loop count together; a fallback answers by its own name when the first is used up', async () => {
  const { models, asked } = world(['a', 'b'], { requestsPerMinute: 1 });
  const { chat, tools } = models();
  expect(await endOf(chat.ask(QUESTION, signal()))).toMatchObject({ model: 'a' });
  expect(await endOf(tools.ask(TASK, signal()))).toMatchObject({ model: 'b' });
  await expect(endOf(tools.ask(TASK, signal()))).rejects.toMatchObject({
    code: 'RATE_LIMIT_EXCEEDED',
    details: { retry_after_s: 60 },
  });
  expect(asked).toEqual(['a', 'b']);
});

test('chat waits until its minute is over, and then asks once', async () => {
  const { models, asked, slept } = world(['a'], { requestsPerMinute: 1 });
  const { chat } = models();
  await endOf(chat.ask(QUESTION, signal()));
  await endOf(chat.ask(QUESTION, signal()));
  expect(asked).toEqual(['a', 'a']);
  expect(slept).toEqual([60_500]);
});

test('it does not wait longer than its patience, nor for what is no limit, nor once it was stopped', async () => {
  const later = new JobError('RATE_LIMIT_EXCEEDED', 'x', { retry_after_s: MODEL_PATIENCE_MS / 1_000 + 1 });
  const long = world(['a'], {}, { a: () => later });
  await expect(endOf(long.models().chat.ask(QUESTION, signal()))).rejects.toMatchObject({ code: later.code });
  const wrong = world(['a'], {}, { a: () => new JobError('INVALID_PARAMETER', 'x') });
  await expect(endOf(wrong.models().chat.ask(QUESTION, signal()))).rejects.toMatchObject({
    code: 'INVALID_PARAMETER',
  });
  expect([...long.slept, ...wrong.slept]).toEqual([]);
  const abort = new AbortController();
  const soon = new JobError('RATE_LIMIT_EXCEEDED', 'x', { retry_after_s: 1 });
  const stopping = world(
    ['a'],
    {},
    {
      a: () => {
        abort.abort();
        return soon;
      },
    },
  );
  await expect(endOf(stopping.models().chat.ask(QUESTION, abort.signal))).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  expect(stopping.asked).toEqual(['a']);
});

test('a cooldown outlives the memory of the object; requests of the last minute do not', async () => {
  const failing = { a: () => new JobError('SERVICE_UNAVAILABLE', 'overloaded') };
  const { models, asked, pass } = world(['a', 'b'], {}, failing);
  await endOf(models().tools.ask(TASK, signal()));
  await endOf(models().tools.ask(TASK, signal()));
  expect(asked).toEqual(['a', 'b', 'b']);
  pass(MODEL_COOLDOWN_BASE_MS);
  await endOf(models().tools.ask(TASK, signal()));
  expect(asked.slice(3)).toEqual(['a', 'b']);
  // Twice in a row: it cools down for longer.
  pass(MODEL_COOLDOWN_BASE_MS);
  await endOf(models().tools.ask(TASK, signal()));
  expect(asked.slice(5)).toEqual(['b']);
});
