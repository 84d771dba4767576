/** Keeps a conversation within the context of its model: the oldest answers and results give way, each leaving a mark. Pure. */
import type { CountTokens } from '../window/tokenizer.ts';
import type { LoopDefinition } from './definition.ts';
import type { LoopMessage } from './model.ts';
import type { Draft } from './prompt.ts';

/** Role and separators around a message; every model counts a few tokens for that. */
const MESSAGE_OVERHEAD_TOKENS = 6;

export interface Fitted {
  readonly messages: readonly LoopMessage[];
  /** Estimate of the whole question, its tools included, tokens. */
  readonly tokens: number;
  readonly fits: boolean;
}

/**
 * @param withTools whether the question offers tools, which count as well
 * @param factor how much longer this model finds texts than `count` does, learned from its answers
 */
export function fitted(
  drafts: readonly Draft[],
  definition: LoopDefinition,
  withTools: boolean,
  count: CountTokens,
  factor: number,
): Fitted {
  const { maxContextTokens, maxAnswerTokens } = definition.options;
  const limit = maxContextTokens - maxAnswerTokens;
  const size = (text: string): number => Math.ceil(count(text) * factor);
  const weigh = (message: LoopMessage): number => size(textOf(message)) + MESSAGE_OVERHEAD_TOKENS;
  let tokens = withTools ? size(JSON.stringify(definition.offers)) : 0;
  for (const { message } of drafts) tokens += weigh(message);
  const messages = drafts.map(({ message, shorter }) => {
    if (tokens <= limit || shorter === undefined) return message;
    const saved = weigh(message) - weigh(shorter);
    if (saved <= 0) return message;
    tokens -= saved;
    return shorter;
  });
  return { messages, tokens, fits: tokens <= limit };
}

function textOf(message: LoopMessage): string {
  if (message.role !== 'assistant' || message.calls.length === 0) return message.content;
  return `${message.content}${JSON.stringify(message.calls)}`;
}
