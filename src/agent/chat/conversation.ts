/** A conversation brought into a model's context by the agent's strategy (window/), and what that used. */
import { CHAT_SUMMARY_TOKENS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import type { ChatMessage, Condensed, Usage } from '../../protocol/model.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { summarizeWindow } from '../window/summary.ts';
import { type CountTokens, loadTokenizer } from '../window/tokenizer.ts';
import type { ModelMessage } from './model-client.ts';
import {
  contextOf,
  fitsAnyway,
  isInstruction,
  type Line,
  linesOf,
  opened,
  type PromptInput,
  summaryMessage,
  summaryMessages,
  truncated,
  windowOf,
} from './prompt.ts';

/** Share of the room for the conversation that a summary may take. */
const SUMMARY_SHARE = 0.25;
/** Our own words around the material of a summary, tokens. */
const FRAME_TOKENS = 256;

/** Asks the model for a text of at most so many tokens. */
export type Asker = (
  messages: readonly ModelMessage[],
  maxTokens: number,
) => Promise<{ readonly text: string; readonly usage: Usage }>;

export interface Conversation {
  readonly messages: readonly ModelMessage[];
  /** What the session may keep instead of its oldest messages; null where nothing was told in short. */
  readonly condensed: Condensed | null;
  /** What questions for summaries took. */
  readonly usage: readonly Usage[];
}

/**
 * The messages a model is asked with.
 *
 * @param ask given where the oldest turns are to be told in short instead of being left out
 * @throws JobError BAD_REQUEST when the request has no text, CONTENT_TOO_LARGE when it alone is over the context, and
 *   whatever `ask` throws
 */
export async function conversationOf(input: PromptInput, ask: Asker | null): Promise<Conversation> {
  const lines = linesOf(input);
  if (fitsAnyway(lines, input)) {
    return { messages: truncated(lines, input, utf8Bytes), condensed: null, usage: [] };
  }
  const count = await loadTokenizer();
  if (ask !== null) return await summarized(lines, input, count, ask);
  return { messages: truncated(lines, input, count), condensed: null, usage: [] };
}

/** A model that gives no summary must not cost the client its answer. */
class NoSummary extends Error {}

async function summarized(
  lines: readonly Line[],
  input: PromptInput,
  count: CountTokens,
  ask: Asker,
): Promise<Conversation> {
  const window = windowOf(input, count);
  const summary_tokens = Math.min(CHAT_SUMMARY_TOKENS, Math.floor(window.limit_tokens * SUMMARY_SHARE));
  const usage: Usage[] = [];
  let told: Line | null = null;
  try {
    const { messages } = await summarizeWindow(lines, {
      ...window,
      summary_tokens,
      material_tokens: contextOf(input) - summary_tokens - FRAME_TOKENS,
      async summarize(material, maxTokens) {
        const answer = await ask(summaryMessages(material), maxTokens);
        usage.push(answer.usage);
        if (answer.text.trim() === '') throw new NoSummary();
        return answer.text.trim();
      },
      message: (summary) => {
        told = { message: summaryMessage(summary), from: 'us', place: -1 };
        return told;
      },
    });
    const summary = messages.find((line) => line === told);
    return {
      messages: opened(messages),
      condensed: summary === undefined ? null : condensedOf(input.history, messages, summary),
      usage,
    };
  } catch (error) {
    if (!(error instanceof NoSummary)) throw error;
    return { messages: truncated(lines, input, count), condensed: null, usage };
  }
}

/** Everything before the first message that was kept, in short. What the client told us to be stays as it said it. */
function condensedOf(history: readonly ChatMessage[], kept: readonly Line[], summary: Line): Condensed {
  const covers = kept.find(({ from }) => from === 'history')?.place ?? history.length;
  const before = history.slice(0, covers);
  return {
    covers,
    of: sha256Hex(JSON.stringify(before)),
    messages: [...before.filter(isInstruction), summary.message],
  };
}
