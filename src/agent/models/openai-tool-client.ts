/**
 * The loop's model over any OpenAI-compatible endpoint. One that does not know tools answers with text, which the loop
 * tells its model.
 */
import type { LoopRequest, ToolModelClient } from '../loop/model.ts';
import { type OpenAiBody, type OpenAiOptions, openAiEndpoint } from './openai-endpoint.ts';
import { openAiMessages, openAiTools } from './openai-messages.ts';
import { wholeCalls } from './pieces.ts';

/** A client of one endpoint. */
export function openAiToolClient(options: OpenAiOptions): ToolModelClient {
  const endpoint = openAiEndpoint(options);
  return { ask: (request, signal) => wholeCalls(endpoint.ask(bodyOf(request), signal)) };
}

function bodyOf(request: LoopRequest): OpenAiBody {
  return {
    model: request.model,
    messages: openAiMessages(request.messages),
    // Not `max_completion_tokens`, as chat's client.
    max_tokens: request.maxTokens,
    ...openAiTools(request),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
  };
}
