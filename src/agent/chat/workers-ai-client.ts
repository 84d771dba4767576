/** Workers AI through its binding, which streams server-sent events. */
import { z } from 'zod';
import { JobError } from '../../errors.ts';
import type { Usage } from '../../protocol/model.ts';
import { brokenStream, stopped } from './failures.ts';
import { finishReasonOf, type ModelChunk, type ModelClient, type ModelRequest } from './model-client.ts';

/** `env.AI.run`, as far as it is used here. Answers with a stream of bytes when `stream` is set. */
export type AiRun = (model: string, inputs: { readonly [name: string]: unknown }) => Promise<unknown>;

/** A line that carries no event within this many characters is no stream of ours. */
const MAX_LINE_CHARS = 1_048_576;

const tokens = z.number().int().nonnegative();
const usageShape = z.object({ prompt_tokens: tokens, completion_tokens: tokens });
/** Older models send `response`, newer ones the shape of OpenAI; both may add `usage` to the last event. */
const eventShape = z.object({
  response: z.union([z.string(), z.number()]).nullish(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: usageShape.nullish().catch(null),
});

/** A client of the binding. */
export function workersAiClient(run: AiRun): ModelClient {
  return { ask: (request, signal) => ask(run, request, signal) };
}

async function* ask(run: AiRun, request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelChunk> {
  if (signal.aborted) throw stopped(signal);
  let answer: unknown;
  try {
    answer = await run(request.model, inputsOf(request));
  } catch (error) {
    // The binding's messages quote the account and the request, so only the class of the error goes on.
    const cause = error instanceof Error ? error.name : typeof error;
    throw new JobError('SERVICE_UNAVAILABLE', 'the model provider refused the request', undefined, { cause });
  }
  if (!(answer instanceof ReadableStream)) throw brokenStream();
  let finishReason: string | null = null;
  let usage: Usage | null = null;
  let done = false;
  for await (const data of sseData(answer, signal)) {
    if (data === '[DONE]') {
      done = true;
      break;
    }
    const event = readEvent(data);
    const choice = event.choices?.[0];
    const text = choice?.delta?.content ?? event.response;
    if (text !== null && text !== undefined && text !== '') yield { type: 'text', text: String(text) };
    finishReason = choice?.finish_reason ?? finishReason;
    if (event.usage)
      usage = { ...event.usage, total_tokens: event.usage.prompt_tokens + event.usage.completion_tokens };
  }
  if (!done && finishReason === null) throw brokenStream();
  yield { type: 'end', finishReason: finishReasonOf(finishReason ?? 'stop'), usage };
}

function inputsOf(request: ModelRequest): { readonly [name: string]: unknown } {
  return {
    messages: request.messages,
    stream: true,
    max_tokens: request.maxTokens,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.frequencyPenalty === undefined ? {} : { frequency_penalty: request.frequencyPenalty }),
    ...(request.presencePenalty === undefined ? {} : { presence_penalty: request.presencePenalty }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.responseFormat === undefined ? {} : { response_format: request.responseFormat }),
  };
}

function readEvent(data: string): z.infer<typeof eventShape> {
  try {
    return eventShape.parse(JSON.parse(data));
  } catch (error) {
    throw brokenStream(error);
  }
}

/** The `data:` of each event, in order. Stops reading and lets go of the stream when `signal` aborts. */
async function* sseData(stream: ReadableStream<unknown>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const abort = Promise.withResolvers<never>();
  const onAbort = () => abort.reject(stopped(signal));
  signal.addEventListener('abort', onAbort);
  // Nobody may be waiting when it is aborted.
  abort.promise.catch(() => undefined);
  let pending = '';
  try {
    for (;;) {
      if (signal.aborted) throw stopped(signal);
      const { done, value } = await Promise.race([reader.read().catch(fail), abort.promise]);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw brokenStream();
      pending += decoder.decode(value, { stream: true });
      if (pending.length > MAX_LINE_CHARS) throw brokenStream();
      const lines = pending.split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trim();
    }
    if (pending.startsWith('data:')) yield pending.slice(5).trim();
  } finally {
    signal.removeEventListener('abort', onAbort);
    await reader.cancel().catch(() => undefined);
  }
}

function fail(error: unknown): never {
  throw brokenStream(error);
}
