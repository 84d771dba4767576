/**
 * Any model of a provider package of the Vercel AI SDK (`@ai-sdk/anthropic`, `@ai-sdk/google`, …) as a model client.
 * It takes what those packages give, the interface LanguageModelV4, so nothing of the SDK itself is in our bundle:
 * loop, retries and checkpoints are ours.
 */
import type {
  JSONSchema7,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolChoice,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import * as z from 'zod';
import { systemClock } from '../../clock.ts';
import { JobError } from '../../errors.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { brokenStream, stopped } from '../chat/failures.ts';
import type { ModelRequest, ResponseFormat } from '../chat/model-client.ts';
import type { JsonSchema } from '../parameters.ts';
import { callInput } from './openai-messages.ts';
import { statusFailure } from './provider-status.ts';
import type { AskClient } from './router.ts';

/** What both our model ports can ask (chat/model-client.ts, and the loop's with tools). */
export interface AiSdkRequest extends Omit<ModelRequest, 'model' | 'messages' | 'tools'> {
  readonly messages: readonly AiSdkMessage[];
  /** Where there are some, a call is wanted unless `toolChoice` says otherwise. */
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    readonly input: JsonSchema;
  }[];
}

interface Call {
  readonly id: string;
  readonly name: string;
  /** JSON, or what a model took for it. */
  readonly arguments: string;
}

export type AiSdkMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly calls?: readonly Call[] }
  | { readonly role: 'tool'; readonly content: string; readonly callId: string };

export type AiSdkChunk =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'end'; readonly finishReason: JobOutput['finishReason']; readonly usage: Usage | null };

/**
 * @param model what a provider package gives for the name of a model
 * @param now Unix ms
 */
export function aiSdkClient(
  model: LanguageModelV4,
  now: () => number = systemClock,
): AskClient<AiSdkRequest, AiSdkChunk> {
  return {
    ask: (request: AiSdkRequest, signal: AbortSignal): AsyncGenerator<AiSdkChunk> =>
      ask(model, request, signal, now),
  };
}

async function* ask(
  model: LanguageModelV4,
  request: AiSdkRequest,
  signal: AbortSignal,
  now: () => number,
): AsyncGenerator<AiSdkChunk> {
  if (signal.aborted) throw stopped(signal);
  const end = new AbortController();
  let finished = false;
  try {
    const abortSignal = AbortSignal.any([signal, end.signal]);
    const { stream } = await model.doStream({ ...optionsOf(request), abortSignal });
    for await (const part of readAll(stream)) {
      if (part.type === 'error') throw part.error;
      const chunk = chunkOf(part);
      if (chunk === null) continue;
      finished ||= chunk.type === 'end';
      yield chunk;
    }
  } catch (error) {
    throw signal.aborted ? stopped(signal) : failureOf(error, now());
  } finally {
    // Whoever leaves early ends the request.
    end.abort();
  }
  if (signal.aborted) throw stopped(signal);
  if (!finished) throw brokenStream();
}

/** A stream's chunks; not every runtime's streams can be iterated. */
async function* readAll<Chunk>(stream: ReadableStream<Chunk>): AsyncGenerator<Chunk> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function chunkOf(part: LanguageModelV4StreamPart): AiSdkChunk | null {
  switch (part.type) {
    case 'text-delta':
      return part.delta === '' ? null : { type: 'text', text: part.delta };
    case 'tool-call':
      return { type: 'call', call: { id: part.toolCallId, name: part.toolName, arguments: part.input } };
    case 'finish':
      if (part.finishReason.unified === 'error') throw brokenStream();
      return { type: 'end', finishReason: reasonOf(part.finishReason.unified), usage: usageOf(part.usage) };
    default:
      return null;
  }
}

function reasonOf(reason: string): JobOutput['finishReason'] {
  switch (reason) {
    case 'length':
      return 'length';
    case 'content-filter':
      return 'content_filter';
    case 'tool-calls':
      return 'tool_calls';
    default:
      return 'stop';
  }
}

