/** The loop's model over Workers AI. */
import type { LoopRequest, ToolModelClient } from '../loop/model.ts';
import { openAiMessages, openAiTools } from './openai-messages.ts';
import { wholeCalls } from './pieces.ts';
import { type AiRun, askWorkersAi } from './workers-ai-binding.ts';

/** A client of the binding. */
export function workersAiToolClient(run: AiRun): ToolModelClient {
  return {
    ask: (request, signal) => wholeCalls(askWorkersAi(run, request.model, inputsOf(request), signal)),
  };
}

function inputsOf(request: LoopRequest): { readonly [name: string]: unknown } {
  return {
    messages: openAiMessages(request.messages),
    max_tokens: request.maxTokens,
    ...openAiTools(request),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
  };
}
