/** One question to the model: within its budget, tried again while a failure may pass, and then a pause, never an end. */
import { JobError, type JobFailure } from '../../errors.ts';
import {
  LOOP_MIN_ANSWER_TOKENS,
  LOOP_MODEL_ATTEMPTS,
  LOOP_MODEL_RETRY_BASE_MS,
  LOOP_MODEL_RETRY_MAX_MS,
  LOOP_MODEL_TIMEOUT_MS,
} from '../../limits.ts';
import { isOverloaded, type RetryPolicy, retryDelay } from '../../retry.ts';
import { callsOf } from './calls.ts';
import type { LoopDefinition } from './definition.ts';
import type { Answered } from './entry.ts';
import { fitted } from './fit.ts';
import { Heard, listen } from './listen.ts';
import type { Memory } from './memory.ts';
import type { LoopRequest, ModelCall } from './model.ts';
import type { Pause } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import { draftsOf, type Purpose } from './prompt.ts';
import { NO_USAGE } from './usage.ts';
import { within } from './within.ts';

const POLICY: RetryPolicy = {
  baseMs: LOOP_MODEL_RETRY_BASE_MS,
  maxMs: LOOP_MODEL_RETRY_MAX_MS,
  attempts: LOOP_MODEL_ATTEMPTS,
};
/** What may mend by itself. A TIMEOUT is the provider's here: our own stop is told by the signal. */
const PASSING = new Set(['MODEL_ERROR', 'SERVICE_UNAVAILABLE', 'RATE_LIMIT_EXCEEDED', 'TIMEOUT']);
/** More is set aside for a question than it is estimated at: a run stops at its budget, also where the estimate is short. */
const RESERVE_MARGIN = 1.25;
/** Estimates are off by no more than this; a provider that counts more is not believed. */
const MAX_FACTOR = 8;

export interface Question {
  /** Names it for good. */
  readonly key: string;
  readonly purpose: Purpose;
  readonly step: number;
}

export type Reply =
  | { readonly ok: true; readonly answered: Answered; readonly calls: readonly ModelCall[] }
  | { readonly ok: false; readonly pause: Pause };

export async function ask(
  definition: LoopDefinition,
  memory: Memory,
  question: Question,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Reply> {
  const { options } = definition;
  const { key, purpose, step } = question;
  const factor = factorOf(memory);
  const drafts = draftsOf(definition, memory, purpose, step);
  const fit = fitted(drafts, definition, purpose === 'act', ports.count, factor);
  if (!fit.fits) return tooLong(fit.tokens, options.maxContextTokens);
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return paused({ reason: 'cancelled' });
    const maxTokens = await ports.budget.reserve({
      key,
      model: options.model,
      prompt_tokens: Math.ceil(fit.tokens * RESERVE_MARGIN),
      completion_tokens: options.maxAnswerTokens,
    });
    if (maxTokens < Math.min(LOOP_MIN_ANSWER_TOKENS, options.maxAnswerTokens)) {
      if (maxTokens > 0) await ports.budget.settle(key, options.model, NO_USAGE);
      return paused({ reason: 'budget', wanted_tokens: fit.tokens + options.maxAnswerTokens });
    }
    const request: LoopRequest = {
      model: options.model,
      messages: fit.messages,
      tools: purpose === 'act' ? definition.offers : [],
      maxTokens,
      ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    };
    const heard = new Heard();
    const trial = await tryOnce(request, heard, question, attempt, ports, signal);
    const model = heard.model ?? options.model;
    const completion_tokens = ports.count(heard.text + JSON.stringify(heard.calls));
    const estimated = {
      prompt_tokens: fit.tokens,
      completion_tokens,
      total_tokens: fit.tokens + completion_tokens,
    };
    // A question that was refused cost nothing; one that got no answer in time may have.
    const unanswered = !heard.asked || (trial.end === 'failed' && trial.refused && heard.nothing);
    const usage = heard.usage ?? (unanswered ? NO_USAGE : estimated);
    await ports.budget.settle(key, model, usage);
    if (trial.end === 'aborted') return paused({ reason: 'cancelled' });
    if (trial.end === 'heard') {
      const { text, finishReason } = heard;
      const estimate_tokens = Math.ceil(fit.tokens / factor);
      const answered: Answered = {
        text,
        finishReason: finishReason ?? 'stop',
        model,
        usage,
        estimate_tokens,
      };
      return { ok: true, answered, calls: purpose === 'act' ? callsOf(heard.calls, text, step) : [] };
    }
    const delay_ms = trial.passing ? delayBefore(trial.failure, attempt, ports.random()) : undefined;
    if (delay_ms === undefined || delay_ms > LOOP_MODEL_RETRY_MAX_MS) {
      return paused({
        reason: 'model',
        failure: trial.failure,
        passing: trial.passing,
        retryAt_ms: delay_ms === undefined ? null : ports.clock.now() + delay_ms,
      });
    }
    await ports.watch?.({ type: 'retry', key, attempt, delay_ms });
    await ports.clock.sleep(delay_ms, signal);
  }
}

