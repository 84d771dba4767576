/** What an agent hands in, in the JSON of the wire: the completion and what it cost. */
import type { EventTemplate, Tag } from '../nostr/event.ts';
import type { Cost, JobOutput, Sealing, VerifiedMark } from './model.ts';
import { withBeginning } from './size.ts';

/** An OpenAI `chat.completion`. @param now_s Unix seconds */
export function chatCompletion(jobId: string, output: JobOutput, now_s: number) {
  return {
    id: `chatcmpl-${jobId}`,
    object: 'chat.completion' as const,
    created: now_s,
    model: output.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant' as const,
          content: output.content,
          ...(output.toolCalls === undefined ? {} : { tool_calls: output.toolCalls }),
        },
        finish_reason: output.finishReason,
      },
    ],
    usage: output.usage,
  };
}

/** The `cost` tag's JSON. The NIP counts sats, we count msats: thousandths stand behind the point. */
export function costJson(cost: Cost) {
  return {
    input_tokens: cost.input_tokens,
    output_tokens: cost.output_tokens,
    price_sats: cost.price_msats / 1000,
    currency: 'sats' as const,
    breakdown: cost.breakdown.map(({ item, units, cost_msats }) => ({
      item,
      ...(units === undefined ? {} : { units }),
      cost_sats: cost_msats / 1000,
    })),
  };
}

/** What a program printed beside its value: `printed`, the beginning of it, and the length of all of it in bytes. */
export function printedTags({ printed }: JobOutput): Tag[] {
  return printed === undefined ? [] : [['printed', printed.text, String(printed.bytes)]];
}

/**
 * What a result can be held against: `stream` (deltas, SHA-256 of their text), `trace` (hash of the last entry of a team
 * run's record, number of entries) and `artifact` (SHA-256, bytes, URL of the whole text).
 */
export function proofTags({ stream, trace, artifact, verified }: JobOutput): Tag[] {
  const tags: Tag[] = [];
  if (stream !== undefined) tags.push(['stream', String(stream.deltas), stream.sha256]);
  if (trace !== undefined) tags.push(['trace', trace.sha256, String(trace.entries)]);
  if (artifact !== undefined) tags.push(['artifact', artifact.sha256, String(artifact.bytes), artifact.url]);
  return [...tags, ...verifiedTags(verified)];
}

/** `verified` (PROTOCOL §6): what the check said, the executor, ms. */
export function verifiedTags(mark: VerifiedMark | undefined): Tag[] {
  return mark === undefined ? [] : [['verified', String(mark.passed), mark.executor, String(mark.ms)]];
}

/**
 * The last resort for a text that no event holds and that is kept whole at a URL: its beginning, which says where the rest
 * is. Nothing for any other text.
 */
export function cutWhereKept(
  { content, artifact }: JobOutput,
  sealing: Sealing,
  make: (text: string) => EventTemplate,
): readonly (() => EventTemplate)[] {
  if (artifact === undefined) return [];
  const rest = `\n\n(The whole text did not fit into this event: ${artifact.url})`;
  return [() => withBeginning(sealing, content, (beginning) => make(beginning + rest))];
}
