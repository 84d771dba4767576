/** What a webhook answers: one JSON document, or the same in pieces as server-sent events. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { AGENT_MAX_OUTPUT_BYTES, REMOTE_MAX_NOTE_CHARS } from '../../limits.ts';
import type { JobOutput } from '../../protocol/model.ts';
import { clip, utf8Bytes } from '../../protocol/size.ts';
import type { LeakGuard } from './leak.ts';

const tokens = z.int().nonnegative().max(1_000_000_000);
const error = z.object({ code: z.string().max(64), message: z.string().max(10_000).default('') });

/** A whole answer: content, or why there is none. */
export const webhookAnswer = z.object({
  content: z.string().optional(),
  finish_reason: z.enum(['stop', 'length', 'content_filter']).default('stop'),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).optional(),
  error: error.optional(),
});
export type WebhookAnswer = z.infer<typeof webhookAnswer>;

/** One event of a stream. What has no type that is known here is passed over. */
export const webhookEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('delta'), text: z.string() }),
  z.object({
    type: z.literal('progress'),
    done: z.number().nonnegative().default(0),
    total: z.number().nonnegative().default(0),
    note: z.string().default(''),
  }),
  webhookAnswer.extend({ type: z.literal('result') }),
  z.object({ type: z.literal('error'), error }),
]);
export type WebhookEvent = z.infer<typeof webhookEvent>;

/** What an endpoint may say is wrong with a request; everything else is the endpoint's own failure. */
const CLIENTS_FAULT = ['BAD_REQUEST', 'INVALID_PARAMETER', 'CONTENT_TOO_LARGE', 'FORBIDDEN'] as const;

/** `details.reason` of a failure that is the request's, not the endpoint's. */
export const REFUSED_BY_AGENT = 'refused_by_agent';

/** The error an endpoint has named, in words a client may read. */
export function toldError({ code, message }: z.infer<typeof error>, guard: LeakGuard): JobError {
  const known = CLIENTS_FAULT.find((one) => one === code);
  if (known === undefined) return new JobError('MODEL_ERROR', 'the agent’s endpoint says that it failed');
  const words = guard.words(clip(message, REMOTE_MAX_NOTE_CHARS));
  return new JobError(
    known,
    words === null || words === '' ? 'the agent does not take this request' : words,
    {
      reason: REFUSED_BY_AGENT,
    },
  );
}

/**
 * An answer as the work of an agent.
 *
 * @param streamed what was told in deltas before; the content where the result names none
 * @param input_bytes of what was asked: no token is shorter than a byte, whatever an endpoint counts
 * @throws JobError MODEL_ERROR for an answer that is none
 */
export function outputOf(
  answer: WebhookAnswer,
  facts: { readonly slug: string; readonly streamed: string; readonly input_bytes: number },
  guard: LeakGuard,
): JobOutput {
  if (answer.error !== undefined) throw toldError(answer.error, guard);
  const content = guard.whole(answer.content ?? facts.streamed);
  if (content === '') throw new JobError('MODEL_ERROR', 'the agent’s endpoint answered with nothing');
  const bytes = utf8Bytes(content);
  if (bytes > AGENT_MAX_OUTPUT_BYTES)
    throw new JobError('MODEL_ERROR', 'the agent’s endpoint answered with more than fits a result', {
      limit_bytes: AGENT_MAX_OUTPUT_BYTES,
    });
  const prompt_tokens = Math.min(answer.usage?.prompt_tokens ?? 0, facts.input_bytes);
  const completion_tokens = Math.min(answer.usage?.completion_tokens ?? 0, bytes);
  return {
    content,
    finishReason: answer.finish_reason,
    model: facts.slug,
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  };
}
