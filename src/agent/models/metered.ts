/** Tells what each answer of a model took, as far as its provider counts. */
import type { Usage } from '../../protocol/model.ts';
import type { Models } from './provider.ts';
import type { AskClient } from './router.ts';

/** @param tell never fails: an answer must not be lost for being counted */
export function meteredModels(
  { chat, tools }: Models,
  tell: (model: string, usage: Usage) => Promise<void>,
): Models {
  return { chat: metered(chat, tell), tools: metered(tools, tell) };
}

interface Ended {
  readonly type: string;
  readonly usage?: Usage | null;
  readonly model?: string;
}

function metered<Request extends { readonly model: string }, Chunk extends Ended>(
  client: AskClient<Request, Chunk>,
  tell: (model: string, usage: Usage) => Promise<void>,
): AskClient<Request, Chunk> {
  return {
    async *ask(request, signal) {
      for await (const chunk of client.ask(request, signal)) {
        // Before the end is passed on: whoever asked reads no further than that.
        if (chunk.type === 'end' && chunk.usage) await tell(chunk.model ?? request.model, chunk.usage);
        yield chunk;
      }
    },
  };
}
