/** `POST /v1/chat/completions` as an order to an agent: what is passed on, what is passed over, what is refused. */
import * as z from 'zod';
import type { Order } from '../../door/order.ts';
import { JobError, type Json } from '../../errors.ts';
import type { KeyedAgent, RuntimeName } from '../../protocol/agent.ts';
import type { JsonObject } from '../../protocol/json.ts';

/** Sampling parameters that an agent gets where its parameter schema knows them; others it would ignore anyway. */
const SAMPLING = [
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'max_tokens',
  'seed',
  'stop',
  'tool_choice',
  'parallel_tool_calls',
] as const;

/** Parameters that change nothing a caller could see, or hints that an agent may pass over: taken, and left out. */
const PASSED_OVER = [
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'service_tier',
  'metadata',
  'store',
  'reasoning_effort',
  'verbosity',
  'prediction',
  'logit_bias',
] as const;

const json = z.json();
const part = z.object({ type: z.string() }).catchall(json);
const message = z
  .object({
    role: z.enum(['developer', 'system', 'user', 'assistant', 'tool']),
    content: z.union([z.string(), z.array(part), z.null()]).optional(),
    name: z.string().optional(),
    tool_calls: z.array(json).optional(),
    tool_call_id: z.string().optional(),
    refusal: z.string().nullish(),
  })
  // Clients send whole messages back, with members of an answer that say nothing to an agent (`annotations`, `audio`).
  .loose();

const tool = z.strictObject({
  type: z.literal('function', 'only functions can be called'),
  function: z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/, 'a name has 1 to 64 letters, digits, _ or -'),
    description: z.string().optional(),
    parameters: z.record(z.string(), json).optional(),
    strict: z.boolean().nullish(),
  }),
});

const nothing = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, json.optional()]));
const only = (value: Json, what: string) =>
  json.refine((given) => given === null || given === value, what).optional();

export const ChatRequest = z
  .object({
    model: z.string().min(1),
    messages: z.array(message).min(1),
    stream: z.boolean().nullish(),
    stream_options: z
      .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
      .nullish(),
    response_format: json.optional(),
    tools: z.array(tool).optional(),
    tool_choice: json.optional(),
    parallel_tool_calls: z.boolean().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    frequency_penalty: z.number().nullish(),
    presence_penalty: z.number().nullish(),
    max_tokens: z.int().nullish(),
    max_completion_tokens: z.int().nullish(),
    seed: z.int().nullish(),
    stop: z.union([z.string(), z.array(z.string())]).nullish(),
    n: only(1, 'one choice is answered: n must be 1'),
    logprobs: only(false, 'agents tell no probabilities'),
    top_logprobs: only(0, 'agents tell no probabilities'),
    modalities: json
      .refine((given) => given === null || JSON.stringify(given) === '["text"]', 'agents answer in text')
      .optional(),
    audio: only(null, 'agents answer in text'),
    /** Ours: what an agent takes beside these, by the names of its parameter schema. */
    parameters: z.record(z.string(), json).optional(),
    ...nothing(PASSED_OVER),
  })
  // An agent's own parameters may stand beside the others; what is neither is refused below.
  .catchall(json);

export type ChatBody = z.infer<typeof ChatRequest>;

/**
 * The order of a body for an agent.
 *
 * @throws JobError BAD_REQUEST for a parameter that neither OpenAI nor the agent knows, for a picture to an agent that takes
 *   none
 */
export function chatOrder(body: ChatBody, agent: KeyedAgent): Order {
  if (body.tools !== undefined && body.tools.length > 0 && !callsTools(agent))
    throw new JobError('BAD_REQUEST', `tools: ${agent.slug} calls none of yours`, {
      reason: 'unsupported_parameter',
      path: 'tools',
    });
  const messages = body.messages.map((one, index) => messageOf(one, index, agent));
  return {
    agent,
    request: {
      messages,
      ...(body.response_format === undefined || body.response_format === null
        ? {}
        : { response_format: body.response_format }),
      ...(body.tools === undefined || body.tools.length === 0 ? {} : { tools: toJson(body.tools) }),
      parameters: parametersOf(body, agent),
    },
  };
}

/** Agents with a way of working of their own, who would pass over what a client brings. */
const SELF_CONTAINED: ReadonlySet<string> = new Set<RuntimeName>(['discover', 'code', 'team']);

function callsTools({ runtime, loop }: KeyedAgent): boolean {
  return loop === undefined && !SELF_CONTAINED.has(runtime);
}

function messageOf(one: ChatBody['messages'][number], index: number, agent: KeyedAgent): JsonObject {
  const { role, content, name, tool_calls, tool_call_id, refusal } = one;
  const parts = Array.isArray(content)
    ? content.map((given, place) => partOf(given, [index, place], agent))
    : null;
  return {
    role: role === 'developer' ? 'system' : role,
    content:
      parts ?? (typeof content === 'string' ? content : (refusal ?? (role === 'assistant' ? null : ''))),
    ...(name === undefined ? {} : { name }),
    ...(tool_calls === undefined || tool_calls.length === 0 ? {} : { tool_calls }),
    ...(tool_call_id === undefined ? {} : { tool_call_id }),
  };
}

function partOf(
  given: z.infer<typeof part>,
  [message, place]: readonly [number, number],
  agent: KeyedAgent,
): JsonObject {
  const path = `messages[${message}].content[${place}]`;
  // What a model would not say is told back to it as its words.
  if (given.type === 'refusal' && typeof given.refusal === 'string')
    return { type: 'text', text: given.refusal };
  if (given.type === 'text') return { type: 'text', text: given.text ?? null };
  if (given.type === 'image_url') {
    if (agent.inputFormats.some((format) => format.startsWith('image/')))
      return { type: 'image_url', image_url: given.image_url ?? null };
    throw new JobError('BAD_REQUEST', `${path}: ${agent.slug} takes no pictures`, {
      reason: 'unsupported_content',
      path,
    });
  }
  throw new JobError('BAD_REQUEST', `${path}: only text and pictures are passed on`, {
    reason: 'unsupported_content',
    path: `${path}.type`,
  });
}

function parametersOf(body: ChatBody, agent: KeyedAgent): JsonObject {
  const known = propertiesOf(agent);
  const given: Record<string, unknown> = {
    ...body,
    max_tokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? null),
    tool_choice: body.tools === undefined ? null : (body.tool_choice ?? null),
    parallel_tool_calls: body.tools === undefined ? null : (body.parallel_tool_calls ?? null),
  };
  const parameters: Record<string, Json> = { ...body.parameters };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (SAMPLING.some((one) => one === name)) {
      if (known.has(name)) parameters[name] = json.parse(value);
    } else if (!STANDARD.has(name)) {
      if (!known.has(name))
        throw new JobError('BAD_REQUEST', `unknown parameter: ${name.slice(0, 100)}`, {
          reason: 'unknown_parameter',
          path: name.slice(0, 100),
        });
      parameters[name] = json.parse(value);
    }
  }
  return parameters;
}

const STANDARD: ReadonlySet<string> = new Set(Object.keys(ChatRequest.shape));
const schemaShape = z.object({ properties: z.record(z.string(), json).default({}) });

function propertiesOf({ parametersSchema }: KeyedAgent): ReadonlySet<string> {
  return new Set(Object.keys(schemaShape.parse(parametersSchema).properties));
}

/** Without the members that are absent, which JSON does not know. */
function toJson(value: z.infer<typeof tool>[]): Json {
  return json.parse(JSON.parse(JSON.stringify(value)));
}