function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage | null {
  const [prompt_tokens, completion_tokens] = [inputTokens.total, outputTokens.total];
  if (!isCount(prompt_tokens) || !isCount(completion_tokens)) return null;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function optionsOf(request: AiSdkRequest): LanguageModelV4CallOptions {
  const { tools = [] } = request;
  return {
    prompt: promptOf(request.messages),
    maxOutputTokens: request.maxTokens,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { topP: request.topP }),
    ...(request.frequencyPenalty === undefined ? {} : { frequencyPenalty: request.frequencyPenalty }),
    ...(request.presencePenalty === undefined ? {} : { presencePenalty: request.presencePenalty }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.stop === undefined ? {} : { stopSequences: [...request.stop] }),
    ...(request.responseFormat === undefined ? {} : { responseFormat: formatOf(request.responseFormat) }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, input }) => ({
            type: 'function' as const,
            name,
            description,
            inputSchema: schemaShape.parse(input),
          })),
          toolChoice: choiceOf(request),
        }),
  };
}

function formatOf(format: ResponseFormat): NonNullable<LanguageModelV4CallOptions['responseFormat']> {
  if (format.type === 'json_object') return { type: 'json' };
  const { name, schema } = format.json_schema;
  return { type: 'json', name, schema: schemaShape.parse(schema) };
}

/** Every JSON object is a schema to the SDK; providers judge it. */
const schemaShape = z.custom<JSONSchema7>((value) => typeof value === 'object' && value !== null);

function choiceOf({ toolChoice = 'required' }: AiSdkRequest): LanguageModelV4ToolChoice {
  return typeof toolChoice === 'string' ? { type: toolChoice } : { type: 'tool', toolName: toolChoice.name };
}

function promptOf(messages: readonly AiSdkMessage[]): LanguageModelV4Message[] {
  const names = new Map<string, string>();
  return messages.map((message) => promptMessage(message, names));
}

/** @param names of the calls so far, by their id */
function promptMessage(message: AiSdkMessage, names: Map<string, string>): LanguageModelV4Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: message.content }] };
    case 'assistant': {
      const calls = (message.calls ?? []).map((call) => {
        names.set(call.id, call.name);
        return {
          type: 'tool-call' as const,
          toolCallId: call.id,
          toolName: call.name,
          input: callInput(call.arguments),
        };
      });
      const text = message.content === '' ? [] : [{ type: 'text' as const, text: message.content }];
      return { role: 'assistant', content: [...text, ...calls] };
    }
    case 'tool': {
      const { callId: toolCallId, content: value } = message;
      const toolName = names.get(toolCallId) ?? 'unknown';
      return {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId, toolName, output: { type: 'text', value } }],
      };
    }
  }
}

/** The SDK's APICallError by its members: its class would bring the package into the bundle. */
const apiCallError = z.object({
  name: z.literal('AI_APICallError'),
  statusCode: z.number().optional(),
  responseHeaders: z.record(z.string(), z.string()).optional(),
  data: z
    .object({ error: z.object({ code: z.string().nullish() }) })
    .optional()
    .catch(undefined),
});

function failureOf(error: unknown, now_ms: number): JobError {
  if (error instanceof JobError) return error;
  if (!(error instanceof Error)) return brokenStream(error);
  const { name } = error;
  const call = apiCallError.safeParse({
    name,
    statusCode: Reflect.get(error, 'statusCode'),
    responseHeaders: Reflect.get(error, 'responseHeaders'),
    data: Reflect.get(error, 'data'),
  }).data;
  if (call === undefined) return brokenStream(error);
  if (call.statusCode === undefined) {
    return new JobError('SERVICE_UNAVAILABLE', 'the model provider cannot be reached', undefined, {
      cause: name,
    });
  }
  const headers = call.responseHeaders === undefined ? undefined : new Headers(call.responseHeaders);
  return statusFailure(
    { status: call.statusCode, code: call.data?.error.code, headers, cause: `${name} ${call.statusCode}` },
    now_ms,
  );
}
