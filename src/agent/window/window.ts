/**
 * What of a conversation fits a model's context: strategy `truncate`, and the parts that `summarize` (summary.ts)
 * shares with it. Any shape of message will do; a view tells what counts.
 */
import { JobError } from '../../errors.ts';
import type { CountTokens } from './tokenizer.ts';

/** A message as the window sees it. */
export interface MessageView {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** Everything the model reads of it: text, names and arguments of calls. */
  readonly text: string;
  /** Ids of the tool calls in it. */
  readonly calls: readonly string[];
  /** Id of the call it is the result of; null for other messages. */
  readonly answers: string | null;
}

export interface WindowOptions<Message> {
  /** The most the messages may be together, tokens: the context less what the answer may take. */
  readonly limit_tokens: number;
  readonly count: CountTokens;
  readonly view: (message: Message) => MessageView;
  /** What is always kept beside system messages and the newest: an agent's task. */
  readonly pinned?: (message: Message) => boolean;
}

/** Role and separators of a message, and id and frame of each call, tokens. */
const MESSAGE_TOKENS = 6;
const CALL_TOKENS = 12;

/** What is kept or left out as a whole: one message, or a message with calls and the results of these. */
export interface Unit<Message> {
  readonly messages: readonly Message[];
  readonly tokens: number;
  readonly pinned: boolean;
}

/** What one message takes of the context, tokens. */
export function messageTokens<Message>(message: Message, options: WindowOptions<Message>): number {
  const { text, calls } = options.view(message);
  return options.count(text) + MESSAGE_TOKENS + calls.length * CALL_TOKENS;
}

/**
 * The newest part of the conversation that fits, in its order, with all system and pinned messages. A call and its
 * results stay together. A result whose call is not there is left out, since no provider takes it.
 *
 * @throws JobError CONTENT_TOO_LARGE when what is always kept is over the limit by itself
 */
export function truncateWindow<Message>(
  messages: readonly Message[],
  options: WindowOptions<Message>,
): Message[] {
  const units = unitsOf(messages, options);
  const { kept } = split(units, options.limit_tokens);
  return units.filter((unit) => kept.has(unit)).flatMap((unit) => unit.messages);
}

/** The conversation in units, oldest first. */
export function unitsOf<Message>(
  messages: readonly Message[],
  options: WindowOptions<Message>,
): Unit<Message>[] {
  const units: { messages: Message[]; tokens: number; pinned: boolean; open: Set<string> }[] = [];
  for (const message of messages) {
    const { role, calls, answers } = options.view(message);
    const tokens = messageTokens(message, options);
    const last = units.at(-1);
    if (role === 'tool' || answers !== null) {
      if (answers === null || last?.open.delete(answers) !== true) continue;
      last.messages.push(message);
      last.tokens += tokens;
      continue;
    }
    const pinned = role === 'system' || options.pinned?.(message) === true;
    units.push({ messages: [message], tokens, pinned, open: new Set(calls) });
  }
  return units;
}

/**
 * Which units are kept within a limit: the pinned ones, the newest, and before it as many as fit without a gap.
 *
 * @throws JobError CONTENT_TOO_LARGE when pinned ones and the newest are over the limit
 */
export function split<Message>(
  units: readonly Unit<Message>[],
  limit_tokens: number,
): { readonly kept: ReadonlySet<Unit<Message>>; readonly tokens: number } {
  const kept = new Set(units.filter((unit) => unit.pinned));
  const newest = units.at(-1);
  if (newest !== undefined) kept.add(newest);
  let tokens = 0;
  for (const unit of kept) tokens += unit.tokens;
  if (tokens > limit_tokens) {
    throw new JobError('CONTENT_TOO_LARGE', `the request is ${tokens} tokens long, and ${limit_tokens} fit`, {
      limit_tokens,
      actual_tokens: tokens,
    });
  }
  for (const unit of units.toReversed()) {
    if (kept.has(unit)) continue;
    if (tokens + unit.tokens > limit_tokens) break;
    kept.add(unit);
    tokens += unit.tokens;
  }
  return { kept, tokens };
}
