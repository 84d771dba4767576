/** `chat` over any OpenAI-compatible endpoint. */
import { type OpenAiBody, type OpenAiOptions, openAiEndpoint } from '../models/openai-endpoint.ts';
import { openAiMessages, openAiOffers } from '../models/openai-messages.ts';
import { saidPieces } from '../models/pieces.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';

/** A client of one endpoint. */
export function openAiClient(options: OpenAiOptions): ModelClient {
  const endpoint = openAiEndpoint(options);
  return { ask: (request, signal) => saidPieces(request, endpoint.ask(bodyOf(request), signal)) };
}

function bodyOf(request: ModelRequest): OpenAiBody {
  return {
    model: request.model,
    messages: openAiMessages(request.messages),
    ...openAiOffers(request),
    // Not `max_completion_tokens`: most compatible servers know the older name only.
    max_tokens: request.maxTokens,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.frequencyPenalty === undefined ? {} : { frequency_penalty: request.frequencyPenalty }),
    ...(request.presencePenalty === undefined ? {} : { presence_penalty: request.presencePenalty }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.stop === undefined ? {} : { stop: [...request.stop] }),
    ...(request.responseFormat === undefined ? {} : { response_format: request.responseFormat }),
  };
}
