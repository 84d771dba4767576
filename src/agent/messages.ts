/** Reading chat messages as text. */
import type { ChatMessage } from '../protocol/model.ts';
import { withoutBlock } from './data-block.ts';

/** The text of a message; pictures say nothing. */
export function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** The text of the last message the user wrote, fetched material without its delimiters; empty where there is none. */
export function lastUserText(messages: readonly ChatMessage[]): string {
  const last = messages.findLast((message) => message.role === 'user');
  return last === undefined ? '' : withoutBlock(textOf(last));
}

/**
 * Roughly how many tokens a text is: a quarter of its UTF-8 bytes, which is near for English and on the safe side
 * of most other scripts. Real tokenizers differ by model; this only has to keep a conversation within a context.
 */
export function roughTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}
