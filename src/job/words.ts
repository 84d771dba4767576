/** What a client says to work that is under way (a team), whatever brought it. */
import { messageText } from '../protocol/messages.ts';
import type { JobBody, JobOutput, Request } from '../protocol/model.ts';

export interface Words {
  /** Names the message for ever: an event's or rumor's id, or a mail's Message-ID. Counts once. */
  readonly source: string;
  /** When it was written, as it says itself, Unix ms. */
  readonly sentAt_ms: number;
  /** Plain text, quotations included. It may be long; what is too long is cut where it is read. */
  readonly text: string;
}

/** `taken`: stored for good, now or before. `nobody`: no work under way here takes words, or not from them. */
export type Heard = 'taken' | 'nobody';

/** A request as words: what the client wrote last, which is what a chat client sends that repeats the conversation. */
export function wordsOf({ envelope }: Request, { messages }: JobBody): Words {
  const last = messages.findLast(({ role }) => role === 'user') ?? messages.at(-1);
  return {
    source: envelope.id,
    sentAt_ms: envelope.createdAt_s * 1_000,
    text: last === undefined ? '' : messageText(last),
  };
}

/** What such a request is answered with. */
export function wordsAnswer(content: string): JobOutput {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  return { content, finishReason: 'stop', model: 'team', usage };
}
