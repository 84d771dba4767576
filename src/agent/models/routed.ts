/** The provider's models as one: within what the provider allows of each, and with the others to fall back on. */
import type { ModelsConfig } from '../../config/models.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { roughTokens } from '../messages.ts';
import { type Patience, patientClient } from './patient.ts';
import type { Models } from './provider.ts';
import {
  type AskClient,
  type RoutedChunk,
  type RoutedRequest,
  routedClient,
  type TrafficPort,
} from './router.ts';
import type { ModelLimits } from './traffic.ts';

export interface RoutedOptions extends Patience {
  /** The models, the preferred one first. */
  readonly names: readonly string[];
  readonly traffic: TrafficPort;
  /** A new id for each attempt. */
  readonly newId: () => string;
}

/** What the provider allows of each model. */
export function limitsOf({ requestsPerMinute, tokensPerMinute }: ModelsConfig): ModelLimits {
  return {
    ...(requestsPerMinute === null ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === null ? {} : { tokensPerMinute }),
  };
}

/** Whether anything has to be known of the models before one is asked. */
export function needsTraffic(config: ModelsConfig, names: readonly string[]): boolean {
  return names.length > 1 || Object.keys(limitsOf(config)).length > 0;
}

/** The models as one of each kind. Where chat finds all of them busy it waits a while; the loop waits by itself. */
export function routedModels(models: Models, options: RoutedOptions): Models {
  return {
    chat: patientClient(routed(models.chat, options), options),
    tools: routed(models.tools, options),
  };
}

function routed<
  Request extends RoutedRequest & { readonly messages: readonly unknown[] },
  Chunk extends RoutedChunk,
>(
  client: AskClient<Request, Chunk>,
  { names, traffic, newId, now }: RoutedOptions,
): AskClient<Request, Chunk> {
  // Whoever asks has measured the question against MODEL_CONTEXT_TOKENS with a tokenizer; the estimate below would
  // only refuse what fits.
  const modelOf = (name: string) => ({ name, client, contextTokens: Number.POSITIVE_INFINITY });
  return routedClient({
    chain: names.map(modelOf),
    // An agent's own model, by its file.
    named: modelOf,
    traffic,
    promptTokens: (request) =>
      roughTokens(utf8Bytes(JSON.stringify([request.messages, 'tools' in request ? request.tools : []]))),
    newId,
    now,
  });
}
