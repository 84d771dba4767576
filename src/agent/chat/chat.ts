/** The `chat` runtime: one question to a language model, its answer streamed as it comes. */
import * as z from 'zod';
import { JobError, type Json } from '../../errors.ts';
import { AGENT_MAX_OUTPUT_BYTES } from '../../limits.ts';
import type { JobOutput, Usage } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { plus } from '../loop/usage.ts';
import { numberParameter } from '../parameters.ts';
import type { Runtime, RuntimeContext, Task } from '../runtime.ts';
import { loadTokenizer } from '../window/tokenizer.ts';
import { type Asker, conversationOf } from './conversation.ts';
import type { ModelClient, ModelRequest, ModelToolCall, ResponseFormat } from './model-client.ts';
import { offersOf, toolCallsOf } from './offers.ts';

/** When a request does not say how long the answer may be. */
const DEFAULT_ANSWER_TOKENS = 2_048;
/** However long an answer is wished, this share of the context stays for the question. */
const MAX_ANSWER_SHARE = 0.5;

/** A runtime over one model client. */
export function chatRuntime(client: ModelClient): Runtime {
  return { slow: true, run: (task, context) => run(client, task, context) };
}

async function run(client: ModelClient, task: Task, context: RuntimeContext): Promise<JobOutput> {
  const { agent, body, history } = task;
  const settings = settingsOf(task);
  const asker: Asker = async (messages, maxTokens) => {
    const said = await answerOf(client, { model: settings.model, messages, maxTokens }, context.signal);
    return { text: said.content, usage: said.usage };
  };
  const conversation = await conversationOf(
    {
      messages: body.messages,
      history,
      maxContextTokens: agent.maxContextTokens,
      answerTokens: settings.maxTokens,
      tools: settings.tools !== undefined,
    },
    agent.contextStrategy === 'summarize' ? asker : null,
  );
  const request = { ...settings, messages: conversation.messages };
  const said = await answerOf(client, request, context.signal, (text) => context.delta(text));
  return {
    ...said,
    usage: conversation.usage.reduce(plus, said.usage),
    ...(conversation.condensed === null ? {} : { condensed: conversation.condensed }),
  };
}

/** One question and its whole answer, as far as it fits what an agent may hand in. */
async function answerOf(
  client: ModelClient,
  request: ModelRequest,
  signal: AbortSignal,
  tell: (text: string) => Promise<void> = async () => undefined,
): Promise<Pick<JobOutput, 'content' | 'finishReason' | 'model' | 'usage' | 'toolCalls'>> {
  let content = '';
  let bytes = 0;
  const calls: ModelToolCall[] = [];
  for await (const chunk of client.ask(request, signal)) {
    if (chunk.type === 'end') {
      const { model = request.model } = chunk;
      const usage =
        chunk.usage ??
        (await countedUsage(request, calls.length === 0 ? content : content + JSON.stringify(calls)));
      if (calls.length === 0) return { content, finishReason: chunk.finishReason, model, usage };
      return { content, finishReason: 'tool_calls', model, usage, toolCalls: toolCallsOf(calls) };
    }
    if (chunk.type === 'call') {
      calls.push(chunk.call);
      continue;
    }
    bytes += utf8Bytes(chunk.text);
    // Leaving the loop ends the request to the model.
    if (bytes > AGENT_MAX_OUTPUT_BYTES) break;
    content += chunk.text;
    await tell(chunk.text);
  }
  return {
    content,
    finishReason: 'length',
    model: request.model,
    usage: await countedUsage(request, content),
  };
}

/** The question without its messages. */
function settingsOf(task: Task): Omit<ModelRequest, 'messages'> {
  const { agent, body } = task;
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
    maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stop }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    ...offersOf(body),
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
async function countedUsage(request: ModelRequest, content: string): Promise<Usage> {
  const count = await loadTokenizer();
  let prompt_tokens = 0;
  for (const message of request.messages) prompt_tokens += count(message.content);
  const completion_tokens = count(content);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
