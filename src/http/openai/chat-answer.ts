/** A job's news as `chat.completion` and as its chunks (OpenAI, "Chat Completions"). */

import type { HeardNews } from '../../door/news.ts';
import type { NewsReader } from '../../door/reader.ts';
import { type StreamedText, TextChanged } from '../../door/text.ts';
import { JobError } from '../../errors.ts';
import { DOOR_KEEP_ALIVE_MS } from '../../limits.ts';
import type { ToolCall } from '../../protocol/model.ts';
import { endedSilently, errorOf, type Result } from './answer.ts';
import { openAiError } from './errors.ts';

/** What every object of one answer says of it. */
export interface AnswerHead {
  readonly id: string;
  /** Unix s. */
  readonly created: number;
  /** The slug that was asked. */
  readonly model: string;
}

/** The whole answer. `system_fingerprint` names what answered. */
export function completionOf({ id, created, model }: AnswerHead, { content, completion }: Result) {
  const { tool_calls, finish_reason, usage } = completion;
  const called = tool_calls.length > 0;
  return {
    id,
    object: 'chat.completion' as const,
    created,
    model,
    system_fingerprint: completion.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant' as const,
          content: called && content === '' ? null : content,
          refusal: null,
          ...(called ? { tool_calls } : {}),
        },
        logprobs: null,
        finish_reason,
      },
    ],
    usage,
  };
}

/**
 * Server-sent events of a streamed answer, comments while it is silent, an error event where it ends in one.
 *
 * @param text keeps what was told of the answer
 */
export async function* chatChunks(
  head: AnswerHead,
  text: StreamedText,
  first: HeardNews | 'silent',
  reader: NewsReader,
  includeUsage: boolean,
): AsyncGenerator<string, void> {
  const chunk = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...(includeUsage ? { usage: null } : {}), ...more })}\n\n`;
  const choice = (delta: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }]);
  yield choice({ role: 'assistant', content: '' });
  try {
    for (
      let news: HeardNews | 'silent' | null = first;
      news !== null;
      news = await reader.next(DOOR_KEEP_ALIVE_MS)
    ) {
      if (news === 'silent') yield ': still working\n\n';
      else if (news.type === 'delta') {
        const more = text.delta(news);
        if (more !== '') yield choice({ content: more });
      } else if (news.type === 'error') throw errorOf(news.failure);
      else if (news.type === 'over') throw endedSilently(news.phase);
      else if (news.type === 'result') {
        const rest = text.result(news.content);
        if (rest !== '') yield choice({ content: rest });
        const { tool_calls, finish_reason, usage } = news.completion;
        if (tool_calls.length > 0) yield choice({ tool_calls: tool_calls.map(indexed) });
        yield choice({}, finish_reason);
        if (includeUsage) yield chunk([], { usage });
        yield 'data: [DONE]\n\n';
        return;
      }
    }
  } catch (error) {
    yield `data: ${JSON.stringify(openAiError(failureIn(error)))}\n\n`;
  }
}

function indexed(call: ToolCall, index: number) {
  return { index, ...call };
}

/** The failure that a stream ends with; what is a bug is thrown on. */
export function failureIn(error: unknown) {
  if (error instanceof JobError) return error.failure;
  if (error instanceof TextChanged)
    return {
      code: 'SERVICE_UNAVAILABLE' as const,
      message: 'the answer was begun anew and differs from what was streamed; ask again for the whole of it',
      details: { reason: 'answer_changed' },
    };
  throw error;
}
