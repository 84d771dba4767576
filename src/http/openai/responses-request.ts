/** `POST /v1/responses` as the same order that chat completions make. Nothing is kept, so nothing kept can be referred to. */
import * as z from 'zod';
import { JobError, type Json } from '../../errors.ts';
import { type ChatBody, ChatRequest } from './chat-request.ts';

const json = z.json();
const stateless = (what: string) => json.refine((given) => given === null, what).optional();
const KEPT = 'nothing is kept here: send the whole conversation in input';

const part = z.object({ type: z.string() }).catchall(json);
const message = z.looseObject({
  type: z.literal('message').optional(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string(), z.array(part)]),
});
const call = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const output = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: z.union([z.string(), z.array(part)]),
});
/** What a model thought before is no use to another one. */
const reasoning = z.looseObject({ type: z.literal('reasoning') });

const tool = z.looseObject({
  type: z.literal('function', 'only functions can be called'),
  name: z.string().regex(/^[\w-]{1,64}$/, 'a name has 1 to 64 letters, digits, _ or -'),
  description: z.string().nullish(),
  parameters: z.record(z.string(), json).nullish(),
  strict: z.boolean().nullish(),
});

export const ResponsesRequest = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.union([message, call, output, reasoning])).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: json.optional(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_output_tokens: z.int().nullish(),
  tools: z.array(tool).optional(),
  tool_choice: json.optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }).optional() }).optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
  store: json.refine((given) => given === null || given === false, `${KEPT} (store: false)`).optional(),
  previous_response_id: stateless(KEPT),
  conversation: stateless(KEPT),
  prompt: stateless('no prompts are kept here'),
  background: json
    .refine(
      (given) => given === null || given === false,
      'an answer is waited for: background is not possible',
    )
    .optional(),
  top_logprobs: json
    .refine((given) => given === null || given === 0, 'agents tell no probabilities')
    .optional(),
  // Hints and wishes that change nothing a caller could see here.
  include: json.optional(),
  max_tool_calls: json.optional(),
  prompt_cache_key: json.optional(),
  prompt_cache_retention: json.optional(),
  reasoning: json.optional(),
  safety_identifier: json.optional(),
  service_tier: json.optional(),
  truncation: json.optional(),
  user: json.optional(),
  /** Ours, as in chat completions. */
  parameters: z.record(z.string(), json).optional(),
});

export type ResponsesBody = z.infer<typeof ResponsesRequest>;

/** The same request in the words of chat completions. @throws JobError BAD_REQUEST for content that is not passed on */
export function asChat(body: ResponsesBody): ChatBody {
  const { model, instructions, input, tools, tool_choice, parallel_tool_calls, text, parameters } = body;
  const messages = typeof input === 'string' ? [{ role: 'user', content: input }] : chatMessages(input);
  if (typeof instructions === 'string') messages.unshift({ role: 'system', content: instructions });
  return ChatRequest.parse({
    model,
    messages,
    stream: body.stream,
    temperature: body.temperature,
    top_p: body.top_p,
    max_completion_tokens: body.max_output_tokens,
    ...(text?.format === undefined ? {} : { response_format: formatOf(text.format) }),
    ...(tools === undefined ? {} : { tools: tools.map(toolOf), parallel_tool_calls }),
    ...(tools === undefined || tool_choice === undefined ? {} : { tool_choice: choiceOf(tool_choice) }),
    ...(parameters === undefined ? {} : { parameters }),
  });
}

type Told = { [name: string]: Json };

function chatMessages(input: Exclude<ResponsesBody['input'], string>): Told[] {
  const messages: Told[] = [];
  let calls: Json[] = [];
  for (const [index, item] of input.entries()) {
    const path = `input[${index}]`;
    if (item.type === 'reasoning') continue;
    if (item.type === 'function_call') {
      // Calls that follow each other were made by one answer, and providers want them in one message.
      const before = calls;
      calls = [
        ...before,
        { id: item.call_id, type: 'function', function: { name: item.name, arguments: item.arguments } },
      ];
      if (before.length > 0) messages.pop();
      messages.push({ role: 'assistant', content: null, tool_calls: calls });
      continue;
    }
    calls = [];
    if (item.type === 'function_call_output') {
      const content = contentOf(item.output, `${path}.output`);
      messages.push({ role: 'tool', tool_call_id: item.call_id, content });
    } else {
      messages.push({ role: item.role, content: contentOf(item.content, `${path}.content`) });
    }
  }
  return messages;
}

function contentOf(content: string | readonly z.infer<typeof part>[], path: string): Json {
  if (typeof content === 'string') return content;
  return content.map((given, index) => {
    if (['input_text', 'output_text', 'text'].includes(given.type)) {
      return { type: 'text', text: given.text ?? null };
    }
    if (given.type === 'refusal') return { type: 'refusal', refusal: given.refusal ?? '' };
    if (given.type === 'input_image' && typeof given.image_url === 'string')
      return { type: 'image_url', image_url: { url: given.image_url } };
    throw new JobError('BAD_REQUEST', `${path}[${index}]: only text and pictures by URL are passed on`, {
      reason: 'unsupported_content',
      path: `${path}[${index}].type`,
    });
  });
}

function toolOf({ name, description, parameters, strict }: z.infer<typeof tool>): Json {
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      ...(parameters === undefined || parameters === null ? {} : { parameters }),
      ...(typeof strict === 'boolean' ? { strict } : {}),
    },
  };
}

const named = z.object({ type: z.literal('function'), name: z.string() });

function choiceOf(choice: Json): Json {
  const one = named.safeParse(choice);
  return one.success ? { type: 'function', function: { name: one.data.name } } : choice;
}

function formatOf(format: { readonly [name: string]: unknown; readonly type: string }): unknown {
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, schema, strict, description } = format;
  const rest = Object.entries({ name, schema, strict, description }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return { type: 'json_schema', json_schema: Object.fromEntries(rest) };
}