type Trial =
  | { readonly end: 'heard' }
  | { readonly end: 'aborted' }
  | {
      readonly end: 'failed';
      readonly failure: JobFailure;
      readonly passing: boolean;
      /** Whether the model said no, rather than nothing. */
      readonly refused: boolean;
    };

async function tryOnce(
  request: LoopRequest,
  heard: Heard,
  { key }: Question,
  attempt: number,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Trial> {
  try {
    const bounded = await within(ports.clock, LOOP_MODEL_TIMEOUT_MS, signal, (stop) =>
      listen(ports.model.ask(request, stop), heard, async (text) => {
        if (!stop.aborted) await ports.watch?.({ type: 'delta', key, attempt, text });
      }),
    );
    if (bounded.end === 'done') return { end: 'heard' };
    if (bounded.end === 'aborted') return { end: 'aborted' };
    const failure: JobFailure = { code: 'TIMEOUT', message: 'the model did not finish its answer in time' };
    return { end: 'failed', failure, passing: true, refused: false };
  } catch (error) {
    if (error instanceof JobError) {
      return { end: 'failed', failure: error.failure, passing: PASSING.has(error.code), refused: true };
    }
    ports.log(error);
    const failure: JobFailure = { code: 'AGENT_ERROR', message: 'The agent failed' };
    // What is overloaded gets worse by being asked again (PLATFORM, DO errors); the pause is the owner's.
    return { end: 'failed', failure, passing: !isOverloaded(error), refused: true };
  }
}

/** Pause before the next try, ms; undefined to give up. What a provider names is waited for, and not shortened. */
function delayBefore(failure: JobFailure, attempt: number, random: number): number | undefined {
  const named_s = failure.details?.retry_after_s;
  const own_ms = retryDelay(POLICY, attempt, random);
  if (typeof named_s !== 'number') return own_ms;
  const named_ms = named_s * 1_000;
  return own_ms === undefined ? Math.max(named_ms, LOOP_MODEL_RETRY_MAX_MS + 1) : Math.max(own_ms, named_ms);
}

/** How much longer this model finds its questions than we estimated, by its answers so far. */
function factorOf(memory: Memory): number {
  let factor = 1;
  for (const event of memory.events) {
    const answered = event.type === 'step' ? event.entry : event;
    if (answered.type === 'note' || answered.estimate_tokens === 0) continue;
    factor = Math.max(factor, answered.usage.prompt_tokens / answered.estimate_tokens);
  }
  return Math.min(factor, MAX_FACTOR);
}

function paused(pause: Pause): Reply {
  return { ok: false, pause };
}

function tooLong(actual_tokens: number, limit_tokens: number): Reply {
  const message = `the conversation is about ${actual_tokens} tokens long, and with its answer ${limit_tokens} fit`;
  const failure: JobFailure = {
    code: 'CONTENT_TOO_LARGE',
    message,
    details: { limit_tokens, actual_tokens },
  };
  return paused({ reason: 'model', failure, passing: false, retryAt_ms: null });
}
