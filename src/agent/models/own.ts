/**
 * Models that the operator brings along as code (agents/models.ts), each with its client: asked by their name like those of
 * the deployment's provider, and before it.
 */
import { JobError } from '../../errors.ts';
import type { ModelChunk, ModelRequest } from '../chat/model-client.ts';
import type { AiSdkChunk, AiSdkRequest } from './ai-sdk-client.ts';
import type { Models } from './provider.ts';
import type { AskClient } from './router.ts';

/** What a variable holds that begins with {@link KEY_PREFIX}. @throws JobError SERVICE_UNAVAILABLE where it is not set */
export type ProviderKey = (name: string) => string;

/** Only variables of this beginning are shown to the clients of own models; locally they are passed on by it. */
export const KEY_PREFIX = 'MODEL_KEY_';

export interface OwnModel {
  /** As agents and configuration name it; a model of the deployment's provider that has the same name is not asked. */
  readonly name: string;
  /** Makes the client, when it is first asked: `aiSdkClient` over a provider of the Vercel AI SDK, or one of your own. */
  client(key: ProviderKey): Promise<AskClient<AiSdkRequest, AiSdkChunk>>;
}

/** @throws Error where two have one name: only one could be asked */
export function ownModelNames(models: readonly OwnModel[]): readonly string[] {
  const names = models.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) throw new Error(`two models are called ${twice}`);
  return names;
}

/** What is set of the variables of an environment that own models may see. */
export function providerKey(env: Readonly<Record<string, unknown>>): ProviderKey {
  return (name) => {
    const value = name.startsWith(KEY_PREFIX) ? env[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    const cause = `${name} is not set, or does not begin with ${KEY_PREFIX}`;
    throw new JobError('SERVICE_UNAVAILABLE', 'the model is not configured at present', undefined, { cause });
  };
}

/**
 * All models there are, as one of each kind.
 *
 * @param provider the deployment's; null where there is none
 */
export function withOwnModels(
  provider: Models | null,
  own: readonly OwnModel[],
  key: ProviderKey,
): Models | null {
  if (own.length === 0) return provider;
  const clients = new Map(own.map((model) => [model.name, lazily(() => model.client(key))]));
  const chat: Models['chat'] = {
    ask(request, signal) {
      const mine = clients.get(request.model);
      return mine === undefined
        ? of(provider).chat.ask(request, signal)
        : calledFor(request, mine.ask(request, signal));
    },
  };
  const tools: Models['tools'] = {
    ask: (request, signal) => (clients.get(request.model) ?? of(provider).tools).ask(request, signal),
  };
  return { chat, tools };
}

function of(provider: Models | null): Models {
  if (provider === null) throw new JobError('SERVICE_UNAVAILABLE', 'there is no such model at present');
  return provider;
}

/** One client for all questions; one that could not be made is tried again with the next. */
function lazily(
  make: () => Promise<AskClient<AiSdkRequest, AiSdkChunk>>,
): AskClient<AiSdkRequest, AiSdkChunk> {
  let made: Promise<AskClient<AiSdkRequest, AiSdkChunk>> | null = null;
  return {
    async *ask(request, signal) {
      made ??= make();
      const client = await made.catch((error: unknown) => {
        made = null;
        throw error;
      });
      yield* client.ask(request, signal);
    },
  };
}

/** Where no tools were offered, a model that calls one all the same has said nothing by it. */
async function* calledFor(
  { tools = [] }: Pick<ModelRequest, 'tools'>,
  chunks: AsyncIterable<AiSdkChunk>,
): AsyncGenerator<ModelChunk> {
  for await (const chunk of chunks) if (chunk.type !== 'call' || tools.length > 0) yield chunk;
}
