/**
 * Goal: whatever the models do, a router asks within their limits, leaves failing ones alone for as long as their
 * provider says, never tells two models' text as one answer, and says when to come again.
 * Method: scripted models over the real traffic rules with an own clock; random schedules against the limits.
 * Does not prove: that providers count as we do.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyFailure } from '../../../src/agent/models/failure.ts';
import { routedClient } from '../../../src/agent/models/router.ts';
import { sharedTraffic } from '../../../src/agent/models/shared-traffic.ts';
import {
  failed,
  type ModelLimits,
  NO_TRAFFIC,
  reserve,
  succeeded,
  type TrafficState,
} from '../../../src/agent/models/traffic.ts';
import { JobError } from '../../../src/errors.ts';
import { MODEL_COOLDOWN_BASE_MS, MODEL_COOLDOWN_MAX_MS } from '../../../src/limits.ts';
import type { Usage } from '../../../src/protocol/model.ts';

interface Request {
  readonly model: string;
  readonly maxTokens: number;
}
type Chunk =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'end'; readonly usage: Usage | null; readonly model?: string };
type Act = string | JobError | Error;

const usage: Usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const tooMany = (retry_after_s: number) => new JobError('RATE_LIMIT_EXCEEDED', 'later', { retry_after_s });
const overloaded = new JobError('SERVICE_UNAVAILABLE', 'overloaded');
const rejected = new JobError('MODEL_ERROR', 'not so', { reason: 'rejected' });
const refused = new JobError('MODEL_ERROR', 'no', { reason: 'refused' });

/** Models that play their acts in order, the last for ever. */
function house(
  acts: Readonly<Record<string, Act[]>>,
  options: { limits?: Record<string, ModelLimits>; context?: Record<string, number> } = {},
) {
  const clock = { now_ms: 1_000_000 };
  const asked: string[] = [];
  const states = new Map<string, TrafficState>();
  let ids = 0;
  const chain = Object.entries(acts).map(([name, script]) => ({
    name,
    contextTokens: options.context?.[name] ?? 1_000,
    client: {
      async *ask(request: Request): AsyncGenerator<Chunk> {
        asked.push(request.model);
        const act = (script.length > 1 ? script.shift() : script[0]) ?? 'ok';
        if (typeof act !== 'string') throw act;
        for (const text of act.split('|')) {
          if (text === 'CUT') throw new JobError('MODEL_ERROR', 'broke off');
          yield { type: 'text', text };
        }
        yield { type: 'end', usage };
      },
    },
  }));
  const client = routedClient<Request, Chunk>({
    chain,
    traffic: sharedTraffic(states, new Map(Object.entries(options.limits ?? {})), () => clock.now_ms),
    promptTokens: () => 10,
    newId: () => `${ids++}`,
    now: () => clock.now_ms,
  });
  const ask = async (model = 'a', signal = new AbortController().signal) => {
    let text = '';
    try {
      for await (const chunk of client.ask({ model, maxTokens: 90 }, signal)) {
        if (chunk.type === 'text') text += chunk.text;
        else return { text, by: chunk.model };
      }
    } catch (error) {
      return { text, error: error instanceof JobError ? error.failure : error };
    }
    return { text };
  };
  return { ask, asked, clock, states };
}

