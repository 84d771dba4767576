/** A question with tools in the shapes of OpenAI chat completions, which Workers AI reads as well. */
import type { ChatCompletionFunctionTool, ChatCompletionMessageParam } from 'openai/resources';
import * as z from 'zod';
import type { JsonObject } from '../../protocol/json.ts';
import type { ModelMessage, ModelRequest, ModelToolCall } from '../chat/model-client.ts';
import type { LoopMessage, LoopRequest, ToolOffer } from '../loop/model.ts';

/** Names of tools that every provider takes. */
const NAME_CHARS = 64;
const NOT_IN_NAMES = /[^a-zA-Z0-9_-]/g;

/** The messages, with earlier calls made presentable. */
export function openAiMessages(
  messages: readonly (LoopMessage | ModelMessage)[],
): ChatCompletionMessageParam[] {
  return messages.map((message) => {
    if (message.role === 'tool') {
      return { role: 'tool', tool_call_id: message.callId, content: message.content };
    }
    if (message.role !== 'assistant' || message.calls === undefined || message.calls.length === 0) {
      return { role: message.role, content: message.content };
    }
    // Not null where there is no text: the binding of Workers AI refuses that.
    return { role: 'assistant', content: message.content, tool_calls: message.calls.map(callOf) };
  });
}

/** Tools, and that one of them is to be called; nothing where there are none. */
export function openAiTools({
  tools,
}: LoopRequest):
  | { readonly tools: ChatCompletionFunctionTool[]; readonly tool_choice: 'required' }
  | Record<string, never> {
  return tools.length === 0 ? {} : { tools: tools.map(toolOf), tool_choice: 'required' };
}

/** The client's tools in a question of `chat`; nothing where there are none. */
export function openAiOffers({ tools = [], toolChoice = 'auto', parallelToolCalls }: ModelRequest) {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ strict, ...tool }): ChatCompletionFunctionTool => {
      const offer = toolOf(tool);
      return strict === undefined ? offer : { ...offer, function: { ...offer.function, strict } };
    }),
    tool_choice:
      typeof toolChoice === 'string'
        ? toolChoice
        : { type: 'function' as const, function: { name: toolChoice.name } },
    ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
  };
}

function toolOf({ name, description, input }: ToolOffer): ChatCompletionFunctionTool {
  return { type: 'function', function: { name, description, parameters: { ...input } } };
}

/** What a model made up comes back as something a provider takes: it refuses the whole question otherwise. */
function callOf({ id, name, arguments: args }: ModelToolCall) {
  const known = name.replace(NOT_IN_NAMES, '_').slice(0, NAME_CHARS);
  return {
    id,
    type: 'function' as const,
    function: { name: known === '' ? 'unknown' : known, arguments: JSON.stringify(callInput(args)) },
  };
}

const inputShape = z.record(z.string(), z.json());

/** The arguments of a call as an object, also where a model wrote nonsense. */
export function callInput(args: string): JsonObject {
  if (args.trim() === '') return {};
  try {
    return inputShape.safeParse(JSON.parse(args)).data ?? { invalid: args };
  } catch (error) {
    if (error instanceof SyntaxError) return { invalid: args };
    throw error;
  }
}
