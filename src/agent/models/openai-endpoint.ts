/** Any OpenAI-compatible endpoint, asked through the official library: one streamed answer, read into our pieces. */
import OpenAI from 'openai';
import type { ChatCompletionCreateParamsStreaming, CompletionUsage } from 'openai/resources';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { brokenStream, stopped } from '../chat/failures.ts';
import { finishReasonOf } from '../chat/model-client.ts';
import { providerFailure } from '../chat/openai-error.ts';
import type { Piece } from './pieces.ts';

export interface OpenAiOptions {
  readonly baseUrl: string;
  /** Empty for endpoints that ask for none. */
  readonly apiKey: string;
  /** From sending the request to the first byte of the answer, ms; the whole answer is bounded by the job's signal. */
  readonly timeout_ms: number;
  readonly fetch?: typeof fetch;
}

/** A question to an endpoint; that its answer is streamed, with its usage, goes without saying. */
export type OpenAiBody = Omit<ChatCompletionCreateParamsStreaming, 'stream' | 'stream_options'>;

export interface OpenAiEndpoint {
  /** @throws JobError as model-client.ts says */
  ask(body: OpenAiBody, signal: AbortSignal): AsyncGenerator<Piece>;
}

export function openAiEndpoint(options: OpenAiOptions): OpenAiEndpoint {
  const client = new OpenAI({
    baseURL: options.baseUrl,
    // The library insists on a key; endpoints without one ignore it.
    apiKey: options.apiKey === '' ? 'none' : options.apiKey,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: options.timeout_ms,
    // It would print what it could not parse, which is the provider's text.
    logLevel: 'off',
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  return { ask: (body, signal) => ask(client, body, signal) };
}

async function* ask(client: OpenAI, body: OpenAiBody, signal: AbortSignal): AsyncGenerator<Piece> {
  if (signal.aborted) throw stopped(signal);
  let finishReason: JobOutput['finishReason'] | null = null;
  let usage: Usage | null = null;
  try {
    const stream = await client.chat.completions.create(
      { ...body, stream: true, stream_options: { include_usage: true } },
      { signal },
    );
    for await (const chunk of stream) {
      // Compatible servers leave members out that the library's types promise.
      const choice = chunk.choices?.[0];
      const text = choice?.delta?.content;
      if (typeof text === 'string' && text !== '') yield { type: 'text', text };
      if (choice?.delta?.tool_calls) yield { type: 'calls', calls: choice.delta.tool_calls };
      if (choice?.finish_reason) finishReason = finishReasonOf(choice.finish_reason);
      if (chunk.usage) usage = usageOf(chunk.usage);
    }
  } catch (error) {
    throw signal.aborted ? stopped(signal) : providerFailure(error);
  }
  // The library ends quietly when it is aborted, and when the connection was closed half way.
  if (signal.aborted) throw stopped(signal);
  if (finishReason === null) throw brokenStream();
  yield { type: 'end', finishReason, usage };
}

/** Counts from a stranger's server: what is no count makes the whole unknown. */
function usageOf(usage: CompletionUsage): Usage | null {
  const { prompt_tokens, completion_tokens } = usage;
  if (!isCount(prompt_tokens) || !isCount(completion_tokens)) return null;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