test('the first of the chain answers, by its name; a request may name another to begin with', async () => {
  const { ask, asked } = house({ a: ['from a'], b: ['from b'] });
  expect(await ask()).toEqual({ text: 'from a', by: 'a' });
  expect(await ask('b')).toEqual({ text: 'from b', by: 'b' });
  expect(await ask('unknown')).toEqual({ text: 'from a', by: 'a' });
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('a model that refuses for a named time is left alone exactly so long', async () => {
  const { ask, asked, clock } = house({ a: [tooMany(30), 'a again'], b: ['from b'] });
  expect(await ask()).toEqual({ text: 'from b', by: 'b' });
  clock.now_ms += 29_999;
  expect(await ask()).toMatchObject({ by: 'b' });
  clock.now_ms += 1;
  expect(await ask()).toEqual({ text: 'a again', by: 'a' });
  expect(asked).toEqual(['a', 'b', 'b', 'a']);
});

test('nothing falls back once a piece was told', async () => {
  const { ask, asked } = house({ a: ['half|CUT'], b: ['other'] });
  expect(await ask()).toEqual({ text: 'half', error: { code: 'MODEL_ERROR', message: 'broke off' } });
  expect(asked).toEqual(['a']);
});

test('when all are busy the error names the soonest moment, and nobody is asked before it', async () => {
  const { ask, asked, clock } = house({ a: [tooMany(40)], b: [tooMany(12.5)] });
  expect(await ask()).toMatchObject({
    error: { code: 'RATE_LIMIT_EXCEEDED', details: { retry_after_s: 13 } },
  });
  clock.now_ms += 10_000;
  expect(await ask()).toMatchObject({ error: { details: { retry_after_s: 3 } } });
  expect(asked).toEqual(['a', 'b']);
});

test.each<[string, Act, Act, object]>([
  [
    'wrong requests are not offered to others',
    new JobError('INVALID_PARAMETER', 'x'),
    'b',
    { code: 'INVALID_PARAMETER', message: 'x' },
  ],
  ['bugs neither', new TypeError('bug'), 'b', new TypeError('bug')],
  [
    'a passing failure outweighs a refusal',
    refused,
    overloaded,
    { code: 'SERVICE_UNAVAILABLE', message: 'overloaded' },
  ],
  ['rejected outweighs refused', refused, rejected, rejected.failure],
  ['refused everywhere', refused, refused, refused.failure],
])('%s', async (_name, a, b, error) => {
  expect(await house({ a: [a], b: [b] }).ask()).toEqual({ text: '', error });
});

test('what is over one context goes to the model that reads more, and cools nobody', async () => {
  const long = house({ a: ['a'], b: ['b'] }, { context: { a: 99, b: 100 } });
  expect(await long.ask()).toMatchObject({ by: 'b' });
  expect(long.asked).toEqual(['b']);
  const told = house({ a: [new JobError('CONTENT_TOO_LARGE', 'long'), 'a'], b: ['b'] });
  expect(await told.ask()).toMatchObject({ by: 'b' });
  expect(await told.ask()).toMatchObject({ by: 'a' });
  const all = house({ a: ['a'], b: ['b'] }, { context: { a: 50, b: 99 } });
  expect(await all.ask()).toMatchObject({
    error: { code: 'CONTENT_TOO_LARGE', details: { actual_tokens: 100 } },
  });
});

test('a request that a model does not take goes to the next, and cools nobody however often it comes', async () => {
  const { ask, asked, states } = house({ a: [rejected, rejected, 'a'], b: ['b', rejected, 'b'] });
  expect(await ask()).toMatchObject({ by: 'b' });
  expect(await ask()).toMatchObject({ error: { code: 'MODEL_ERROR', details: { reason: 'rejected' } } });
  expect(await ask()).toMatchObject({ by: 'a' });
  expect(asked).toEqual(['a', 'b', 'a', 'b', 'a']);
  for (const state of states.values()) expect(state).toMatchObject({ failures: 0, coolUntil_ms: 0 });
});

test('being stopped by our side is nobody’s failure', async () => {
  const stop = new AbortController();
  stop.abort();
  const { ask, asked, states } = house({ a: [new JobError('TIMEOUT', 'stopped')], b: ['b'] });
  expect(await ask('a', stop.signal)).toMatchObject({ error: { code: 'TIMEOUT' } });
  expect(asked).toEqual(['a']);
  expect(states.get('a')?.failures).toBe(0);
});

test('failures without a named time cool down longer and longer up to a bound; an answer forgets them', () => {
  let state = NO_TRAFFIC;
  const delays: number[] = [];
  for (let n = 0; n < 12; n++) {
    state = failed(state, classifyFailure(overloaded), state.coolUntil_ms);
    delays.push(state.coolUntil_ms - delays.reduce((sum, delay) => sum + delay, 0));
  }
  expect(delays.slice(0, 3)).toEqual([1, 2, 4].map((times) => times * MODEL_COOLDOWN_BASE_MS));
  expect(delays.at(-1)).toBe(MODEL_COOLDOWN_MAX_MS);
  expect(succeeded(state, 'x', 1).failures).toBe(0);
});

test('in no 60 s are more requests or tokens granted than the limits say, and what is named as the next moment is free', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 50, max: 500 }),
      fc.array(
        fc.record({
          pause: fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.constant(null)),
          tokens: fc.integer({ min: 1, max: 200 }),
          used: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 60 },
      ),
      (requestsPerMinute, tokensPerMinute, schedule) => {
        const limits = { requestsPerMinute, tokensPerMinute };
        const granted: { at_ms: number; tokens: number }[] = [];
        let state = NO_TRAFFIC;
        let now_ms = 1_000_000;
        let next: number | null = null;
        for (const [index, { pause, tokens, used }] of schedule.entries()) {
          // Null: exactly when we were told to come again.
          now_ms = pause === null ? Math.max(now_ms, next ?? now_ms) : now_ms + pause;
          const id = `${index}`;
          const first = reserve(state, limits, { id, tokens, now_ms });
          state = first.state;
          if (!first.leave.granted) {
            next = first.leave.retryAt_ms;
            if (next === null) {
              expect(tokens).toBeGreaterThan(tokensPerMinute);
              continue;
            }
            expect(next).toBeGreaterThan(now_ms);
            expect(reserve(state, limits, { id, tokens, now_ms: next }).leave.granted).toBe(true);
            expect(reserve(state, limits, { id, tokens, now_ms: next - 1 }).leave.granted).toBe(false);
            continue;
          }
          const spent = Math.floor(tokens * used);
          granted.push({ at_ms: now_ms, tokens: spent });
          state = succeeded(state, id, spent);
        }
        for (const { at_ms: from } of granted) {
          const window = granted.filter(({ at_ms }) => at_ms >= from && at_ms < from + 60_000);
          expect(window.length).toBeLessThanOrEqual(requestsPerMinute);
          expect(window.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(tokensPerMinute);
        }
      },
    ),
  );
});

test('requests a day are counted over a day', () => {
  const limits = { requestsPerDay: 2 };
  let state = NO_TRAFFIC;
  for (const now_ms of [0, 1_000])
    state = reserve(state, limits, { id: `${now_ms}`, tokens: 1, now_ms }).state;
  const third = reserve(state, limits, { id: 'c', tokens: 1, now_ms: 7_000_000 });
  expect(third.leave).toEqual({ granted: false, retryAt_ms: 86_400_000 });
  expect(reserve(third.state, limits, { id: 'c', tokens: 1, now_ms: 86_400_000 }).leave.granted).toBe(true);
});

test('sessions that share the state share the limit, and one wish asked twice counts once', async () => {
  const states = new Map<string, TrafficState>();
  const limits = new Map([['a', { requestsPerMinute: 2 }]]);
  const [one, two] = [sharedTraffic(states, limits, () => 5), sharedTraffic(states, limits, () => 5)];
  expect((await one.reserve('a', 'x', 1)).granted).toBe(true);
  expect((await one.reserve('a', 'x', 1)).granted).toBe(true);
  expect((await two.reserve('a', 'y', 1)).granted).toBe(true);
  expect(await one.reserve('a', 'z', 1)).toEqual({ granted: false, retryAt_ms: 60_005 });
});
