/**
 * One model client over a chain of models: the first that may be asked and answers. Stateless and without waiting:
 * what is known of the models stands behind a port that sessions share, and when none can be asked now the error
 * says when, so that whoever has the retry policy (the loop, by alarm) waits.
 *
 * It falls back only before the first piece of an answer: after that the client has read it, and another model's
 * would be told on top.
 */
import { JobError } from '../../errors.ts';
import type { Usage } from '../../protocol/model.ts';
import { classifyFailure, type ModelFailure } from './failure.ts';
import type { Leave } from './traffic.ts';

/** What the router has to see of a request; the rest goes through. */
export interface RoutedRequest {
  readonly model: string;
  readonly maxTokens: number;
}

/** What it has to see of an answer. */
export type RoutedChunk =
  | { readonly type: 'text' | 'call' }
  | { readonly type: 'end'; readonly usage: Usage | null };

/** A model client of either kind: the chat's or the loop's. */
export interface AskClient<Request, Chunk> {
  ask(request: Request, signal: AbortSignal): AsyncIterable<Chunk>;
}

export interface RoutedModel<Request, Chunk> {
  /** The name it is known by here: in requests, limits, prices and usage. */
  readonly name: string;
  /** The name its provider knows it by, where that is another. */
  readonly providerName?: string;
  readonly client: AskClient<Request, Chunk>;
  /** Question and answer together, tokens. */
  readonly contextTokens: number;
}

/** The shared state of the models (traffic.ts), behind whatever keeps it. */
export interface TrafficPort {
  /** @param tokens estimate of question and answer together */
  reserve(model: string, id: string, tokens: number): Promise<Leave>;
  succeeded(model: string, id: string, tokens: number): Promise<void>;
  failed(model: string, failure: ModelFailure): Promise<void>;
}

export interface RouterOptions<Request, Chunk> {
  /** In the order of preference. */
  readonly chain: readonly RoutedModel<Request, Chunk>[];
  /** A model that is none of the chain, and is asked only where it is named; null where there is none of that name. */
  readonly named?: (name: string) => RoutedModel<Request, Chunk> | null;
  readonly traffic: TrafficPort;
  /** Tokens of the question, estimated. */
  readonly promptTokens: (request: Request) => number;
  /** A new id for each attempt. */
  readonly newId: () => string;
  /** Unix ms. */
  readonly now: () => number;
}

/** Shortest and longest wait named to the caller, s. */
const MIN_WAIT_S = 1;
const MAX_WAIT_S = 86_400;

/** The client. A request begins with the model it names, and falls back to the others of the chain in order. */
export function routedClient<Request extends RoutedRequest, Chunk extends RoutedChunk>(
  options: RouterOptions<Request, Chunk>,
): AskClient<Request, Chunk> {
  return { ask: (request, signal) => ask(options, request, signal) };
}

async function* ask<Request extends RoutedRequest, Chunk extends RoutedChunk>(
  options: RouterOptions<Request, Chunk>,
  request: Request,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const refusals = new Refusals(options.now);
  const promptTokens = options.promptTokens(request);
  const tokens = promptTokens + request.maxTokens;
  for (const model of preferred(options, request.model)) {
    if (tokens > model.contextTokens) {
      refusals.tooLong(model.contextTokens, tokens);
      continue;
    }
    const id = options.newId();
    const leave = await options.traffic.reserve(model.name, id, tokens);
    if (!leave.granted) {
      refusals.busy(leave.retryAt_ms);
      continue;
    }
    let said = false;
    try {
      const named = { ...request, model: model.providerName ?? model.name };
      for await (const chunk of model.client.ask(named, signal)) {
        const seen: RoutedChunk = chunk;
        if (seen.type === 'end') {
          await options.traffic.succeeded(model.name, id, seen.usage?.total_tokens ?? tokens);
          yield { ...chunk, model: model.name };
          return;
        }
        said = true;
        yield chunk;
      }
      throw new JobError('MODEL_ERROR', 'the answer of the model broke off');
    } catch (error) {
      // Stopped by our side: the model is not at fault, and nobody wants another.
      if (signal.aborted) throw error;
      const failure = classifyFailure(error);
      await options.traffic.failed(model.name, failure);
      if (said || failure.kind === 'final') throw error;
      refusals.failed(error, failure);
    }
  }
  throw refusals.error();
}

/** The chain, beginning with the model asked for. */
function preferred<Request, Chunk>(
  { chain, named }: Pick<RouterOptions<Request, Chunk>, 'chain' | 'named'>,
  name: string,
): readonly RoutedModel<Request, Chunk>[] {
  const asked = chain.find((model) => model.name === name) ?? named?.(name) ?? null;
  return asked === null ? chain : [asked, ...chain.filter((model) => model !== asked)];
}

/** Why the models of one round did not answer, and what that comes to. */
class Refusals {
  readonly #now: () => number;
  #soonest_ms = Number.POSITIVE_INFINITY;
  #passing: unknown = null;
  #refused: unknown = null;
  #tooLong: JobError | null = null;
  #rejected: unknown = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  busy(retryAt_ms: number | null): void {
    if (retryAt_ms !== null) this.#soonest_ms = Math.min(this.#soonest_ms, retryAt_ms);
    else
      this.#tooLong ??= new JobError(
        'CONTENT_TOO_LARGE',
        'the request is over what a model takes in a minute',
      );
  }

  tooLong(limit: number, actual: number): void {
    this.#tooLong ??= new JobError('CONTENT_TOO_LARGE', 'the request is longer than the models can read', {
      limit_tokens: limit,
      actual_tokens: actual,
    });
  }

  failed(error: unknown, failure: ModelFailure): void {
    if (failure.kind === 'context' && error instanceof JobError) this.#tooLong ??= error;
    else if (failure.kind === 'refused') this.#refused = error;
    else if (failure.kind === 'rejected') this.#rejected = error;
    else {
      this.#passing = error;
      if (failure.kind === 'passing' && failure.retryAfter_ms !== null) {
        this.#soonest_ms = Math.min(this.#soonest_ms, this.#now() + failure.retryAfter_ms);
      }
    }
  }

  /** What is worth waiting for comes first: a passing failure, then a busy model; then what waiting does not heal. */
  error(): unknown {
    if (Number.isFinite(this.#soonest_ms)) {
      const seconds = Math.ceil((this.#soonest_ms - this.#now()) / 1_000);
      return new JobError(
        'RATE_LIMIT_EXCEEDED',
        'no model takes a request at the moment',
        { retry_after_s: Math.min(MAX_WAIT_S, Math.max(MIN_WAIT_S, seconds)) },
        { cause: this.#passing },
      );
    }
    return (
      this.#passing ??
      this.#tooLong ??
      this.#rejected ??
      this.#refused ??
      new JobError('SERVICE_UNAVAILABLE', 'no model is configured at present')
    );
  }
}
