/** The registry of runtimes, and the choice of the model behind `chat`. */
import type { Config } from '../config.ts';
import { JobError } from '../errors.ts';
import { MODEL_FIRST_BYTE_TIMEOUT_MS } from '../limits.ts';
import type { RuntimeName } from '../protocol/agent.ts';
import { chatRuntime } from './chat/chat.ts';
import type { ModelClient } from './chat/model-client.ts';
import type { OpenAiOptions } from './chat/openai-client.ts';
import { type AiRun, workersAiClient } from './chat/workers-ai-client.ts';
import { discover } from './discover/discover.ts';
import type { Runtime } from './runtime.ts';

export interface RuntimeDeps {
  /** Null where no model is configured. */
  readonly model: ModelClient | null;
}

/**
 * The runtime of that name.
 *
 * @throws JobError SERVICE_UNAVAILABLE for `chat` without a model: a job may arrive after the operator took it away
 */
export function runtimeFor(name: RuntimeName, deps: RuntimeDeps): Runtime {
  switch (name) {
    case 'discover':
      return discover;
    case 'chat':
      if (deps.model === null) throw new JobError('SERVICE_UNAVAILABLE', 'no model is configured at present');
      return chatRuntime(deps.model);
    case 'team':
      throw new Error('a team is not one step: its session runs it');
  }
}

/** Whether a runtime runs in the runner (slow) or in the session, known without building it. */
export function isSlow(name: RuntimeName): boolean {
  return name !== 'discover';
}

/** The model that serves `chat`: the configured endpoint, else Workers AI where it is bound, else none. */
export function modelClient(
  config: Config,
  options: { readonly workersAi?: AiRun; readonly fetch?: typeof fetch } = {},
): ModelClient | null {
  if (config.model !== null) {
    return lazyOpenAi({
      baseUrl: config.model.baseUrl,
      apiKey: config.model.apiKey,
      timeout_ms: MODEL_FIRST_BYTE_TIMEOUT_MS,
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    });
  }
  return options.workersAi === undefined ? null : workersAiClient(options.workersAi);
}

/** Loads the provider's library with the first question: it is large, and most wakes of a Worker ask no model. */
function lazyOpenAi(options: OpenAiOptions): ModelClient {
  return {
    async *ask(request, signal) {
      const { openAiClient } = await import('./chat/openai-client.ts');
      yield* openAiClient(options).ask(request, signal);
    },
  };
}
