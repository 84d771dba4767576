/**
 * The models of this deployment, as both ports ask them: the configured endpoint, else Workers AI where it is bound. The
 * library is loaded with the first question: it is large, and most wakes of a Worker ask no model.
 */
import type { Config } from '../../config.ts';
import { MODEL_FIRST_BYTE_TIMEOUT_MS } from '../../limits.ts';
import type { ModelClient } from '../chat/model-client.ts';
import { workersAiClient } from '../chat/workers-ai-client.ts';
import type { ToolModelClient } from '../loop/model.ts';
import type { AskClient } from './router.ts';
import type { AiRun } from './workers-ai-binding.ts';
import { workersAiToolClient } from './workers-ai-tool-client.ts';

/** The model of Workers AI unless MODEL names another: small, streaming, and in the catalogue of 2026-10. */
export const WORKERS_AI_MODEL = '@cf/meta/llama-3.1-8b-instruct-fp8';

export interface Models {
  /** For one question. */
  readonly chat: ModelClient;
  /** For agents with tools. */
  readonly tools: ToolModelClient;
}

/**
 * Their names, the preferred one first; none where no model can be asked.
 *
 * @param workersAi whether it is bound
 * @param own names of the operator's own (own.ts); the first is asked where nothing else is configured
 */
export function modelNames(config: Config, workersAi: boolean, own: readonly string[]): readonly string[] {
  const first = config.model?.name ?? nameWithoutEndpoint(config.workersAiModel, workersAi, own);
  return first === null ? [] : [...new Set([first, ...config.models.fallbacks])];
}

function nameWithoutEndpoint(
  named: string | null,
  workersAi: boolean,
  own: readonly string[],
): string | null {
  if (named !== null) return workersAi || own.includes(named) ? named : null;
  return workersAi ? WORKERS_AI_MODEL : (own[0] ?? null);
}

/** The provider's clients, without limits or fallbacks; null where no model can be asked. */
export function modelProvider(
  config: Config,
  options: { readonly workersAi?: AiRun; readonly fetch?: typeof fetch } = {},
): Models | null {
  const { workersAi, fetch } = options;
  if (config.model !== null) {
    const endpoint = {
      baseUrl: config.model.baseUrl,
      apiKey: config.model.apiKey,
      timeout_ms: MODEL_FIRST_BYTE_TIMEOUT_MS,
      ...(fetch === undefined ? {} : { fetch }),
    };
    return {
      chat: lazy(async () => (await import('../chat/openai-client.ts')).openAiClient(endpoint)),
      tools: lazy(async () => (await import('./openai-tool-client.ts')).openAiToolClient(endpoint)),
    };
  }
  if (workersAi === undefined) return null;
  return { chat: workersAiClient(workersAi), tools: workersAiToolClient(workersAi) };
}

function lazy<Request, Chunk>(load: () => Promise<AskClient<Request, Chunk>>): AskClient<Request, Chunk> {
  return {
    async *ask(request, signal) {
      yield* (await load()).ask(request, signal);
    },
  };
}
