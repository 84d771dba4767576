/** The `chat` runtime: one question to a language model, its answer streamed as it comes. */
import * as z from 'zod';
import { JobError, type Json } from '../../errors.ts';
import { AGENT_MAX_OUTPUT_BYTES } from '../../limits.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { roughTokens } from '../messages.ts';
import { numberParameter } from '../parameters.ts';
import type { Runtime, RuntimeContext, Task } from '../runtime.ts';
import type { ModelChunk, ModelClient, ModelRequest, ResponseFormat } from './model-client.ts';
import { buildPrompt } from './prompt.ts';

/** When a request does not say how long the answer may be. */
const DEFAULT_ANSWER_TOKENS = 2_048;
/** However long an answer is wished, this share of the context stays for the question. */
const MAX_ANSWER_SHARE = 0.5;

/** A runtime over one model client. */
export function chatRuntime(client: ModelClient): Runtime {
  return { slow: true, run: (task, context) => run(client, task, context) };
}

async function run(client: ModelClient, task: Task, context: RuntimeContext): Promise<JobOutput> {
  const request = requestOf(task);
  let content = '';
  let bytes = 0;
  let end: Extract<ModelChunk, { type: 'end' }> | null = null;
  for await (const chunk of client.ask(request, context.signal)) {
    if (chunk.type === 'end') {
      end = chunk;
      break;
    }
    bytes += utf8Bytes(chunk.text);
    // Leaving the loop ends the request to the model.
    if (bytes > AGENT_MAX_OUTPUT_BYTES) break;
    content += chunk.text;
    await context.delta(chunk.text);
  }
  return {
    content,
    finishReason: end?.finishReason ?? 'length',
    model: end?.model ?? request.model,
    usage: end?.usage ?? estimatedUsage(request, content),
  };
}

function requestOf(task: Task): ModelRequest {
  const { agent, body } = task;
  if (body.tools !== null && !(Array.isArray(body.tools) && body.tools.length === 0)) {
    throw new JobError('INVALID_PARAMETER', `${agent.slug} calls no tools`, { path: '$.tools' });
  }
  const ceiling = Math.floor(agent.maxContextTokens * MAX_ANSWER_SHARE);
  const maxTokens = Math.min(
    ceiling,
    numberParameter(body.parameters, 'max_tokens') ?? DEFAULT_ANSWER_TOKENS,
  );
  const temperature = numberParameter(body.parameters, 'temperature');
  const topP = numberParameter(body.parameters, 'top_p');
  const frequencyPenalty = numberParameter(body.parameters, 'frequency_penalty');
  const presencePenalty = numberParameter(body.parameters, 'presence_penalty');
  const seed = numberParameter(body.parameters, 'seed');
  const stop = textList.safeParse(body.parameters.stop).data;
  const responseFormat = responseFormatOf(body.outputFormat);
  return {
    model: modelOf(task),
    messages: buildPrompt({
      messages: body.messages,
      history: task.history,
      maxContextTokens: agent.maxContextTokens,
      answerTokens: maxTokens,
    }),
    maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stop }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
  };
}

/** The model the request names, or the agent's first. A name it does not have was refused before (PROTOCOL, NOT_FOUND). */
function modelOf({ agent, body }: Task): string {
  const model = body.model !== null && agent.models.includes(body.model) ? body.model : agent.models[0];
  if (model === undefined) throw new JobError('SERVICE_UNAVAILABLE', `${agent.slug} has no model at present`);
  return model;
}

const textList = z.array(z.string());
const responseFormatShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string().regex(/^[\w-]{1,64}$/),
      schema: z.record(z.string(), z.json()),
      strict: z.boolean().optional(),
    }),
  }),
]);

/** A MIME type, or OpenAI's `response_format`. @throws JobError INVALID_PARAMETER for any other shape */
function responseFormatOf(format: Json): ResponseFormat | undefined {
  if (format === null) return undefined;
  if (typeof format === 'string') return format === 'application/json' ? { type: 'json_object' } : undefined;
  const parsed = responseFormatShape.safeParse(format);
  if (!parsed.success) {
    throw new JobError('INVALID_PARAMETER', 'response_format must be text, json_object or json_schema', {
      path: '$.response_format',
    });
  }
  const wanted = parsed.data;
  if (wanted.type === 'text') return undefined;
  if (wanted.type === 'json_object') return wanted;
  const { name, schema, strict } = wanted.json_schema;
  return {
    type: 'json_schema',
    json_schema: strict === undefined ? { name, schema } : { name, schema, strict },
  };
}

/** For providers that do not count. */
function estimatedUsage(request: ModelRequest, content: string): Usage {
  let prompt_tokens = 0;
  for (const message of request.messages) prompt_tokens += roughTokens(utf8Bytes(message.content));
  const completion_tokens = roughTokens(utf8Bytes(content));
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
