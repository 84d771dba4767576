/** `chat` over Workers AI. */
import { openAiMessages, openAiOffers } from '../models/openai-messages.ts';
import { saidPieces } from '../models/pieces.ts';
import { type AiRun, askWorkersAi } from '../models/workers-ai-binding.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';

/** A client of the binding. */
export function workersAiClient(run: AiRun): ModelClient {
  return {
    ask: (request, signal) =>
      saidPieces(request, askWorkersAi(run, request.model, inputsOf(request), signal)),
  };
}

function inputsOf(request: ModelRequest): { readonly [name: string]: unknown } {
  return {
    messages: openAiMessages(request.messages),
    ...openAiOffers(request),
    max_tokens: request.maxTokens,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.frequencyPenalty === undefined ? {} : { frequency_penalty: request.frequencyPenalty }),
    ...(request.presencePenalty === undefined ? {} : { presence_penalty: request.presencePenalty }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.responseFormat === undefined ? {} : { response_format: request.responseFormat }),
  };
}
