/**
 * Delimits text of strangers inside a conversation, so that a model can tell material from orders (RELIABILITY 21).
 *
 * The mark in the delimiters is a hash over the text itself. Whoever writes a text cannot put its own mark into it,
 * because that would change the mark; so no text can end its block early.
 */

import { sha256Hex } from '../nostr/event.ts';
import type { ChatMessage } from '../protocol/model.ts';

const MARK_CHARS = 16;
const BLOCK = /^BEGIN DATA ([0-9a-f]{16}) from [^\n]*\n([\s\S]*)\nEND DATA \1$/;

/** A text as delimited data. @param source where it comes from, one line */
export function dataBlock(source: string, text: string): string {
  const line = source.replace(/\s+/g, ' ');
  const mark = sha256Hex(`${line}\n${text}`).slice(0, MARK_CHARS);
  return `BEGIN DATA ${mark} from ${line}\n${text}\nEND DATA ${mark}`;
}

/** A user message that is one data block. */
export function dataMessage(source: string, text: string): ChatMessage {
  return { role: 'user', content: dataBlock(source, text) };
}

/** The text inside a block, for runtimes that take material as words; any other text as it is. */
export function withoutBlock(text: string): string {
  return BLOCK.exec(text)?.[2] ?? text;
}
