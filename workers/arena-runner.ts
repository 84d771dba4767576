/** The runner's part for the arena: puts one question to the model of an agent, and hands in what it said. */
import type { ModelMessage } from '../src/agent/chat/model-client.ts';
import { roughTokens } from '../src/agent/messages.ts';
import type { ModelAnswer, ModelQuestion } from '../src/arena/house/questions.ts';
import { JobError } from '../src/errors.ts';
import { AGENT_MAX_OUTPUT_BYTES, ARENA_MODEL_TIMEOUT_MS } from '../src/limits.ts';
import { utf8Bytes } from '../src/protocol/size.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { chatModelOf } from './models.ts';

/** A question to put: which. Everything else is the arena's to know. */
export interface ArenaOrder {
  readonly arena: string;
}

/** @throws Error when the arena could not be reached: then the order comes again */
export async function runArenaStep(env: Env, { arena: key }: ArenaOrder): Promise<void> {
  const arena = env.ARENA.getByName('main');
  const question = await arena.question(key);
  if (question === null) return;
  await arena.answered(key, await answerTo(env, question));
}

/** A model that fails, is too slow or says too much answers the empty text: the arena waits for nobody. */
async function answerTo(env: Env, { agent: slug, prompt, maxTokens }: ModelQuestion): Promise<ModelAnswer> {
  const began_ms = Date.now();
  const agent = marketplaceOf(env).agentBySlug(slug);
  const client = chatModelOf(env);
  const [model] = agent?.models ?? [];
  let text = '';
  let tokens: number | null = null;
  let answeredBy = model ?? '';
  if (agent !== undefined && client !== null && model !== undefined) {
    const own: ModelMessage[] =
      agent.loop === undefined ? [] : [{ role: 'system', content: agent.loop.instructions }];
    const messages = [...own, ...prompt];
    try {
      const said = client.ask({ model, messages, maxTokens }, AbortSignal.timeout(ARENA_MODEL_TIMEOUT_MS));
      for await (const chunk of said) {
        if (chunk.type === 'text') {
          text += chunk.text;
          if (utf8Bytes(text) > AGENT_MAX_OUTPUT_BYTES) break;
        } else if (chunk.type === 'end') {
          tokens = chunk.usage?.total_tokens ?? null;
          answeredBy = chunk.model ?? model;
        }
      }
    } catch (error) {
      console.warn('a model failed in the arena', slug, error instanceof JobError ? error.code : error);
      text = '';
    }
  }
  return {
    text,
    model: answeredBy,
    tokens: tokens ?? roughTokens(utf8Bytes(JSON.stringify(prompt)) + utf8Bytes(text)),
    took_ms: Date.now() - began_ms,
  };
}
